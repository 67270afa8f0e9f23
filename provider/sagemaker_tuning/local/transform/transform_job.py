"""One transform job, from its model's start to its output's upload."""

import logging
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import Final

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR
from sagemaker_tuning.local.serving import artifact, containers
from sagemaker_tuning.local.serving.failures import RetiredError, ServingError
from sagemaker_tuning.local.serving.messages import Form
from sagemaker_tuning.local.serving.variant import Variant
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.transform.inputs import UPLOADING
from sagemaker_tuning.local.transform.transformation import Outcome, Transformation
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

CONTAINER: Final = "_Container"
"""The member of its document with the model, which may be deleted meanwhile, on AWS too."""

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
_DEFAULT_SECONDS = 600
_LONGEST_REASON = 1024


class TransformJob:
    """Runs a transform job that has been stored, of whose document it is the only writer.

    Nothing is uploaded before all is done: a job that is stopped leaves no output, as on AWS.

    Args:
        store: where its document is.
        logs: where its log goes.
        directory: for its files, while it runs.
        region: its region.
        document: its document.
    """

    def __init__(
        self, store: Store, logs: LogShipper, directory: Path, region: str, document: Document
    ) -> None:
        self.region = region
        self.name: str = document["TransformJobName"]
        self._store = store
        self._logs = logs
        self._directory = directory
        self._document = document
        container = document[CONTAINER]
        environment = {**container.get("Environment", {}), **document.get("Environment", {})}
        self._container = {**container, "Environment": environment}
        client = document.get("ModelClientConfig", {})
        self._model = Variant(
            self.name,
            partial(artifact.load, container),
            answers=Form.BATCH,
            answer_seconds=client.get("InvocationsTimeoutInSeconds", _DEFAULT_SECONDS),
        )
        # Whoever has it may decide how the job goes on.
        self._deciding = threading.Lock()
        self._halted = False

    def run(self) -> None:
        """Runs it to its end, or until it is stopped or halted."""
        with self._deciding:
            if self._document["TransformJobStatus"] == "Stopping":
                self.settle("Stopped")
            if not self._is_going_on():
                return
            self._document.setdefault("TransformStartTime", documents.now())
            self._save()
        try:
            self._directory.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._directory) as directory:
                self._end(*self._transform(Path(directory)))
        except RetiredError:  # it was stopped or halted
            self._end(Outcome([], None), INTERNAL_ERROR)
        except Exception:  # noqa: BLE001 -- logged; the job must end whatever it was
            _log.exception("transform job %s", self.name)
            self._end(Outcome([], None), INTERNAL_ERROR)
        finally:
            self._model.close()

    def stop(self) -> bool:
        """Has it stopped; False where it has ended, or is being stopped already."""
        with self._deciding:
            if not self._is_going_on():
                return False
            self._document["TransformJobStatus"] = "Stopping"
            self._save()
        self._model.close()
        return True

    def halt(self) -> None:
        """Ends its process and leaves its document for the next endpoint over the data."""
        with self._deciding:
            self._halted = True
        self._model.close()

    def settle(self, status: str, reason: str | None = None) -> None:
        """Writes a terminal status."""
        self._document.pop(UPLOADING, None)
        self._document["TransformJobStatus"] = status
        self._document["TransformEndTime"] = documents.now()
        if reason is not None:
            self._document["FailureReason"] = reason[:_LONGEST_REASON]
        self._save()

    def _transform(self, directory: Path) -> tuple[Outcome, str | None]:
        """What was made, and the FailureReason if that is not all."""
        log = self._logs.open_for_transform(self.region, self.name)
        try:
            objects.require_bucket(self._document["TransformOutput"]["S3OutputPath"], what="Output")
            containers.require_known(self._container)
            largest_body = containers.largest_body(self._container)
            self._model.start()
            outcome = Transformation(
                self._document, self._model, log, largest_body=largest_body
            ).run(directory)
        except RetiredError:
            raise
        except ServingError as error:
            return Outcome([], None), f"AlgorithmError: {error}"
        except objects.S3AccessError as error:
            return Outcome([], None), f"ClientError: {error}"
        finally:
            log.close()
        if outcome.failure is None:
            return outcome, None
        return outcome, f"{outcome.failure}: See job logs for more information"

    def _end(self, outcome: Outcome, reason: str | None) -> None:
        """Uploads what is done and writes how it ended, unless it was stopped or halted."""
        with self._deciding:
            if self._document["TransformJobStatus"] == "Stopping":
                self.settle("Stopped")
            elif self._is_going_on():
                self._document[UPLOADING] = [output.uri for output in outcome.outputs]
                self._save()
                try:
                    for path, uri in outcome.outputs:
                        objects.upload(uri, path.read_bytes(), what="Output")
                except objects.S3AccessError as error:
                    reason = f"ClientError: {error}"
                self.settle("Completed" if reason is None else "Failed", reason)

    def _is_going_on(self) -> bool:
        return not self._halted and self._document["TransformJobStatus"] == "InProgress"

    def _save(self) -> None:
        self._document["LastModifiedTime"] = documents.now()
        status = self._document["TransformJobStatus"]
        self._store.update_resource(
            "transform_job", self.region, self.name, self._document, status=status
        )
