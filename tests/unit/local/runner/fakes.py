"""Training processes that do as a test says, and a tuning job to run over them."""

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import complete
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.wire import Document

REGION = "us-east-1"
BUCKET = "runner-test"
DEADLINE_SECONDS = 120


class Process:
    """A training process that logs what it is told and ends when it is told.

    `wait` gives no exit code, None, after `end(exit_code=None)`, as when the fork server is killed.
    """

    def __init__(self, container: Container, *, stubborn: bool) -> None:
        self.container = container
        self.stops: list[float] = []
        self.last_lines: list[str] = []
        self._stubborn = stubborn
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._exit_code: int | None = 0

    def log(self, *, auc: float) -> None:
        self._lines.put(f"[0]#011validation-auc:{auc}")

    def end(self, *, auc: float | None = None, exit_code: int | None = 0) -> None:
        if auc is not None:
            self.log(auc=auc)
        self._exit_code = exit_code
        self._lines.put(None)

    def lines(self) -> Iterator[str]:
        return iter(self._lines.get, None)

    def stop(self, grace_seconds: float) -> None:
        self.stops.append(grace_seconds)
        if not self._stubborn:
            self.end(exit_code=-15)

    def wait(self) -> int | None:
        return self._exit_code


class Processes:
    """Starts such processes; `started` gives them in the order of their launch."""

    def __init__(self) -> None:
        self.stubborn = False
        self.failing = False
        self.started: queue.SimpleQueue[Process] = queue.SimpleQueue()

    def launch(self, container: Container) -> Process:
        if self.failing:
            raise RuntimeError("no fork today")
        process = Process(container, stubborn=self.stubborn)
        self.started.put(process)
        return process

    def next(self) -> Process:
        return self.started.get(timeout=DEADLINE_SECONDS)


class BreakableStore(Store):
    """A store whose next write of a training job fails when a test says so."""

    broken = False

    def update_training_job(self, region: str, progress: Document) -> None:
        if self.broken:
            self.broken = False
            raise OSError("disk full")
        super().update_training_job(region, progress)


def start(jobs: LiveJobs, store: Store, **options: Any) -> None:
    """Starts the tuning job that `new_job` makes of the options."""
    jobs.start(REGION, *new_job(store, **options))


def new_job(
    store: Store,
    *,
    number: int = 4,
    parallel: int = 2,
    age_seconds: float = 0,
    prefix: str = "train",
    criteria: Document | None = None,
    retries: int | None = None,
    early_stopping: str = "Off",
    **limits: int,
) -> tuple[Document, Document]:
    """Stores the tuning job `job`, as if it had been created some time ago.

    Returns:
        Its request and its progress.
    """
    request: Document = {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "TrainingJobEarlyStoppingType": early_stopping,
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize",
                "MetricName": "validation:auc",
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": number,
                "MaxParallelTrainingJobs": parallel,
                **limits,
            },
            "ParameterRanges": {
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "9"}]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3Uri": f"s3://{BUCKET}/{prefix}",
                            "S3DataDistributionType": "ShardedByS3Key",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "StoppingCondition": {},
        },
    }
    if criteria is not None:
        request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = criteria
    if retries is not None:
        request["TrainingJobDefinition"]["RetryStrategy"] = {"MaximumRetryAttempts": retries}
    complete(request)
    progress = documents.new_tuning_job(REGION, "job")
    progress["CreationTime"] -= age_seconds
    store.add_tuning_job(REGION, request, progress)
    return request, progress


def wait(store: Store, until: Callable[[Document], Any]) -> Document:
    """The tuning job as soon as something is true of it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        job = store.find("tuning_job", REGION, "job")
        assert job is not None
        if until(job):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.005)


def has_status(status: str) -> Callable[[Document], bool]:
    return lambda job: job["HyperParameterTuningJobStatus"] == status


def counters(job: Document) -> dict[str, int]:
    """The counters that are not 0."""
    return {name: count for name, count in job["TrainingJobStatusCounters"].items() if count}


def training_job(store: Store, name: str) -> Document:
    """A training job that is there."""
    found = store.find("training_job", REGION, name)
    assert found is not None
    return found
