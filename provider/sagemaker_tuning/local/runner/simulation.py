"""A simulated training job: it takes its time and leaves its documents, and nothing runs."""

import hashlib
import io
import json
import logging
import random
import tarfile
from collections.abc import Callable, Mapping
from functools import cache

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.definition import OBJECTIVE_METRIC
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR
from sagemaker_tuning.local.runner.training_job import Plan, Report, TrainingJob
from sagemaker_tuning.local.runner.workplace import Workplace

_log = logging.getLogger(__name__)

_MODEL_NAME = "simulated.txt"
_MODEL = b"This training job was simulated: no program has run, and its metrics are made up.\n"
_DIGITS = 4


class SimulatedTrainingJob(TrainingJob):
    """A training job without a process or a thread; the clock calls it, however many there are.

    Its one value of the objective metric comes at its end: one that is stopped has none.

    Args:
        workplace: the endpoint's resources.
        plan: what it is to do; its inputs are not read.
        seconds: how long it takes.
        ended: called once, by the clock, with the job.
        reported: called by the clock with the value of the objective metric, before `ended`; None
            where nobody wants to know.
    """

    def __init__(
        self,
        workplace: Workplace,
        plan: Plan,
        seconds: float,
        *,
        ended: Callable[[TrainingJob], None],
        reported: Callable[[Report], None] | None = None,
    ) -> None:
        super().__init__(workplace, plan, ended=ended, reported=reported)
        self._seconds = seconds
        self._cancel: Callable[[], None] | None = None
        self._over = False

    def start(self) -> None:
        """Has the clock begin it."""
        self._workplace.clock.soon(self._begin)

    def _interrupt(self, grace_seconds: float, *, keep_output: bool = True) -> None:
        super()._interrupt(grace_seconds, keep_output=keep_output)
        self._workplace.clock.soon(self._end)

    def _begin(self) -> None:
        if self._interrupted.is_set():  # which ends it
            return
        failure = self._guarded(self._hindrance)
        while failure is not None and self._restarts(failure):
            failure = self._guarded(self._hindrance)
        if failure is not None:
            self._finish(failure, {})
            return
        most = self._workplace.settings.completion_delay_seconds
        delay = random.uniform(0, most)  # noqa: S311 -- no secret
        self._cancel = self._workplace.clock.after(self._seconds + delay, self._end)

    def _hindrance(self) -> str | None:
        """Why it fails at its beginning, None where it trains from now on."""
        if self._workplace.faults.strikes_training_job(self.document["TuningJobName"]):
            return INTERNAL_ERROR
        objects.require_bucket(self.document["ModelArtifacts"]["S3ModelArtifacts"])
        self._advance("Downloading")
        self._advance("Training")
        return None

    def _end(self) -> None:
        if self._over:
            return
        if self._cancel is not None:
            self._cancel()
        if self._interrupted.is_set():
            self._finish(None, {})
            return
        failure = self._guarded(self._upload)
        if self._restarts(failure):
            self._begin()
            return
        value = self._value()
        self._report(1, value)
        result = (value, documents.now())
        self._finish(failure, {self.definition.metric_name: result, OBJECTIVE_METRIC: result})

    def _upload(self) -> None:
        self._advance("Uploading")
        model: str = self.document["ModelArtifacts"]["S3ModelArtifacts"]
        if model.endswith("/"):
            objects.upload(f"{model}{_MODEL_NAME}", _MODEL)
        else:
            objects.upload(model, _archive())

    def _value(self) -> float:
        """From 0 to 1; the same for the same hyperparameters, number and tuning job's name."""
        hyperparameters = documents.hyperparameters(self.definition, self.document)
        # Not by its own name, the end of which is drawn at random.
        place = [self.document["TuningJobName"], self.number]
        text = json.dumps([place, sorted(hyperparameters.items())])
        return round(random.Random(_digest(text)).random(), _DIGITS)  # noqa: S311 -- no secret

    def _finish(self, failure: str | None, metrics: Mapping[str, tuple[float, float]]) -> None:
        self._over = True
        with self._lock:
            self._conclude(failure, metrics)
        self._ended(self)

    def _guarded(self, step: Callable[[], str | None]) -> str | None:
        """A step's failure reason, also of what it raises: the job must end whatever it was."""
        try:
            return step()
        except objects.S3AccessError as error:
            return f"ClientError: {error}"
        except Exception:  # noqa: BLE001 -- logged; see above
            _log.exception("training job %s", self.name)
            return INTERNAL_ERROR


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


@cache
def _archive() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        member = tarfile.TarInfo(_MODEL_NAME)
        member.size = len(_MODEL)
        tar.addfile(member, io.BytesIO(_MODEL))
    return content.getvalue()
