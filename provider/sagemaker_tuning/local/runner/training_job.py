"""A training job: its attempts, and the thread minding them."""

import logging
import math
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.definition import OBJECTIVE_METRIC, Definition
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR, Attempt
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.training.algorithms import FAILURE_LENGTH
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

StopReason = Literal["Stopped", "MaxRuntimeExceeded"]


@dataclass(frozen=True)
class Plan:
    """What a training job is to do.

    Attributes:
        region: where it is.
        number: its place in the tuning job's sequence, from 0.
        definition: what it is made of, completed as Describe shows it.
        document: its document, stored already; a new one, or one that is to be started again.
        inputs: the directory with each channel's data, or why it could not be had.
    """

    region: str
    number: int
    definition: Definition
    document: Document
    inputs: Path | objects.S3AccessError


@dataclass(frozen=True)
class Report:
    """A value of the objective metric while a training job runs.

    Attributes:
        job: the training job.
        step: the value's number, from 1. Another attempt reports only steps that none has reached.
        value: the value.
    """

    job: "TrainingJob"
    step: int
    value: float


class TrainingJob:
    """One training job of a tuning job, from its launch to its terminal status.

    Its thread never raises: whatever happens, the job ends with a document in a terminal status,
    which is left to `ended` to store.

    Args:
        workplace: the endpoint's resources.
        plan: what it is to do.
        ended: called once, from the job's thread, with the job.
        reported: called from the job's thread with every value of the objective metric, before
            `ended`; None where nobody wants to know.
    """

    def __init__(
        self,
        workplace: Workplace,
        plan: Plan,
        *,
        ended: Callable[["TrainingJob"], None],
        reported: Callable[[Report], None] | None = None,
    ) -> None:
        self.number = plan.number
        self.definition = plan.definition
        self.document = plan.document
        self._workplace = workplace
        self._plan = plan
        self._ended = ended
        self._reported = reported
        self._steps = 0
        self._lock = threading.Lock()
        self._attempt: Attempt | None = None
        self._stop_reason: StopReason | None = None
        self._interrupted = threading.Event()

    @property
    def name(self) -> str:
        """`TrainingJobName`."""
        name: str = self.document["TrainingJobName"]
        return name

    @property
    def objective(self) -> float | None:
        """The final objective metric, once the job has ended with one."""
        return documents.objective(self.document)

    @property
    def deadline(self) -> float:
        """When it exceeds its StoppingCondition, in epoch seconds; infinite once it is stopping.

        Counted from its creation, because it waits for no instance: it starts at once. All
        attempts together have that time.
        """
        limit = self.definition.document["StoppingCondition"].get("MaxRuntimeInSeconds")
        if limit is None or self._interrupted.is_set():
            return math.inf
        return float(self.document["CreationTime"] + limit)

    def start(self) -> None:
        """Starts the thread."""
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def stop(self, reason: StopReason) -> None:
        """Sends the process SIGTERM, and SIGKILL after the grace; returns at once.

        A job that is stopping or has ended is left as it is.
        """
        with self._lock:
            # An interrupted job without a reason is halted, and its stored document settled.
            if self._interrupted.is_set() or self.document["TrainingJobStatus"] != "InProgress":
                return
            self._stop_reason = reason
            # First, so that the process ends also where the document cannot be stored.
            self._interrupt(self._workplace.settings.stop_grace_seconds)
            documents.advance(self.document, "Stopping", "Stopping")
            self._save()

    def halt(self, grace_seconds: float) -> None:
        """Ends the process because the endpoint ends; the document stays as it is."""
        with self._lock:
            self._interrupt(grace_seconds, keep_output=False)

    def _interrupt(self, grace_seconds: float, *, keep_output: bool = True) -> None:
        self._interrupted.set()
        if self._attempt is not None:
            self._attempt.stop(grace_seconds, keep_output=keep_output)

    def _save(self) -> None:
        self._workplace.store.update_training_job(self._plan.region, self.document)

    def _run(self) -> None:
        failure = self._try()
        while self._restarts(failure):
            failure = self._try()
        delay = random.uniform(0, self._workplace.settings.completion_delay_seconds)  # noqa: S311 -- no secret
        self._interrupted.wait(delay)
        with self._lock:
            self._conclude(failure, {} if self._attempt is None else self._attempt.metrics)
        self._ended(self)
        # Last, because it takes milliseconds for which the next training job need not wait.
        if self._attempt is not None:
            self._attempt.clear()

    def _try(self) -> str | None:
        """One attempt; its failure reason, None if it succeeded or was stopped."""
        if isinstance(self._plan.inputs, objects.S3AccessError):
            return f"ClientError: {self._plan.inputs}"
        if self._workplace.faults.strikes_training_job(self.document["TuningJobName"]):
            return INTERNAL_ERROR
        attempt = Attempt(
            self._workplace,
            self._plan.region,
            self.definition,
            self.document,
            self._plan.inputs,
            advance=self._advance,
            report=self._report if self._reported is not None else None,
        )
        with self._lock:
            if self._interrupted.is_set():
                return None
            self._attempt = attempt
        try:
            return attempt.run()
        except Exception:  # noqa: BLE001 -- logged; the job must end whatever it was
            _log.exception("training job %s", self.name)
            attempt.kill()
            return INTERNAL_ERROR

    def _restarts(self, failure: str | None) -> bool:
        """Whether there is to be another attempt, which the document then says."""
        if failure is None or not documents.is_internal_error(failure):
            return False
        with self._lock:
            if self._interrupted.is_set() or not documents.may_restart(
                self.document, self.definition
            ):
                return False
            documents.restart(self.document)
            self._save()
            if self._attempt is not None:
                self._attempt.clear()
                self._attempt = None
        return True

    def _advance(self, secondary_status: str) -> None:
        with self._lock:
            if not self._interrupted.is_set():
                documents.advance(self.document, "InProgress", secondary_status)
                # One write for both, as the data is here already.
                if secondary_status == "Training":
                    self._save()

    def _report(self, step: int, value: float) -> None:
        if self._reported is not None and step > self._steps:
            self._steps = step
            self._reported(Report(self, step, value))

    def _conclude(self, failure: str | None, metrics: Mapping[str, tuple[float, float]]) -> None:
        document = self.document
        document["FinalMetricDataList"] = [
            {"MetricName": name, "Value": documents.float32(value), "Timestamp": moment}
            for name, (value, moment) in metrics.items()
        ]
        objective = metrics.get(OBJECTIVE_METRIC)
        document["ObjectiveStatus"] = "Failed"
        if failure is None and objective is not None:
            document["ObjectiveStatus"] = "Succeeded"
            document["FinalHyperParameterTuningJobObjectiveMetric"] = {
                "MetricName": self.definition.metric_name,
                "Value": documents.float32(objective[0]),
            }
        if self._stop_reason is not None:
            documents.advance(document, "Stopped", self._stop_reason)
        elif failure is not None:
            document["FailureReason"] = failure[:FAILURE_LENGTH]
            documents.advance(document, "Failed", "Failed")
        else:
            documents.advance(document, "Completed", "Completed")
