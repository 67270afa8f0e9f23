"""A training job as its tuning job runs it: its process, its data, its failures."""

import json

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.listings import Listing
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.store import Store
from tests.unit.local.runner.fakes import (
    BUCKET,
    REGION,
    BreakableStore,
    Processes,
    counters,
    has_status,
    new_job,
    start,
    training_job,
    wait,
)


def test_a_training_job_that_cannot_be_started_is_an_internal_error(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Whatever goes wrong around a process, its job ends, as a retryable error."""
    processes.failing = True
    start(jobs, store, number=2)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"RetryableError": 2}
    assert job["FailureReason"].startswith("All training jobs failed.")


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


def test_an_internal_error_starts_the_same_job_again(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """As often as RetryStrategy says, with Starting in its history; what counts is the last one."""
    start(jobs, store, number=1, retries=2)
    first = processes.next()
    name = first.container.training_job_name
    first.end(auc=0.9, exit_code=None)
    second = processes.next()
    assert second.container.training_job_name == name
    second.end(exit_code=None)
    processes.next().end(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1}
    ended = training_job(store, name)
    assert documents.objective(ended) == 0.5
    assert [each["Status"] for each in ended["SecondaryStatusTransitions"]] == [
        *("Starting", "Downloading", "Training") * 3,
        "Uploading",
        "Completed",
    ]
    started = ended["SecondaryStatusTransitions"][1]["StartTime"]
    assert ended["TrainingStartTime"] == started


def test_the_last_attempts_internal_error_is_the_jobs(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """One more than RetryStrategy allows, and the job has failed as retryable."""
    start(jobs, store, number=1, retries=1)
    processes.next().end(exit_code=None)
    processes.next().end(exit_code=None)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"RetryableError": 1}
    assert processes.started.empty()


def test_an_error_of_the_algorithm_is_not_tried_again(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """It would only fail again."""
    start(jobs, store, number=1, retries=5)
    processes.next().end(exit_code=1)
    job = wait(store, has_status("Failed"))
    assert counters(job) == {"NonRetryableError": 1}
    assert processes.started.empty()


def test_all_attempts_have_one_stopping_condition(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The limit counts from the creation of the job, not from the attempt's start."""
    request, progress = new_job(store, number=1, retries=1)
    request["TrainingJobDefinition"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 1
    jobs.start(REGION, request, progress)
    processes.next().end(exit_code=None)
    second = processes.next()
    wait(store, has_status("Failed"))
    ended = training_job(store, second.container.training_job_name)
    assert ended["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert second.stops == [120]
