"""Jobs that an endpoint left in flight, taken up by the next one."""

from dataclasses import replace

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.recovery import MissingAlgorithmError, require_algorithms
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms
from tests.unit.local.runner.fakes import (
    BUCKET,
    REGION,
    Processes,
    counters,
    has_status,
    new_job,
    start,
    wait,
)


def leave(workplace: Workplace, **options: object) -> None:
    """Leaves a tuning job of whose three training jobs one has ended with 0.9."""
    # A directory of its own, because its threads may still tidy up when the next one begins.
    jobs = LiveJobs(replace(workplace, directory=workplace.directory / "former"))
    start(jobs, workplace.store, **options)
    processes = workplace.processes
    assert isinstance(processes, Processes)
    first, _ = processes.next(), processes.next()
    first.end(auc=0.9)
    processes.next()
    wait(workplace.store, lambda job: counters(job) == {"Completed": 1, "InProgress": 2})
    jobs.close(grace_seconds=1)


def test_what_was_in_flight_has_failed_and_the_rest_goes_on(
    workplace: Workplace, jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The best so far stays, and the remaining training job is launched, once."""
    leave(workplace)
    jobs.resume()
    last = processes.next()
    job = wait(store, lambda job: counters(job)["InProgress"] == 1)
    assert counters(job) == {"Completed": 1, "RetryableError": 2, "InProgress": 1}
    last.end(auc=0.5)
    job = wait(store, has_status("Completed"))
    best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert round(best, 6) == 0.9
    assert processes.started.empty()


def test_what_has_attempts_left_is_started_again(
    workplace: Workplace, jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Under its own name; the attempt that was lost counts."""
    leave(workplace, retries=1)
    left = [
        job["TrainingJobName"]
        for job in store.training_jobs(REGION, "job")
        if job["TrainingJobStatus"] == "InProgress"
    ]
    jobs.resume()
    again = [processes.next(), processes.next()]
    assert sorted(each.container.training_job_name for each in again) == left
    again[0].end(exit_code=None)
    again[1].end(auc=0.5)
    processes.next().end(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 3, "RetryableError": 1}


def test_a_job_without_any_training_job_begins(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """It was stored, and the endpoint killed before it was started."""
    new_job(store, number=1)
    jobs.resume()
    processes.next().end(auc=0.5)
    wait(store, has_status("Completed"))


def test_its_runtime_counts_from_its_creation(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """While nobody ran it, it ran out of time: nothing more is launched."""
    new_job(store, age_seconds=130, MaxRuntimeInSeconds=120)
    jobs.resume()
    job = wait(store, has_status("Failed"))
    assert counters(job) == {}
    assert processes.started.empty()


def test_a_target_that_was_reached_still_is(
    workplace: Workplace, jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The endpoint was killed between the success and the end: no more is launched."""
    leave(workplace)
    request = store.find("tuning_job", REGION, "job")
    assert request is not None
    criteria = {"TargetObjectiveMetricValue": 0.9}
    request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = criteria
    jobs.start(REGION, request, store.tuning_job_progress(REGION, "job"))
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1, "Stopped": 2}
    assert processes.started.empty()


def test_input_that_is_gone_fails_the_training_jobs(
    workplace: Workplace, jobs: LiveJobs, store: Store
) -> None:
    """With AWS's reason; the tuning job ends."""
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    backend.put_object(BUCKET, "gone/data.csv", b"1,2")
    leave(workplace, prefix="gone", retries=1)
    backend.delete_object(BUCKET, "gone/data.csv")
    jobs.resume()
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1, "NonRetryableError": 3}
    reasons = [job.get("FailureReason", "") for job in store.training_jobs(REGION, "job")]
    expected = "ClientError: No S3 objects found under S3 URL"
    assert sum(reason.startswith(expected) for reason in reasons) == 3


def test_a_job_that_cannot_go_on_is_named_and_left_as_it_is(store: Store) -> None:
    """With the image that it needs; one that only has to stop needs nothing."""
    new_job(store)
    before = store.find("tuning_job", REGION, "job")
    assert before is not None
    require_algorithms(store, BUILT_IN_ALONE)
    nothing = Algorithms(built_in=())
    image = before["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"]
    with pytest.raises(MissingAlgorithmError, match=rf"training images: {image} \(job\)\. Give"):
        require_algorithms(store, nothing)
    assert store.find("tuning_job", REGION, "job") == before
    progress = store.tuning_job_progress(REGION, "job")
    store.update_tuning_job(
        REGION, "job", {**progress, "HyperParameterTuningJobStatus": "Stopping"}
    )
    require_algorithms(store, nothing)


def test_what_comes_after_the_end_is_the_next_endpoints(
    workplace: Workplace, jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """A tuning job that was stored while all was being closed has not failed; it is run later."""
    closed = LiveJobs(replace(workplace, directory=workplace.directory / "former"))
    closed.close(grace_seconds=1)
    start(closed, store, number=1)
    assert (closed.count(), processes.started.empty()) == (0, True)
    jobs.resume()
    processes.next().end(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1}
