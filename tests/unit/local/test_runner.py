"""Running jobs, over training processes that do as a test says."""

import json
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import complete
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.tuning_job import TuningJob
from sagemaker_tuning.local.runner.workplace import Settings, Workplace
from sagemaker_tuning.local.store import Listing, Store
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.wire import Document

if TYPE_CHECKING:
    from sagemaker_tuning.local.training.processes import TrainingProcesses

REGION = "us-east-1"
BUCKET = "runner-test"
DEADLINE_SECONDS = 10


class Process:
    """A training process that logs what it is told and ends when it is told.

    `wait` gives no exit code, None, after `end(exit_code=None)`, as when the fork server is killed.
    """

    def __init__(self, container: Container, *, stubborn: bool) -> None:
        self.container = container
        self.stops: list[float] = []
        self._stubborn = stubborn
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._exit_code: int | None = 0

    def end(self, *, auc: float | None = None, exit_code: int | None = 0) -> None:
        if auc is not None:
            self._lines.put(f"[0]#011validation-auc:{auc}")
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


@pytest.fixture
def processes() -> Processes:
    return Processes()


class BreakableStore(Store):
    """A store whose next write of a training job fails when a test says so."""

    broken = False

    def update_training_job(self, region: str, progress: Document) -> None:
        if self.broken:
            self.broken = False
            raise OSError("disk full")
        super().update_training_job(region, progress)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BreakableStore]:
    store = BreakableStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


@pytest.fixture
def workplace(tmp_path: Path, store: Store, processes: Processes) -> Workplace:
    return Workplace(
        tmp_path, store, cast("TrainingProcesses", processes), LogShipper(), Settings()
    )


@pytest.fixture
def jobs(workplace: Workplace) -> Iterator[LiveJobs]:
    jobs = LiveJobs(workplace)
    yield jobs
    jobs.close(grace_seconds=1)


@pytest.fixture(scope="module", autouse=True)
def _data() -> None:
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, REGION)
    backend.put_object(BUCKET, "train/data.csv", b"1,2")


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


def test_no_more_than_the_parallel_ones_run(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The next one starts when one has ended, and only then."""
    start(jobs, store, number=3, parallel=2)
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    assert processes.started.empty()
    second.end(auc=0.5)
    third = processes.next()
    third.end(auc=0.75)
    first.end(auc=0.25)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 3}
    assert job["BestTrainingJob"]["TrainingJobName"] == third.container.training_job_name


def test_stopping_keeps_the_running_counters(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Recorded: Stopping with InProgress; each process gets SIGTERM with AWS's 120 seconds."""
    processes.stubborn = True
    start(jobs, store)
    running = [processes.next(), processes.next()]
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    assert jobs.stop(REGION, "job")
    job = wait(store, has_status("Stopping"))
    assert counters(job) == {"InProgress": 2}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 2, "Failed": 0}
    assert [process.stops for process in running] == [[120], [120]]
    assert not jobs.stop(REGION, "job")
    running[0].end(auc=0.5)
    running[1].end()
    job = wait(store, has_status("Stopped"))
    assert counters(job) == {"Stopped": 2}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 1, "Pending": 0, "Failed": 1}
    assert processes.started.empty()


def test_the_runtime_limit_ends_the_job(jobs: LiveJobs, store: Store, processes: Processes) -> None:
    """Over MaxRuntimeInSeconds the running training jobs are stopped and no more launched."""
    start(jobs, store, age_seconds=119.5, MaxRuntimeInSeconds=120)
    first = processes.next()
    first.end(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1, "Stopped": 2}
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 119


def test_a_training_job_that_cannot_be_started_is_an_internal_error(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Whatever goes wrong around a process, its job ends, as a retryable error."""
    processes.failing = True
    start(jobs, store, number=2)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"RetryableError": 2}
    assert job["FailureReason"].startswith("All training jobs failed.")


def test_a_defect_of_the_tuning_jobs_thread_ends_the_job(
    jobs: LiveJobs, store: BreakableStore, processes: Processes
) -> None:
    """The tuning job and its running training jobs fail; none stays InProgress for ever."""
    start(jobs, store, parallel=2)
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    store.broken = True
    first.end(auc=0.5)
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("InternalServerError:")
    assert counters(job) == {"RetryableError": 2}
    assert second.stops == [0]


def test_a_job_that_has_failed_by_a_defect_stays_failed(
    workplace: Workplace, store: BreakableStore, processes: Processes
) -> None:
    """A stop while its thread tidies up comes too late, for it and for its training jobs."""
    processes.stubborn = True
    stopped: list[bool] = []

    def stop(job: TuningJob) -> None:
        job.stop_training_job(second.container.training_job_name)
        stopped.append(job.stop())

    request, progress = new_job(store)
    job = TuningJob(workplace, REGION, request, progress, stop)
    job.start()
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    store.broken = True
    first.end(auc=0.5)
    job.join(DEADLINE_SECONDS)
    second.end()
    assert stopped == [False]
    wait(store, has_status("Failed"))
    training_job = store.find("training_job", REGION, second.container.training_job_name)
    assert training_job is not None
    assert training_job["TrainingJobStatus"] == "Failed"


def test_a_job_that_cannot_be_started_has_failed(jobs: LiveJobs, store: Store) -> None:
    """It is stored before it is started, and must not stay InProgress."""
    request = {"HyperParameterTuningJobName": "job"}
    progress = documents.new_tuning_job(REGION, "job")
    store.add_tuning_job(REGION, request, progress)
    jobs.start(REGION, request, progress)
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("InternalServerError:")
    assert jobs.count() == 0


def test_a_stopped_process_ends_also_where_that_cannot_be_stored(
    jobs: LiveJobs, store: BreakableStore, processes: Processes
) -> None:
    """The process is interrupted first."""
    start(jobs, store, number=1)
    process = processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 1})
    store.broken = True
    with pytest.raises(OSError, match="disk full"):
        jobs.stop_training_job(REGION, "job", process.container.training_job_name)
    assert process.stops == [120]


def test_the_runtime_limit_without_a_success_is_a_failure(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """As without the limit: nothing was found."""
    start(jobs, store, age_seconds=119.5, MaxRuntimeInSeconds=120)
    processes.next()
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("No objective metrics found after running 2")
    assert counters(job) == {"Stopped": 2}


def test_a_training_process_lost_with_its_fork_server_is_an_internal_error(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """It is not the algorithm's fault, and worth another try."""
    start(jobs, store, number=1)
    processes.next().end(exit_code=None)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"RetryableError": 1}


def test_one_definition_downloads_its_input_once(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Training jobs share the channel's directory, and find it in their containers."""
    start(jobs, store, number=2)
    channels = [processes.next().container.channel_dir("train") for _ in range(2)]
    assert channels[0] != channels[1]
    assert channels[0].resolve() == channels[1].resolve()
    assert [(path / "data.csv").read_text() for path in channels] == ["1,2", "1,2"]
    jobs.stop(REGION, "job")
    wait(store, has_status("Stopped"))


def test_a_container_knows_how_its_data_is_distributed(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """It is told what the request has, though one host has all the data anyway."""
    start(jobs, store, number=1)
    process = processes.next()
    config = json.loads((process.container.config_dir / "inputdataconfig.json").read_text())
    assert config["train"]["S3DistributionType"] == "ShardedByS3Key"
    process.end(auc=0.5)
    wait(store, has_status("Completed"))


def test_input_that_cannot_be_saved_fails_by_name(jobs: LiveJobs, store: Store) -> None:
    """The reason has what is wrong first, and as many characters as the API allows."""
    key = "long/" + "x" * 1015
    get_backend("s3")[ACCOUNT_ID]["aws"].put_object(BUCKET, key, b"1,2")
    start(jobs, store, number=1, prefix="long/")
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"NonRetryableError": 1}
    (row,) = store.list_jobs(
        "training_job", Listing(REGION, (), sort_by="name", descending=False, limit=2)
    )
    reason = row.document["FailureReason"]
    assert reason.startswith("ClientError: Cannot save as a file, File name too long: bucket")
    assert len(reason) == 1024


def test_closing_leaves_the_job_for_the_next_start(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The endpoint's end stops the processes and writes nothing: the job was in flight."""
    start(jobs, store)
    running = [processes.next(), processes.next()]
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    jobs.close(grace_seconds=1)
    assert [process.stops for process in running] == [[1], [1]]
    job = wait(store, has_status("InProgress"))
    assert counters(job) == {"InProgress": 2}
