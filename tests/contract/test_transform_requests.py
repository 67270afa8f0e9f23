"""Requests for transform jobs: what they are kept and listed as, and which are refused."""

import pytest

from tests.conftest import Faults
from tests.contract import serving
from tests.contract.aws import Aws, Document
from tests.contract.examples import IMAGE
from tests.contract.transforming import (
    RECORD,
    ended,
    place,
    put,
    refusal,
    request,
    run,
)


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture(scope="module")
def model(aws: Aws, uri: str) -> str:
    return serving.create_model(aws, uri)


@pytest.fixture
def data(bucket: str) -> str:
    return place(bucket)


def test_a_job_is_described_as_created(aws: Aws, model: str, data: str) -> None:
    """With the defaults that AWS adds, its tags, and an ARN in lower case."""
    put(aws, f"{data}part.csv", RECORD)
    name = serving.unique("Transform")
    asked = request(
        model,
        data,
        TransformJobName=name,
        Environment={"STAGE": "test"},
        MaxConcurrentTransforms=2,
        ModelClientConfig={"InvocationsTimeoutInSeconds": 30, "InvocationsMaxRetries": 1},
        Tags=[{"Key": "team", "Value": "retraining"}],
    )
    arn = aws.sagemaker.create_transform_job(**asked)["TransformJobArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{name.lower()}"
    job = ended(aws, name.upper())
    for member in asked.keys() - {"Tags", "TransformInput", "TransformOutput"}:
        assert job[member] == asked[member]
    assert job["TransformInput"] == {**asked["TransformInput"], "CompressionType": "None"}
    assert job["TransformOutput"] == {**asked["TransformOutput"], "KmsKeyId": ""}
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    tags = aws.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "retraining"}]


def test_names(aws: Aws, model: str, data: str) -> None:
    """A name is taken whatever its case, also by a job that has ended; AWS's words for each."""
    put(aws, f"{data}part.csv", RECORD)
    asked = request(model, data)
    run(aws, asked)
    name = asked["TransformJobName"]
    again = {**asked, "TransformJobName": name.upper()}
    message = refusal(aws.sagemaker.create_transform_job, "ResourceInUse", **again)
    assert message.startswith("Job name must be unique within an AWS account and region")
    message = refusal(aws.sagemaker.stop_transform_job, TransformJobName=name)
    assert message == ("The request was rejected because the transform job is in status Completed.")
    for call in (aws.sagemaker.describe_transform_job, aws.sagemaker.stop_transform_job):
        message = refusal(call, TransformJobName="nothing")
        assert message == "Could not find requested job with name: nothing"


def test_lists(aws: Aws, model: str, data: str) -> None:
    """The newest first, in pages, by status and part of the name."""
    put(aws, f"{data}good/part.csv", RECORD)
    put(aws, f"{data}bad/part.csv", "1\n")
    prefix = serving.unique("listed")
    names = [f"{prefix}-{number}" for number in range(3)]
    for name, folder in zip(names, ("good/", "good/", "bad/"), strict=True):
        run(aws, request(model, data + folder, TransformJobName=name))
    pages = list(
        aws.sagemaker.get_paginator("list_transform_jobs").paginate(
            NameContains=prefix, PaginationConfig={"PageSize": 2}
        )
    )
    found = [each for page in pages for each in page["TransformJobSummaries"]]
    assert [each["TransformJobName"] for each in found] == names[::-1]
    assert found[0].keys() >= {"TransformJobArn", "CreationTime", "TransformEndTime"}
    by_name = aws.sagemaker.list_transform_jobs(
        NameContains=prefix, StatusEquals="Completed", SortBy="Name", SortOrder="Ascending"
    )["TransformJobSummaries"]
    assert [each["TransformJobName"] for each in by_name] == names[:2]
    (failed,) = aws.sagemaker.list_transform_jobs(NameContains=prefix, StatusEquals="Failed")[
        "TransformJobSummaries"
    ]
    assert failed["FailureReason"].startswith("ClientError")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ModelName": "nothing"}, "Could not find model"),
        ({"MaxPayloadInMB": 101}, "cannot be greater than 100 MB"),
        ({"MaxPayloadInMB": 0}, "HTTP chunked encoding"),
        (
            {"MaxPayloadInMB": 51, "MaxConcurrentTransforms": 2},
            "(MaxConcurrentTransforms * MaxPayloadInMB) cannot exceed 100 MB",
        ),
        ({"TransformResources": {"InstanceCount": 101}}, "InstanceCount 101"),
        ({"TransformInput": {"SplitType": "RecordIO"}}, "SplitType RecordIO"),
        ({"TransformOutput": {"S3OutputPath": "https://host/key"}}, "TransformOutput.S3OutputPath"),
        ({"DataProcessing": {"InputFilter": "$.a"}}, 'Invalid InputFilter: "$.a"'),
        (
            {"DataProcessing": {"OutputFilter": "$[0:2,4:]"}},
            'Invalid OutputFilter: "$[0:2,4:]". Only single range filters',
        ),
    ],
)
def test_what_no_job_can_be_made_of(
    aws: Aws, model: str, data: str, change: Document, words: str
) -> None:
    """It is refused before anything is created, with what is wrong."""
    put(aws, f"{data}part.csv", RECORD)
    asked = request(model, data)
    for member, value in change.items():
        known = member in {"TransformInput", "TransformOutput", "TransformResources"}
        asked[member] = {**asked[member], **value} if known else value
    assert words in refusal(aws.sagemaker.create_transform_job, **asked)
    name = asked["TransformJobName"]
    refusal(aws.sagemaker.describe_transform_job, TransformJobName=name)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("TransformInput.ContentType", "application/json"),
        ("TransformOutput.Accept", None),
        ("TransformInput.SplitType", "None"),
        ("TransformOutput.AssembleWith", None),
    ],
)
def test_data_processing_is_of_lines_of_csv(
    aws: Aws, model: str, data: str, path: str, value: str | None
) -> None:
    """On both sides, as AWS documents it; the refusal names the field."""
    asked = request(model, data, DataProcessing={"JoinSource": "Input"})
    member, _, field = path.partition(".")
    asked[member][field] = value
    if value is None:
        del asked[member][field]
    message = refusal(aws.sagemaker.create_transform_job, **asked)
    assert f"{path} is {value or 'not given'}" in message


def test_input_that_is_not_there(aws: Aws, model: str, data: str) -> None:
    """AWS looks for it before it creates a job."""
    message = refusal(aws.sagemaker.create_transform_job, **request(model, data))
    assert message.startswith(f'No S3 objects found under S3 URL "{data}"')


def test_a_request_whose_answer_is_lost(aws: Aws, faults: Faults, model: str, data: str) -> None:
    """It was carried out once: the repeated one is told that the name is taken."""
    put(aws, f"{data}part.csv", RECORD)
    asked = request(model, data)
    faults.put({"kind": "drop_after", "operation": "CreateTransformJob"})
    refusal(aws.sagemaker.create_transform_job, "ResourceInUse", **asked)
    assert ended(aws, asked["TransformJobName"])["TransformJobStatus"] == "Completed"


def test_models_that_batch_transform_does_not_take(aws: Aws, uri: str, data: str) -> None:
    """AWS refuses those of a ModelDataSource."""
    put(aws, f"{data}part.csv", RECORD)
    source = {"S3Uri": uri, "S3DataType": "S3Object", "CompressionType": "Gzip"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    name = serving.unique("model")
    aws.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=serving.ROLE, PrimaryContainer=container
    )
    message = refusal(aws.sagemaker.create_transform_job, **request(name, data))
    assert "SageMaker Batch currently doesn't support Model entity" in message
