"""A client per service of one endpoint, and what the tests do with them again and again."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3

REGION = "us-east-1"
DEADLINE_SECONDS = 300

Document = dict[str, Any]


class Aws:
    """AWS as a user of boto3 has it, but for fixed credentials."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sagemaker = self.client("sagemaker")
        self.s3 = self.client("s3")

    def client(self, service: str, region: str = REGION, **options: Any) -> Any:
        """Any other service's client; the options are boto3's."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            **options,
        )

    def upload(self, train: str, validation: str) -> str:
        """Puts both channels' data into a new bucket; gives its name."""
        bucket = f"data-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=bucket, Key="train/part-0.csv", Body=train)
        self.s3.put_object(Bucket=bucket, Key="validation/part-0.csv", Body=validation)
        return bucket

    def read(self, uri: str) -> bytes:
        """An object's content."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def create(self, request: Document) -> str:
        """Creates a tuning job; gives its name."""
        self.sagemaker.create_hyper_parameter_tuning_job(**request)
        name: str = request["HyperParameterTuningJobName"]
        return name

    def describe(self, name: str) -> Document:
        """A tuning job."""
        job: Document = self.sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name
        )
        return job

    def training_jobs(self, name: str) -> list[Document]:
        """All training jobs of a tuning job, by name."""
        pages = self.sagemaker.get_paginator(
            "list_training_jobs_for_hyper_parameter_tuning_job"
        ).paginate(HyperParameterTuningJobName=name)
        return [job for page in pages for job in page["TrainingJobSummaries"]]

    def run(self, request: Document) -> Document:
        """Creates a tuning job; gives it once it is in a terminal status."""
        return self.wait(self.create(request), has_ended)

    def wait(self, name: str, until: Callable[[Document], bool]) -> Document:
        """A tuning job as soon as something is true of it."""
        return poll(lambda: self.describe(name), until)


def has_ended(job: Document) -> bool:
    """Whether a tuning job is in a terminal status."""
    return job["HyperParameterTuningJobStatus"] in {"Completed", "Failed", "Stopped"}


def poll(look: Callable[[], Document], until: Callable[[Document], bool]) -> Document:
    """What is seen as soon as something is true of it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not until(seen := look()):
        assert time.monotonic() < deadline, f"still waiting: {seen}"
        time.sleep(0.05)
    return seen
