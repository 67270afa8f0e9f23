"""Simulated training jobs: how they fail, what their metric is, how they end with the endpoint."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.faults import rules
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.runner.clock import Clock
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import Algorithms, OwnAlgorithm, Simulation
from tests.unit.local.runner.fakes import (
    REGION,
    Processes,
    counters,
    has_status,
    new_job,
    start,
    wait,
)


def simulating(workplace: Workplace, seconds: float) -> Workplace:
    return replace(
        workplace,
        algorithms=Algorithms([OwnAlgorithm("*", Simulation(seconds))]),
        clock=Clock(),
    )


@pytest.fixture
def quick(workplace: Workplace) -> Iterator[LiveJobs]:
    jobs = LiveJobs(simulating(workplace, 0.001))
    yield jobs
    jobs.close(grace_seconds=1)


@pytest.fixture
def long(workplace: Workplace) -> Iterator[LiveJobs]:
    jobs = LiveJobs(simulating(workplace, 3600))
    yield jobs
    jobs.close(grace_seconds=1)


def seeded(jobs: LiveJobs, store: Store, seed: int) -> list[float | None]:
    """Runs the tuning job `job` with a seed; the objectives of its training jobs."""
    request, progress = new_job(store, number=2, parallel=1)
    request["HyperParameterTuningJobConfig"]["RandomSeed"] = seed
    jobs.start(REGION, request, progress)
    wait(store, has_status("Completed"))
    return [documents.objective(job) for job in store.training_jobs(REGION, "job")]


def test_a_value_is_made_of_the_name_and_the_hyperparameters(
    workplace: Workplace, processes: Processes, tmp_path: Path
) -> None:
    """The same in any endpoint, from 0 to 1; another number or hyperparameters have another."""
    found = []
    for number, seed in enumerate((1, 1, 2)):
        store = Store(tmp_path / f"{number}.sqlite")
        jobs = LiveJobs(replace(simulating(workplace, 0.001), store=store))
        found.append(seeded(jobs, store, seed))
        jobs.close(grace_seconds=1)
        store.close()
    first, again, other = found
    assert first == again != other
    assert first[0] != first[1]
    assert all(value is not None and 0 <= value <= 1 for value in (*first, *other))
    assert processes.started.empty()


def test_an_injected_fault_strikes_a_simulated_job(workplace: Workplace, store: Store) -> None:
    """It starts again as its RetryStrategy says, as a real one does."""
    faults = Faults()
    faults.replace(rules.read([{"kind": "training_job_error"}]))
    jobs = LiveJobs(replace(simulating(workplace, 0.001), faults=faults))
    start(jobs, store, number=1, retries=1)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1}
    (ended,) = store.training_jobs(REGION, "job")
    assert [each["Status"] for each in ended["SecondaryStatusTransitions"]] == [
        "Starting",
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    jobs.close(grace_seconds=1)


def test_a_missing_output_bucket_fails_a_simulated_job(quick: LiveJobs, store: Store) -> None:
    """With the reason that a real one has."""
    request, progress = new_job(store, number=1)
    output = request["TrainingJobDefinition"]["OutputDataConfig"]
    output["S3OutputPath"] = "s3://no-such-bucket/output"
    quick.start(REGION, request, progress)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"NonRetryableError": 1}
    (failed,) = store.training_jobs(REGION, "job")
    assert failed["FailureReason"].startswith("ClientError: Artifact upload failed: ")


def test_the_endpoints_end_leaves_simulated_jobs_for_the_next_start(
    long: LiveJobs, store: Store
) -> None:
    """They are in flight, as real ones are, and nothing is waited for."""
    start(long, store)
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    long.close(grace_seconds=1)
    job = wait(store, has_status("InProgress"))
    assert counters(job) == {"InProgress": 2}
    assert {each["TrainingJobStatus"] for each in store.training_jobs(REGION, "job")} == {
        "InProgress"
    }
    assert long.count() == 0


def test_the_runtime_limit_stops_simulated_jobs(long: LiveJobs, store: Store) -> None:
    """A tuning job over its time ends on time, though nothing happens by then."""
    start(long, store, age_seconds=119.5, MaxRuntimeInSeconds=120)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"Stopped": 2}
