"""Transform jobs: a model's predictions for records in S3, and what becomes of bad ones."""

from typing import Any

import botocore.exceptions
import numpy as np
import pytest

from tests.contract import serving
from tests.contract.aws import Aws, Document, poll

ENDED = {"Completed", "Failed", "Stopped"}


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture(scope="module")
def model(aws: Aws, uri: str) -> str:
    return serving.create_model(aws, uri)


@pytest.fixture
def data(bucket: str) -> str:
    """A prefix of a test's own, which ends with a slash."""
    return f"s3://{bucket}/{serving.unique('input')}/"


def put(aws: Aws, uri: str, content: str | bytes) -> None:
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


def ended(aws: Aws, name: str) -> Document:
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


def test_labels_are_joined_to_predictions(aws: Aws, uri: str, model: str, data: str) -> None:
    """The label is kept from the model and stands beside its prediction, as a gate needs it."""
    expected = {}
    for name, seed in (("a.csv", 1), ("deeper/b.csv", 2)):
        text, features = records(50, seed=seed)
        put(aws, data + name, text)
        expected[name] = serving.plain_predictions(aws, uri, features)
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    asked = request(model, data, DataProcessing=processing)
    job = run(aws, asked)
    assert job["TransformJobStatus"] == "Completed", job
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    for name, predictions in expected.items():
        rows = [line.split(",") for line in output(aws, asked, name).splitlines()]
        assert [label for label, _ in rows] == ["0", "1"] * 25
        assert [float(value) for _, value in rows] == pytest.approx(predictions)


def refusal(call: Any, code: str = "ValidationException", **members: Any) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    message: str = error["Message"]
    return message
