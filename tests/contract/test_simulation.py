"""Simulated training jobs: they end as real ones do, and nothing runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document, has_ended
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import CONFIG, DEFINITION, LIMITS, changed
from tests.contract.processes import children, descendants
from tests.contract.test_own_algorithm import IMAGE, LOSS, model, request_for

QUICK, LONG = IMAGE, IMAGE.replace("mine", "long")
OPTIONS = ("--simulate", "*/mine:*=0.05", "--simulate", "*/long:*=3600")


@pytest.fixture(scope="module")
def simulating(start_shared_endpoint: StartEndpoint) -> Aws:
    aws, _ = start_shared_endpoint(*OPTIONS)
    return aws


@pytest.fixture(scope="module")
def simulated_bucket(simulating: Aws) -> str:
    return simulating.upload("1,2\n", "3,4\n")


def name_of(job: Document) -> str:
    name: str = job["HyperParameterTuningJobName"]
    return name


def in_progress(job: Document) -> int:
    count: int = job["TrainingJobStatusCounters"]["InProgress"]
    return count


def test_a_simulated_tuning_job_has_all_that_a_real_one_has(
    simulating: Aws, simulated_bucket: str
) -> None:
    """Counters, a best training job with its history, and an artifact that a model is made of."""
    request = request_for(simulated_bucket, QUICK, [LOSS])
    request["Tags"] = [{"Key": "team", "Value": "fleet"}]
    job = simulating.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    listed = simulating.training_jobs(name_of(job))
    values = [each["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for each in listed]
    assert len(set(values)) == 4
    best = job["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == min(values)
    described = simulating.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert [each["Status"] for each in described["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert {each["MetricName"]: each["Value"] for each in described["FinalMetricDataList"]} == {
        "loss": min(values),
        "ObjectiveMetric": min(values),
    }
    tags = simulating.sagemaker.list_tags(ResourceArn=described["TrainingJobArn"])["Tags"]
    assert {"Key": "team", "Value": "fleet"} in tags
    assert list(model(simulating, best["TrainingJobName"])) == ["simulated.txt"]
    simulating.sagemaker.create_model(
        ModelName=name_of(job),
        ExecutionRoleArn=request[DEFINITION]["RoleArn"],
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": described["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )


def stop_tuning_job(aws: Aws, name: str) -> None:
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def stop_training_jobs(aws: Aws, name: str) -> None:
    for job in aws.training_jobs(name):
        aws.sagemaker.stop_training_job(TrainingJobName=job["TrainingJobName"])


def leave(_aws: Aws, _name: str) -> None: ...


CUTS: dict[str, tuple[int, Callable[[Aws, str], None], str, str]] = {
    "the tuning job is stopped": (3600, stop_tuning_job, "Stopped", "Stopped"),
    "the training jobs are stopped": (3600, stop_training_jobs, "Failed", "Stopped"),
    "their time runs out": (1, leave, "Failed", "MaxRuntimeExceeded"),
}
"""MaxRuntimeInSeconds, what is done, and the statuses at the end."""


@pytest.mark.parametrize("cut", CUTS)
def test_a_simulated_training_job_is_cut_short(
    simulating: Aws, simulated_bucket: str, cut: str
) -> None:
    """By each of the three ways; without an objective metric, which comes at the end only."""
    seconds, end, status, secondary_status = CUTS[cut]
    request = request_for(simulated_bucket, LONG, [LOSS])
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    request = changed(request, *LIMITS, value=limits)
    request[DEFINITION]["StoppingCondition"]["MaxRuntimeInSeconds"] = seconds
    name = simulating.create(request)
    simulating.wait(name, lambda job: in_progress(job) == 2)
    end(simulating, name)
    job = simulating.wait(name, has_ended)
    assert job["HyperParameterTuningJobStatus"] == status
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    for each in simulating.training_jobs(name):
        described = simulating.sagemaker.describe_training_job(
            TrainingJobName=each["TrainingJobName"]
        )
        assert described["SecondaryStatus"] == secondary_status
        assert each["ObjectiveStatus"] == "Failed"


def test_a_hundred_cost_no_process_and_no_thread_and_survive_a_kill(
    start_endpoint: StartEndpoint, tmp_path: Path
) -> None:
    """After a restart they start again as their RetryStrategy says, with their hyperparameters."""
    data = ("--data-dir", str(tmp_path / "data"))
    aws, process = start_endpoint(*data, "--simulate", "*/mine:*=3600")
    request = request_for(aws.upload("1,2\n", "3,4\n"), QUICK, [LOSS])
    limits = {"MaxNumberOfTrainingJobs": 100, "MaxParallelTrainingJobs": 100}
    request = changed(request, *LIMITS, value=limits)
    request = changed(request, CONFIG, "Strategy", value="Random")
    request[DEFINITION]["RetryStrategy"] = {"MaximumRetryAttempts": 1}
    name = aws.create(request)
    aws.wait(name, lambda job: in_progress(job) == 100)
    assert descendants(process.pid) == children(process.pid), "there is the fork server alone"
    assert len(list(Path(f"/proc/{process.pid}/task").iterdir())) < 50
    before = [job["TunedHyperParameters"] for job in aws.training_jobs(name)]
    process.kill()
    process.wait(DEADLINE_SECONDS)
    aws, _ = start_endpoint(*data, "--simulate", "*/mine:*=0.05")
    job = aws.wait(name, has_ended)
    assert job["TrainingJobStatusCounters"]["Completed"] == 100
    assert [job["TunedHyperParameters"] for job in aws.training_jobs(name)] == before
