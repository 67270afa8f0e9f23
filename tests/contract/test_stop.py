"""Stopping tuning and training jobs, by hand and by their limits."""

import os
import signal

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document, has_ended, poll
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import DEFINITION, LIMITS, changed, endless, example, rows
from tests.contract.processes import children, wait_for


def is_training(aws: Aws, job: Document) -> bool:
    """Whether all three training jobs have been boosting for a while."""
    if job["TrainingJobStatusCounters"]["InProgress"] < 3:
        return False
    logs = aws.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=job["HyperParameterTuningJobName"],
    )["logStreams"]
    return len(logs) == 3 and all("lastEventTimestamp" in stream for stream in logs)


def test_stop_ends_the_running_training_jobs_and_keeps_their_models(
    aws: Aws, request_document: Document
) -> None:
    """Stopping with InProgress counters, then Stopped; artifacts and the best job so far stay."""
    name = aws.create(endless(request_document))
    aws.wait(name, lambda job: is_training(aws, job))
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    stopping = aws.describe(name)
    assert stopping["HyperParameterTuningJobStatus"] in {"Stopping", "Stopped"}
    stopped = aws.wait(name, has_ended)
    assert stopped["HyperParameterTuningJobStatus"] == "Stopped"
    assert stopped["TrainingJobStatusCounters"] == {
        "Completed": 0,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 3,
    }
    best = aws.sagemaker.describe_training_job(
        TrainingJobName=stopped["BestTrainingJob"]["TrainingJobName"]
    )
    assert (best["TrainingJobStatus"], best["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert [each["Status"] for each in best["SecondaryStatusTransitions"]][-2:] == [
        "Stopping",
        "Stopped",
    ]
    assert aws.read(best["ModelArtifacts"]["S3ModelArtifacts"])


def test_stopping_shows_running_counters_until_the_training_jobs_are_gone(
    start_endpoint: StartEndpoint,
) -> None:
    """Recorded: Stopping keeps InProgress 3 and Pending 3, here while processes take no signal."""
    aws, process = start_endpoint()
    name = aws.create(endless(example(aws.upload(rows(400, seed=1), rows(200, seed=2)))))
    aws.wait(name, lambda job: is_training(aws, job))
    (fork_server,) = children(process.pid)
    training = wait_for(children, fork_server, 3)
    for pid in training:
        os.kill(pid, signal.SIGSTOP)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert progress(aws.describe(name)) == ("Stopping", 3, 3)
    for pid in training:
        os.kill(pid, signal.SIGCONT)
    assert progress(aws.wait(name, has_ended)) == ("Stopped", 0, 0)


def progress(job: Document) -> tuple[str, int, int]:
    """Status, running training jobs, and objectives that are still to come."""
    running = job["TrainingJobStatusCounters"]["InProgress"]
    pending = job["ObjectiveStatusCounters"]["Pending"]
    return job["HyperParameterTuningJobStatus"], running, pending


def test_a_job_that_has_ended_cannot_be_stopped(aws: Aws, completed: Document) -> None:
    """AWS answers with a text containing "already"; nothing changes."""
    name = completed["HyperParameterTuningJobName"]
    with pytest.raises(ClientError, match=r"\(ValidationException\).* already in status Completed"):
        aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = completed["BestTrainingJob"]["TrainingJobName"]
    with pytest.raises(ClientError, match="because the training job is in status Completed"):
        aws.sagemaker.stop_training_job(TrainingJobName=job)
    assert aws.describe(name)["HyperParameterTuningJobStatus"] == "Completed"


def test_one_training_job_can_be_stopped(aws: Aws, request_document: Document) -> None:
    """It is counted as Stopped and its place goes to the next; the others run on."""
    name = aws.create(endless(request_document))
    job = aws.wait(name, lambda job: is_training(aws, job))
    first = aws.training_jobs(name)[0]["TrainingJobName"]
    aws.sagemaker.stop_training_job(TrainingJobName=first)
    stopped = poll(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName=first),
        lambda each: each["TrainingJobStatus"] == "Stopped",
    )
    assert stopped["SecondaryStatus"] == "Stopped"
    job = aws.wait(
        name,
        lambda job: (
            job["TrainingJobStatusCounters"]
            == {
                "Completed": 0,
                "InProgress": 3,
                "RetryableError": 0,
                "NonRetryableError": 0,
                "Stopped": 1,
            }
        ),
    )
    assert job["HyperParameterTuningJobStatus"] == "InProgress"
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    aws.wait(name, has_ended)


def test_a_training_job_over_its_stopping_condition_is_stopped(
    aws: Aws, request_document: Document
) -> None:
    """Its secondary status says MaxRuntimeExceeded, and what it reached counts."""
    request = changed(
        endless(request_document),
        DEFINITION,
        "StoppingCondition",
        value={"MaxRuntimeInSeconds": 1},
    )
    request = changed(
        request,
        *LIMITS,
        value={"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
    )
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1
    (training_job,) = aws.training_jobs(job["HyperParameterTuningJobName"])
    described = aws.sagemaker.describe_training_job(TrainingJobName=training_job["TrainingJobName"])
    assert described["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert training_job["ObjectiveStatus"] == "Succeeded"
