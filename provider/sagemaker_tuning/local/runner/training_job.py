"""A training job: one process under SageMaker's container contract, and the thread minding it."""

import logging
import math
import random
import shutil
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.definition import OBJECTIVE_METRIC, Definition
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.training.algorithms import FAILURE_LENGTH, failure_reason
from sagemaker_tuning.local.training.container import Channel, Container, prepare
from sagemaker_tuning.local.training.metrics import MetricScraper
from sagemaker_tuning.local.wire import Document

if TYPE_CHECKING:
    from sagemaker_tuning.local.training.processes import TrainingProcess

_log = logging.getLogger(__name__)

INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."

_LARGEST_FLOAT32 = 3.4028234663852886e38

StopReason = Literal["Stopped", "MaxRuntimeExceeded"]


@dataclass(frozen=True)
class Plan:
    """What a training job is to do.

    Attributes:
        region: where it is.
        number: its place in the tuning job's sequence, from 0.
        definition: what it is made of, completed as Describe shows it.
        document: its new document, stored already.
        inputs: the directory with each channel's data, or why it could not be had.
    """

    region: str
    number: int
    definition: Definition
    document: Document
    inputs: Path | objects.S3AccessError


class TrainingJob:
    """One training job of a tuning job, from its launch to its terminal status.

    Its thread never raises: whatever happens, the job ends with a document in a terminal status,
    which is left to `ended` to store.

    Args:
        workplace: the endpoint's resources.
        plan: what it is to do.
        ended: called once, from the job's thread, with the job.
    """

    def __init__(
        self, workplace: Workplace, plan: Plan, ended: Callable[["TrainingJob"], None]
    ) -> None:
        self.number = plan.number
        self.definition = plan.definition
        self.document = plan.document
        self._workplace = workplace
        self._plan = plan
        self._ended = ended
        self._lock = threading.Lock()
        self._process: TrainingProcess | None = None
        self._stop_reason: StopReason | None = None
        self._interrupted = threading.Event()
        self._metrics: dict[str, tuple[float, float]] = {}
        self._root = workplace.directory / "containers" / self.name
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @property
    def name(self) -> str:
        """`TrainingJobName`."""
        name: str = self.document["TrainingJobName"]
        return name

    @property
    def objective(self) -> float | None:
        """The final objective metric, once the job has ended with one."""
        metric = self.document.get("FinalHyperParameterTuningJobObjectiveMetric")
        return None if metric is None else metric["Value"]

    @property
    def deadline(self) -> float:
        """When it exceeds its StoppingCondition, in epoch seconds; infinite once it is stopping.

        Counted from its creation, because it waits for no instance: it starts at once.
        """
        limit = self.definition.document["StoppingCondition"].get("MaxRuntimeInSeconds")
        if limit is None or self._interrupted.is_set():
            return math.inf
        return float(self.document["CreationTime"] + limit)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

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
            self._interrupt(grace_seconds)

    def _interrupt(self, grace_seconds: float) -> None:
        self._interrupted.set()
        if self._process is not None:
            self._process.stop(grace_seconds)

    def _save(self) -> None:
        self._workplace.store.update_training_job(self._plan.region, self.document)

    def _run(self) -> None:
        try:
            failure = self._train()
        except Exception:  # noqa: BLE001 -- logged; the job must end whatever it was
            _log.exception("training job %s", self.name)
            failure = INTERNAL_ERROR
            self._kill()
        delay = random.uniform(0, self._workplace.settings.completion_delay_seconds)  # noqa: S311 -- no secret
        self._interrupted.wait(delay)
        with self._lock:
            self._conclude(failure)
        self._ended(self)
        # Last, because it takes milliseconds for which the next training job need not wait.
        shutil.rmtree(self._root, ignore_errors=True)

    def _train(self) -> str | None:
        """Runs the process and uploads what it leaves; the failure reason, if it failed."""
        if isinstance(self._plan.inputs, objects.S3AccessError):
            return f"ClientError: {self._plan.inputs}"
        if self._workplace.faults.strikes_training_job(self.document["TuningJobName"]):
            return INTERNAL_ERROR
        container = self._container(self._plan.inputs)
        exit_code = self._run_process(container)
        failure = None
        if not self._stop_reason:
            # Without an exit code the process was lost, which is not the algorithm's fault.
            failure = INTERNAL_ERROR if exit_code is None else failure_reason(container, exit_code)
        if failure is None:
            try:
                self._upload(container)
            except objects.S3AccessError as error:
                failure = f"ClientError: {error}"
        return failure

    def _container(self, inputs: Path) -> Container:
        definition = self.definition
        container = Container(
            root=self._root,
            image=definition.image,
            training_job_name=self.name,
            training_job_arn=self.document["TrainingJobArn"],
            hyperparameters=documents.hyperparameters(definition, self.document),
            channels={
                channel["ChannelName"]: Channel(
                    content_type=channel.get("ContentType"),
                    input_mode=channel.get("InputMode", definition.input_mode),
                    s3_data_distribution_type=channel["DataSource"]["S3DataSource"][
                        "S3DataDistributionType"
                    ],
                    record_wrapper_type=channel["RecordWrapperType"],
                )
                for channel in definition.channels
            },
            environment=definition.document.get("Environment", {}),
        )
        for name in container.channels:
            link = container.channel_dir(name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(inputs / name, target_is_directory=True)
        prepare(container)
        return container

    def _run_process(self, container: Container) -> int | None:
        with self._lock:
            if self._interrupted.is_set():
                return 0
            documents.advance(self.document, "InProgress", "Downloading")
            documents.advance(self.document, "InProgress", "Training")
            self._save()
            self._process = process = self._workplace.processes.launch(container)
        scraper = MetricScraper(self.definition.metrics)
        stream = self._workplace.logs.open(self._plan.region, self.name)
        for line in process.lines():
            stream.write(line)
            for name, value in scraper.feed(line):
                self._metrics[name] = (value, documents.now())
        stream.close()
        return process.wait()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.stop(0)
            self._process.wait()

    def _upload(self, container: Container) -> None:
        """Uploads the model and the output data, each if there is any, a stopped job's too."""
        with self._lock:
            if self._stop_reason is None:
                documents.advance(self.document, "InProgress", "Uploading")
        model: str = self.document["ModelArtifacts"]["S3ModelArtifacts"]
        if any(container.model_dir.iterdir()):
            if model.endswith("/"):
                objects.upload_files(container.model_dir, model)
            else:
                objects.upload_archive(container.model_dir, model)
        if any(container.output_data_dir.iterdir()):
            output = documents.output_uri(self.definition, self.name)
            objects.upload_archive(container.output_data_dir, f"{output}output.tar.gz")

    def _conclude(self, failure: str | None) -> None:
        document = self.document
        document["FinalMetricDataList"] = [
            {"MetricName": name, "Value": _float32(value), "Timestamp": moment}
            for name, (value, moment) in self._metrics.items()
        ]
        objective = self._metrics.get(OBJECTIVE_METRIC)
        document["ObjectiveStatus"] = "Failed"
        if failure is None and objective is not None:
            document["ObjectiveStatus"] = "Succeeded"
            document["FinalHyperParameterTuningJobObjectiveMetric"] = {
                "MetricName": self.definition.metric_name,
                "Value": _float32(objective[0]),
            }
        if self._stop_reason is not None:
            documents.advance(document, "Stopped", self._stop_reason)
        elif failure is not None:
            document["FailureReason"] = failure[:FAILURE_LENGTH]
            documents.advance(document, "Failed", "Failed")
        else:
            documents.advance(document, "Completed", "Completed")


def _float32(value: float) -> float:
    """The value as the API has it, a float of 32 bits; what is too large is its largest."""
    packed = struct.pack("f", min(max(value, -_LARGEST_FLOAT32), _LARGEST_FLOAT32))
    return float(struct.unpack("f", packed)[0])
