"""One attempt at a training job: its container, its process, and what they leave."""

import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.definition import OBJECTIVE_METRIC, Definition
from sagemaker_tuning.local.runner import inputs as input_data
from sagemaker_tuning.local.runner.checkpoints import Checkpoints
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.training.algorithms import failure_reason
from sagemaker_tuning.local.training.container import (
    DEFAULT_CHECKPOINT_PATH,
    OPT_ML,
    Channel,
    Container,
    prepare,
)
from sagemaker_tuning.local.training.metrics import MetricScraper
from sagemaker_tuning.local.wire import Document

if TYPE_CHECKING:
    from sagemaker_tuning.local.training.processes import TrainingProcess

INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."


class Attempt:
    """One run of a training job's program under SageMaker's container contract.

    `run` belongs to one thread; the other methods may be called from any.

    Args:
        workplace: the endpoint's resources.
        region: where the training job is.
        definition: what it is made of, completed as Describe shows it.
        document: the training job's document, which is only read here.
        inputs: the directory with each channel's data.
        advance: told each secondary status that is reached.
        report: told each value of the objective metric and its number, from 1; None where nobody
            wants to know.
    """

    def __init__(
        self,
        workplace: Workplace,
        region: str,
        definition: Definition,
        document: Document,
        inputs: Path,
        *,
        advance: Callable[[str], None],
        report: Callable[[int, float], None] | None,
    ) -> None:
        self.metrics: dict[str, tuple[float, float]] = {}
        """The last value of each metric and its time, in epoch seconds."""
        self._workplace = workplace
        self._region = region
        self._definition = definition
        self._document = document
        self._inputs = inputs
        self._advance = advance
        self._report = report
        self._root: Path = workplace.directory / "containers" / document["TrainingJobName"]
        self._lock = threading.Lock()
        self._process: TrainingProcess | None = None
        self._stopped = False
        self._keep_output = True

    def run(self) -> str | None:
        """Runs the program and uploads what it leaves.

        Returns:
            The failure reason; None if it succeeded or was stopped.

        Raises:
            Exception: whatever went wrong around the program, which may still run: `kill` it.
        """
        try:
            return self._run()
        except objects.S3AccessError as error:
            return f"ClientError: {error}"

    def _run(self) -> str | None:
        # Before the training rather than after it, where it would show on AWS.
        objects.require_bucket(self._document["ModelArtifacts"]["S3ModelArtifacts"])
        container = self._container()
        with self._checkpoints(container):
            exit_code = self._run_process(container)
        failure = None
        if not self._stopped:
            # Without an exit code the process was lost, which is not the algorithm's fault.
            failure = (
                INTERNAL_ERROR
                if exit_code is None or self._process is None
                else failure_reason(container, exit_code, self._process.last_lines)
            )
        if failure is None and self._keep_output:
            self._upload(container)
        return failure

    def stop(self, grace_seconds: float, *, keep_output: bool = True) -> None:
        """Has the program end, by SIGKILL after the grace, or not start; returns at once."""
        with self._lock:
            self._stopped = True
            self._keep_output = keep_output
            if self._process is not None:
                self._process.stop(grace_seconds)

    def kill(self) -> None:
        """Ends what may be left of the process, and waits for it."""
        self.stop(0, keep_output=False)
        if self._process is not None:
            self._process.wait()

    def clear(self) -> None:
        """Removes the container."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _container(self) -> Container:
        definition = self._definition
        container = Container(
            root=self._root,
            image=definition.image,
            training_job_name=self._document["TrainingJobName"],
            training_job_arn=self._document["TrainingJobArn"],
            hyperparameters=documents.hyperparameters(definition, self._document),
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
            source=input_data.source(self._inputs),
            checkpoint_dir=self._checkpoint_dir(),
        )
        for name in container.channels:
            link = container.channel_dir(name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self._inputs / name, target_is_directory=True)
        prepare(container)
        return container

    def _checkpoint_dir(self) -> Path | None:
        config: Document | None = self._definition.document.get("CheckpointConfig")
        if config is None:
            return None
        local = PurePosixPath(config.get("LocalPath", DEFAULT_CHECKPOINT_PATH))
        return self._root / local.relative_to(OPT_ML)

    def _checkpoints(self, container: Container) -> AbstractContextManager[None]:
        """Copies the checkpoints to S3, after those of an earlier attempt are back."""
        if container.checkpoint_dir is None:
            return nullcontext()
        uri = documents.checkpoint_uri(self._definition, container.training_job_name)
        checkpoints = Checkpoints(uri, container.checkpoint_dir)
        checkpoints.restore()
        return checkpoints.copied()

    def _run_process(self, container: Container) -> int | None:
        self._advance("Downloading")
        self._advance("Training")
        with self._lock:
            if self._stopped:
                return 0
            self._process = process = self._workplace.processes.launch(container)
        stream = self._workplace.logs.open(self._region, container.training_job_name)
        scraper = MetricScraper(self._definition.metrics, stream.write)
        reported = 0
        for line in process.lines():
            stream.write(line)
            for name, value in scraper.feed(line):
                self.metrics[name] = (value, documents.now())
                if name == OBJECTIVE_METRIC and self._report is not None:
                    reported += 1
                    self._report(reported, value)
        stream.close()
        return process.wait()

    def _upload(self, container: Container) -> None:
        """Uploads the model and the output data, each if there is any."""
        self._advance("Uploading")
        model: str = self._document["ModelArtifacts"]["S3ModelArtifacts"]
        if any(container.model_dir.iterdir()):
            if model.endswith("/"):
                objects.upload_files(container.model_dir, model)
            else:
                objects.upload_archive(container.model_dir, model)
        if any(container.output_data_dir.iterdir()):
            output = documents.output_uri(self._definition, container.training_job_name)
            objects.upload_archive(container.output_data_dir, f"{output}output.tar.gz")
