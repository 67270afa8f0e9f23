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


class TuningJobs:
    """The tuning jobs that are launched from a moment on.

    Args:
        client: Of the endpoint.
        since: The moment.
    """

    def __init__(self, client: Any, since: datetime) -> None:
        self._client = client
        self._since = since
        self._seen: dict[str, Any] = {}

    def changed(self) -> list[dict[str, Any]]:
        """The descriptions of those whose status or counters are others than the last time."""
        summaries = self._client.list_hyper_parameter_tuning_jobs(
            SortBy="CreationTime", CreationTimeAfter=self._since, MaxResults=100
        )["HyperParameterTuningJobSummaries"]
        changed = []
        for summary in summaries:
            name = summary["HyperParameterTuningJobName"]
            state = (
                summary["HyperParameterTuningJobStatus"],
                summary["TrainingJobStatusCounters"],
                summary["ObjectiveStatusCounters"],
            )
            if self._seen.get(name) != state:
                self._seen[name] = state
                changed.append(
                    self._client.describe_hyper_parameter_tuning_job(
                        HyperParameterTuningJobName=name
                    )
                )
        return changed


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
