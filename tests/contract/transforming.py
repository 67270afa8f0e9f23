"""Transform jobs, as the tests have them again and again."""

import re
from typing import Any

import botocore.exceptions
import numpy as np
import pytest

from tests.contract import serving
from tests.contract.aws import Aws, Document, poll

ENDED = {"Completed", "Failed", "Stopped"}
LOG_GROUP = "/aws/sagemaker/TransformJobs"
RECORD = "1,2,3,4,5\n"
"""One of the model's five features."""


def place(bucket: str) -> str:
    """A prefix of a test's own, which ends with a slash."""
    return f"s3://{bucket}/{serving.unique('input')}/"


def put(aws: Aws, uri: str, content: str | bytes) -> None:
    """Uploads an object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    aws.s3.put_object(Bucket=bucket, Key=key, Body=content)


def request(model: str, data: str, **members: Any) -> Document:
    """A job of CSV by lines, with its output beside the input."""
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}}
    return {
        "TransformJobName": serving.unique("transform"),
        "ModelName": model,
        "TransformInput": {"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {
            "S3OutputPath": f"{data.rstrip('/')}-output",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **members,
    }


def changed(asked: Document, member: str, **fields: Any) -> Document:
    """A copy with other fields in a member."""
    return {**asked, member: {**asked[member], **fields}}


def ended(aws: Aws, name: str) -> Document:
    """A job, as soon as it has ended."""
    return poll(
        lambda: aws.sagemaker.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] in ENDED,
    )


def run(aws: Aws, asked: Document) -> Document:
    """Creates a job; gives it once it has ended."""
    aws.sagemaker.create_transform_job(**asked)
    return ended(aws, asked["TransformJobName"])


def output(aws: Aws, asked: Document, path: str) -> str:
    """An output object's content."""
    return aws.read(f"{asked['TransformOutput']['S3OutputPath']}/{path}.out").decode()


def records(count: int, *, seed: int) -> tuple[str, Any]:
    """CSV of a label and the model's five features, and the features."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 5)).round(4)
    lines = [f"{number % 2},{','.join(map(str, row))}" for number, row in enumerate(features)]
    return "\n".join(lines) + "\n", features


def log(aws: Aws, name: str) -> str:
    """All that a job has written."""
    logs = aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/")
    (stream,) = [each["logStreamName"] for each in streams["logStreams"]]
    assert re.fullmatch(rf"{name}/i-[0-9a-f]{{17}}-\d+/data-log", stream)
    events = logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=True)
    return "\n".join(event["message"] for event in events["events"])


def refusal(call: Any, code: str = "ValidationException", **members: Any) -> str:
    """AWS's words for what is wrong with a call."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    message: str = error["Message"]
    return message
