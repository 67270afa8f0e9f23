"""A local endpoint of the benchmark's own, and what a benchmark does with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.data import Csv

BUCKET = "benchmark"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
_LIVE = {"InProgress", "Stopping"}


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint.

    Attributes:
        url: Where it listens.
        pid: Its main process.
        fault_token: What a request to its control routes carries; empty without ``--faults``.
    """

    url: str
    pid: int
    fault_token: str = ""

    @cached_property
    def sagemaker(self) -> Any:
        """A boto3 client."""
        return self._client("sagemaker")

    def upload(self, data: Csv) -> None:
        """Put the data where tuning jobs read it."""
        self.create_bucket()
        s3 = self._client("s3")
        s3.put_object(Bucket=BUCKET, Key="train/data.csv", Body=data.train)
        s3.put_object(Bucket=BUCKET, Key="validation/data.csv", Body=data.validation)

    def create_bucket(self) -> None:
        """Make the bucket that tuning jobs write to."""
        self._client("s3").create_bucket(Bucket=BUCKET)

    def create(self, request: dict[str, Any]) -> str:
        """Start a tuning job; its name."""
        name = f"bench-{uuid.uuid4().hex[:12]}"
        self.sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, **request
        )
        return name

    def wait(self, name: str, *, every_seconds: float = 0.5) -> dict[str, Any]:
        """What Describe answers once the tuning job has completed.

        Asks rarely, because asking is no part of the job and takes processor time from it.
        """
        while True:
            job: dict[str, Any] = self.sagemaker.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
            if job["HyperParameterTuningJobStatus"] not in _LIVE:
                break
            time.sleep(every_seconds)
        counters = job["TrainingJobStatusCounters"]
        if job["HyperParameterTuningJobStatus"] != "Completed" or _failed(counters):
            sys.exit(f"{name} did not complete: {job}")
        return job

    def training_jobs(self, name: str) -> list[dict[str, Any]]:
        """The summaries of a tuning job's training jobs, in the order of their numbers."""
        pages = self.sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        return [
            summary
            for page in pages.paginate(
                HyperParameterTuningJobName=name, PaginationConfig={"PageSize": 100}
            )
            for summary in page["TrainingJobSummaries"]
        ]

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",  # noqa: S106 -- the endpoint takes any
        )


def _failed(counters: dict[str, int]) -> int:
    return counters["RetryableError"] + counters["NonRetryableError"]


@contextlib.contextmanager
def endpoint(*options: str) -> Iterator[Endpoint]:
    """A local endpoint on a free port, with nothing in it.

    Args:
        options: Further ones of its command.
    """
    # An environment with what is beside Airflow may not have what the endpoint needs.
    python = os.environ.get("ENDPOINT_PYTHON", sys.executable)
    command = [python, "-m", "sagemaker_tuning.local", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 -- asked for above
        ready = process.stdout.readline()
        try:
            url = next(word for word in ready.split() if word.startswith("http://"))
            token = process.stdout.readline().split()[-1] if "--faults" in options else ""
            yield Endpoint(url, process.pid, token)
        finally:
            process.terminate()


def request(
    *,
    metric: str,
    maximize: bool,
    ranges: dict[str, list[dict[str, str]]],
    hyperparameters: dict[str, str],
    training_jobs: int,
    parallel: int,
    **config: Any,
) -> dict[str, Any]:
    """A Create request, all but the tuning job's name.

    Args:
        metric: The objective metric, one of the validation data's.
        maximize: Which way it gets better.
        ranges: ParameterRanges.
        hyperparameters: The static ones.
        training_jobs: How many there are.
        parallel: How many run at a time.
        config: What else HyperParameterTuningJobConfig has; Strategy among it.
    """
    return {
        "HyperParameterTuningJobConfig": {
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize" if maximize else "Minimize",
                "MetricName": metric,
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": training_jobs,
                "MaxParallelTrainingJobs": parallel,
            },
            "ParameterRanges": ranges,
            **config,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::123456789012:role/benchmark",
            "InputDataConfig": [_channel("train"), _channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StaticHyperParameters": hyperparameters,
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


def _channel(name: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/"}
        },
    }


def numeric_range(name: str, low: float, high: float, scaling: str | None = None) -> dict[str, str]:
    """A range of integers or of numbers; without a scaling the endpoint chooses."""
    found = {"Name": name, "MinValue": str(low), "MaxValue": str(high)}
    return found if scaling is None else {**found, "ScalingType": scaling}
