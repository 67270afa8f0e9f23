"""All records of a transform job's input, on their way through its model into files."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.logs import LogStream
from sagemaker_tuning.local.serving.failures import ModelAnsweredError
from sagemaker_tuning.local.serving.variant import Variant
from sagemaker_tuning.local.transform.failures import InputError
from sagemaker_tuning.local.transform.inputs import Input, inputs
from sagemaker_tuning.local.transform.processing import Processing
from sagemaker_tuning.local.transform.records import MEBIBYTE, Batch, Records
from sagemaker_tuning.local.wire import Document

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
_DEFAULT_RETRIES = 3

_STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}


class Output(NamedTuple):
    """What an input object became, and the URI where it belongs."""

    path: Path
    uri: str


class Outcome(NamedTuple):
    """What was made, and whose fault it is that it is not all; None where it is.

    Attributes:
        failure: what a FailureReason begins with.
    """

    outputs: list[Output]
    failure: str | None


class Transformation:
    """Sends one batch after the other to a model.

    Args:
        request: the transform job's.
        model: the started model.
        log: the job's, which it has to itself.
        largest_body: how many bytes the model's container takes at a time.
    """

    def __init__(
        self, request: Document, model: Variant, log: LogStream, *, largest_body: int
    ) -> None:
        self._request = request
        self._model = model
        self._log = log
        self._largest_body = largest_body
        # The container is asked for what the request does not say.
        self._records = Records(request, max(1, largest_body // MEBIBYTE))
        self._processing = Processing(request)

    def run(self, directory: Path) -> Outcome:
        """Transforms each input object for itself: one that fails does not keep the others.

        Args:
            directory: an empty one, for the files.

        Raises:
            S3AccessError: there are no input objects, or two that would have one output.
            ServingError: the model answers no more, or was closed.
        """
        self._say(
            f"MaxConcurrentTransforms={self._request.get('MaxConcurrentTransforms') or 1},"
            f" MaxPayloadInMB={self._records.payload},"
            f" BatchStrategy={_STRATEGIES[self._records.strategy]}"
        )
        outcome = Outcome([], None)
        for count, each in enumerate(inputs(self._request), start=1):
            path = directory / str(count)
            failure = self._transform(each, path)
            if failure is None:
                outcome.outputs.append(Output(path, each.output))
            else:
                path.unlink(missing_ok=True)
                outcome = outcome._replace(failure=outcome.failure or failure)
        return outcome

    def _transform(self, each: Input, path: Path) -> str | None:
        """Writes an object's output to a file; whose fault it is where that cannot be done."""
        name = f"{each.bucket}/{each.key}"
        try:
            with path.open("wb") as output:
                self._send(each, path.with_suffix(".in"), output)
        except InputError as error:
            self._say(f"{name}: ClientError: {error}")
        except ModelAnsweredError as error:
            is_client = error.status < HTTPStatus.INTERNAL_SERVER_ERROR
            failure = "ClientError" if is_client else "AlgorithmError"
            for line in (f"{failure}: {error.status}", "", "Message:", *str(error).splitlines()):
                self._say(f"{name}: {line}")
            return failure
        else:
            return None
        return "ClientError"

    def _send(self, each: Input, copy: Path, output: BinaryIO) -> None:
        try:
            with copy.open("wb") as file:
                if not objects.copy(each.bucket, each.key, file):
                    raise InputError("The object is not there")
            output.writelines(self._answer(batch) for batch in self._records.batches(copy))
        finally:
            copy.unlink()

    def _answer(self, batch: Batch) -> bytes:
        answer = self._invoke(self._processing.payload(batch))
        return self._processing.assembled(batch, answer)

    def _invoke(self, payload: bytes) -> bytes:
        """The model's answer, perhaps that to a repeated request, where it may do better."""
        if len(payload) > self._largest_body:
            raise ModelAnsweredError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The container takes {self._largest_body} bytes at a time, not {len(payload)}."
                " Lower MaxPayloadInMB, or raise its Environment variable MAX_CONTENT_LENGTH.",
            )
        content_type = self._request["TransformInput"].get("ContentType", "")
        accept = self._request["TransformOutput"].get("Accept", "")
        client = self._request.get("ModelClientConfig", {})
        retries = client.get("InvocationsMaxRetries", _DEFAULT_RETRIES)
        while True:
            try:
                return self._model.invoke(content_type, accept, payload).body
            except ModelAnsweredError as error:
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR or not retries:
                    raise
                retries -= 1

    def _say(self, text: str) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        self._log.write(f"{moment}:[sagemaker logs]: {text}")
