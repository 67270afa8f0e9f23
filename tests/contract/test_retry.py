"""RetryStrategy, with internal errors as they happen: training processes that are lost."""

import os
import signal

from tests.contract.aws import Document, has_ended, poll
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import DEFINITION, LIMITS, changed, endless, example, rows
from tests.contract.processes import children


def test_a_training_job_that_is_lost_is_started_again(start_endpoint: StartEndpoint) -> None:
    """Under its name and with its hyperparameters; it is billed from its first start."""
    aws, process = start_endpoint()
    request = endless(example(aws.upload(rows(400, seed=1), rows(200, seed=2))))
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    request = changed(request, *LIMITS, value=limits)
    strategy = {"MaximumRetryAttempts": 1}
    name = aws.create(changed(request, DEFINITION, "RetryStrategy", value=strategy))

    def look() -> Document:
        (summary,) = aws.training_jobs(name)
        job: Document = aws.sagemaker.describe_training_job(
            TrainingJobName=summary["TrainingJobName"]
        )
        return job

    def lose() -> None:
        """Kills the fork server, and with it what it has started."""
        (fork_server,) = children(process.pid)
        os.kill(fork_server, signal.SIGKILL)

    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 1)
    first = poll(look, lambda job: job["SecondaryStatus"] == "Training")
    lose()
    second = poll(look, lambda job: statuses(job)[3:] == ["Starting", "Downloading", "Training"])
    assert second["TrainingJobStatus"] == "InProgress"
    assert second["RetryStrategy"] == strategy
    assert second["HyperParameters"] == first["HyperParameters"]
    assert second["TrainingStartTime"] == first["TrainingStartTime"]
    lose()
    job = aws.wait(name, has_ended)
    assert job["TrainingJobStatusCounters"]["RetryableError"] == 1
    failed = look()
    assert failed["FailureReason"].startswith("InternalServerError:")
    assert statuses(failed)[-2:] == ["Training", "Failed"]


def statuses(job: Document) -> list[str]:
    return [each["Status"] for each in job["SecondaryStatusTransitions"]]
