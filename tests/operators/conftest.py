"""A connection to the local endpoint, data in its S3, and a plain client to see what happened."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest

from tests.contract.aws import Aws, Document
from tests.contract.examples import example, rows
from tests.operators.task import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def connection(endpoint: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 -- the data must be there
    """Define the connection as a user of the local endpoint does."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://test:test@/?region_name=us-east-1")


@pytest.fixture(scope="session")
def client(endpoint: str) -> Any:
    """Upload the data; give a plain boto3 client, to see what really happened."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    s3.create_bucket(Bucket=BUCKET)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 4))
    labels = (features[:, 0] + 0.5 * rng.normal(size=200) > 0).astype(int)
    text = io.StringIO()
    np.savetxt(text, np.column_stack([labels, features]), delimiter=",", fmt="%.6g")
    for channel in ("train", "validation"):
        s3.put_object(Bucket=BUCKET, Key=f"{channel}/data.csv", Body=text.getvalue().encode())
    s3.put_object(Bucket=BUCKET, Key="text/data.csv", Body=b"1,2\n0,three\n")
    return boto3.client("sagemaker", endpoint_url=endpoint, region_name="us-east-1", **keys)


@pytest.fixture(autouse=True)
def nothing_left_running(client: Any) -> Iterator[None]:
    """Stop what a test has launched and left."""
    yield
    live = client.list_hyper_parameter_tuning_jobs(StatusEquals="InProgress", MaxResults=100)
    for job in live["HyperParameterTuningJobSummaries"]:
        client.stop_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=job["HyperParameterTuningJobName"]
        )


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Aws:
    """Clients of all services of the endpoint."""
    return Aws(endpoint)


@pytest.fixture(scope="session")
def bucket(aws: Aws) -> str:
    """A bucket with data that takes milliseconds to train on."""
    return aws.upload(rows(400, seed=1), rows(200, seed=2))


@pytest.fixture(scope="session")
def completed(aws: Aws, bucket: str) -> Document:
    """A completed tuning job, as Describe answers."""
    return aws.run(example(bucket))
