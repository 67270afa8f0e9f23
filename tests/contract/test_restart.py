"""Jobs over a data directory whose endpoint is killed and started again."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document, has_ended
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import (
    CONFIG,
    DEFINITION,
    LIMITS,
    changed,
    endless,
    example,
    rows,
)
from tests.contract.processes import children, descendants, wait_until_gone


class Kept:
    """An endpoint over a data directory that can be killed and started again."""

    def __init__(self, start: StartEndpoint, directory: Path) -> None:
        self._start = start
        # Held back, so that there is always something in flight.
        self._options = ("--data-dir", str(directory), "--completion-delay", "0.3")
        self.aws, self.process = start(*self._options)
        self.bucket = self.aws.upload(rows(400, seed=1), rows(200, seed=2))

    def restart(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_SECONDS)
        self.aws, self.process = self._start(*self._options)


@pytest.fixture
def kept(start_endpoint: StartEndpoint, tmp_path: Path) -> Kept:
    return Kept(start_endpoint, tmp_path / "data")


def random_search(bucket: str, *, retries: int = 0) -> Document:
    """A request for 8 training jobs, 2 at a time, whose hyperparameters the seed decides."""
    request = changed(example(bucket), CONFIG, "Strategy", value="Random")
    limits = {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2}
    request = changed(request, *LIMITS, value=limits)
    if retries:
        strategy = {"MaximumRetryAttempts": retries}
        request = changed(request, DEFINITION, "RetryStrategy", value=strategy)
    return request


def tuned(jobs: list[Document]) -> list[Document]:
    return [job["TunedHyperParameters"] for job in jobs]


def counters(job: Document) -> dict[str, int]:
    return {name: count for name, count in job["TrainingJobStatusCounters"].items() if count}


def test_an_ended_job_is_as_it_was(kept: Kept) -> None:
    """Describe answers the same after a kill, for it and for its training jobs."""
    before = kept.aws.run(example(kept.bucket))
    name = before["HyperParameterTuningJobName"]
    training_jobs = kept.aws.training_jobs(name)
    kept.restart()
    after = kept.aws.describe(name)
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after == before
    assert kept.aws.training_jobs(name) == training_jobs


def test_a_job_goes_on_where_it_was(kept: Kept) -> None:
    """With the same sequence; what was in flight has failed as retryable, nothing runs twice."""
    whole = kept.aws.run(random_search(kept.bucket))
    name = kept.aws.create(random_search(kept.bucket))
    kept.aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["Completed"] >= 2)
    kept.restart()
    lost = kept.aws.describe(name)["TrainingJobStatusCounters"]["RetryableError"]
    assert lost in {1, 2}
    job = kept.aws.wait(name, has_ended)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counters(job) == {"Completed": 8 - lost, "RetryableError": lost}
    training_jobs = kept.aws.training_jobs(name)
    assert tuned(training_jobs) == tuned(
        kept.aws.training_jobs(whole["HyperParameterTuningJobName"])
    )
    failed = [each for each in training_jobs if each["TrainingJobStatus"] == "Failed"]
    assert len(failed) == lost
    assert all(each["FailureReason"].startswith("InternalServerError:") for each in failed)


def test_with_retries_nothing_is_lost(kept: Kept) -> None:
    """What was in flight is started again, under its name."""
    name = kept.aws.create(random_search(kept.bucket, retries=30))
    kept.aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["Completed"] >= 2)
    before = [each["TrainingJobName"] for each in kept.aws.training_jobs(name)]
    kept.restart()
    job = kept.aws.wait(name, has_ended)
    assert counters(job) == {"Completed": 8}
    after = [each["TrainingJobName"] for each in kept.aws.training_jobs(name)]
    assert after[: len(before)] == before


def test_killed_again_and_again_it_still_ends(kept: Kept) -> None:
    """Also at the moment it takes the job up again."""
    name = kept.aws.create(random_search(kept.bucket, retries=30))
    for _ in range(4):
        kept.restart()
    job = kept.aws.wait(name, has_ended)
    assert counters(job) == {"Completed": 8}
    numbers = [int(each["TrainingJobName"].split("-")[-2]) for each in kept.aws.training_jobs(name)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_job_that_was_stopping_has_stopped(kept: Kept) -> None:
    """With its training jobs, though they were killed before they could end."""
    name = kept.aws.create(endless(example(kept.bucket)))
    kept.aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 3)
    (fork_server,) = children(kept.process.pid)
    training = descendants(fork_server)
    for pid in training:
        os.kill(pid, signal.SIGSTOP)
    kept.aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    kept.restart()
    wait_until_gone(training)
    job = kept.aws.describe(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert counters(job) == {"Stopped": 3}


def test_nothing_outlives_the_endpoint_and_its_fork_server(start_endpoint: StartEndpoint) -> None:
    """Both killed at once, the server first: the training processes end all the same."""
    aws, process = start_endpoint()
    name = aws.create(endless(example(aws.upload(rows(400, seed=1), rows(200, seed=2)))))
    wait_for_training(aws, name, process)
    started = descendants(process.pid)
    (fork_server,) = children(process.pid)
    os.kill(fork_server, signal.SIGKILL)
    process.kill()
    process.wait(DEADLINE_SECONDS)
    wait_until_gone(started)


def test_a_fork_server_that_is_killed_costs_the_jobs_in_flight(
    start_endpoint: StartEndpoint,
) -> None:
    """They are internal errors, their processes are gone, and the next ones run."""
    aws, process = start_endpoint()
    bucket = aws.upload(rows(400, seed=1), rows(200, seed=2))
    name = aws.create(endless(example(bucket)))
    wait_for_training(aws, name, process)
    (fork_server,) = children(process.pid)
    started = descendants(fork_server)
    os.kill(fork_server, signal.SIGKILL)
    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["RetryableError"] == 3)
    wait_until_gone(started)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = aws.run(example(bucket))
    assert counters(job) == {"Completed": 4}


def wait_for_training(aws: Aws, name: str, process: subprocess.Popen[str]) -> None:
    """Returns when three training processes are there."""
    (fork_server,) = children(process.pid)
    aws.wait(name, lambda _: len(children(fork_server)) >= 3)
