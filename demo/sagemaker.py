"""The local endpoint as boto3 sees it, and what its answers mean."""

from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

from demo.stack import CREDENTIALS, REGION


def client(endpoint_url: str, service: str = "sagemaker") -> Any:
    """A client of the endpoint, whatever the environment says of another AWS."""
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    # A proxy of the environment has no way to this machine's loopback interface.
    return session.client(service, endpoint_url=endpoint_url, config=Config(proxies={}))


def newest_tuning_job(sagemaker: Any, since: datetime) -> dict[str, Any] | None:
    """The description of the newest tuning job created after `since`; None without one."""
    summaries = sagemaker.list_hyper_parameter_tuning_jobs(
        SortBy="CreationTime", SortOrder="Descending", CreationTimeAfter=since, MaxResults=1
    )["HyperParameterTuningJobSummaries"]
    if not summaries:
        return None
    name = summaries[0]["HyperParameterTuningJobName"]
    job: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return job


def best_training_jobs(sagemaker: Any, tuning_job_name: str, count: int) -> list[dict[str, Any]]:
    """The training jobs with the best objective, best first.

    Args:
        sagemaker: A client.
        tuning_job_name: An existing tuning job.
        count: 1 to 100.

    Returns:
        Their summaries; empty when none has an objective yet.
    """
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=tuning_job_name)
    objective = job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    answer = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=tuning_job_name,
        SortBy="FinalObjectiveMetricValue",
        SortOrder="Descending" if objective["Type"] == "Maximize" else "Ascending",
        MaxResults=count,
    )
    summaries: list[dict[str, Any]] = answer["TrainingJobSummaries"]
    return summaries
