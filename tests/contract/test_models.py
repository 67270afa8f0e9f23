"""Models and endpoint configurations: what is checked when they are created, and what is kept."""

from typing import Any

import botocore.exceptions
import pytest

from tests.contract import serving
from tests.contract.aws import Aws, Document
from tests.contract.examples import IMAGE


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture(scope="module")
def model(aws: Aws, uri: str) -> str:
    return serving.create_model(aws, uri)


def refusal(call: Any, **members: Any) -> str:
    """AWS's words for what is wrong with a call."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException", error
    message: str = error["Message"]
    return message


def test_a_model_is_described_as_created(aws: Aws, uri: str) -> None:
    """With what AWS adds to a container, under an ARN in lower case."""
    name = serving.unique("Model")
    arn = aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=serving.ROLE,
        Containers=[{"Image": IMAGE, "ModelDataUrl": uri}],
        Tags=[{"Key": "team", "Value": "retraining"}],
    )["ModelArn"]
    assert arn.endswith(f":model/{name.lower()}")
    described = aws.sagemaker.describe_model(ModelName=name.upper())
    assert described["ModelName"] == name
    assert described["Containers"] == [
        {"Image": IMAGE, "ModelDataUrl": uri, "Mode": "SingleModel", "Environment": {}}
    ]
    assert described["EnableNetworkIsolation"] is False
    tags = aws.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "retraining"}]


def _source(uri: str, kind: str = "S3Prefix", compression: str = "None") -> Document:
    source = {"S3Uri": uri, "S3DataType": kind, "CompressionType": compression}
    return {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (None, "Provide either PrimaryContainer or Containers"),
        ({"ModelDataUrl": "URI"}, "PrimaryContainer.Image is required"),
        ({"Image": IMAGE, "ModelDataUrl": "https://host/key"}, "is not a URI that begins s3://"),
        (
            {"Image": IMAGE, "ModelDataUrl": "s3://BUCKET/nothing.tar.gz"},
            "Could not find model data at s3://BUCKET/nothing.tar.gz.",
        ),
        (
            # Of the artifact's key, but a beginning only.
            {"Image": IMAGE, "ModelDataUrl": "s3://BUCKET/output"},
            "Could not find model data at s3://BUCKET/output.",
        ),
        (_source("s3://BUCKET/nothing/"), "Could not find model data at s3://BUCKET/nothing/."),
        ({**_source("s3://BUCKET/output/"), "ModelDataUrl": "URI"}, "both ModelDataUrl and"),
        ({"ModelPackageName": "nothing"}, "does not exist"),
        ({"ModelPackageName": "nothing", "Image": IMAGE}, "goes without Image"),
    ],
)
def test_what_no_model_can_be_made_of(
    aws: Aws, uri: str, bucket: str, container: Document | None, words: str
) -> None:
    """It is refused with the field or the object that is wrong."""
    name = serving.unique("model")
    request: Document = {"ModelName": name, "ExecutionRoleArn": serving.ROLE}
    if container is not None:
        text = {"URI": uri}
        request["PrimaryContainer"] = {
            key: text.get(value, value.replace("BUCKET", bucket))
            if isinstance(value, str)
            else _in_bucket(value, bucket)
            for key, value in container.items()
        }
    message = refusal(aws.sagemaker.create_model, **request)
    assert words.replace("BUCKET", bucket) in message
    assert "Could not find model" in refusal(aws.sagemaker.describe_model, ModelName=name)


def _in_bucket(value: Document, bucket: str) -> Document:
    source = value["S3DataSource"]
    return {"S3DataSource": {**source, "S3Uri": source["S3Uri"].replace("BUCKET", bucket)}}


def test_names_are_taken_whatever_their_case(aws: Aws, uri: str, model: str) -> None:
    """For models and for endpoint configurations, each for itself."""
    container = {"Image": IMAGE, "ModelDataUrl": uri}
    message = refusal(
        aws.sagemaker.create_model,
        ModelName=model.upper(),
        ExecutionRoleArn=serving.ROLE,
        PrimaryContainer=container,
    )
    assert message.startswith("Cannot create already existing model ")
    config = serving.create_config(aws, model)
    message = refusal(
        aws.sagemaker.create_endpoint_config,
        EndpointConfigName=config.upper(),
        ProductionVariants=[
            {"VariantName": "one", "ModelName": model, "InstanceType": "ml.m5.large"}
        ],
    )
    assert message.startswith("Cannot create already existing endpoint configuration ")


def test_models_are_listed_newest_first_in_pages(aws: Aws, uri: str) -> None:
    prefix = serving.unique("paged")
    names = [f"{prefix}-{number}" for number in range(5)]
    container = {"Image": IMAGE, "ModelDataUrl": uri}
    for name in names:
        aws.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=serving.ROLE, PrimaryContainer=container
        )
    pages = list(
        aws.sagemaker.get_paginator("list_models").paginate(
            NameContains=prefix, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["Models"]) for page in pages] == [2, 2, 1]
    listed = [each["ModelName"] for page in pages for each in page["Models"]]
    assert sorted(listed) == names
    times = [each["CreationTime"] for page in pages for each in page["Models"]]
    assert times == sorted(times, reverse=True)
    aws.sagemaker.delete_model(ModelName=names[2])
    found = aws.sagemaker.list_models(NameContains=prefix, SortBy="Name", SortOrder="Ascending")
    assert [each["ModelName"] for each in found["Models"]] == names[:2] + names[3:]


def test_a_config_keeps_what_it_was_given(aws: Aws, model: str) -> None:
    """Serverless variants and data capture among it; weights are 1 unless they are said."""
    name = serving.unique("config")
    capture = {
        "InitialSamplingPercentage": 10,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 3}
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "one", "ModelName": model, "ServerlessConfig": serverless},
            {
                "VariantName": "two",
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": 3.5,
            },
        ],
        DataCaptureConfig=capture,
    )
    described = aws.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    one, two = described["ProductionVariants"]
    assert one["ServerlessConfig"] == serverless
    assert (one["InitialVariantWeight"], two["InitialVariantWeight"]) == (1, 3.5)
    assert described["DataCaptureConfig"] == capture
    aws.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    message = refusal(aws.sagemaker.describe_endpoint_config, EndpointConfigName=name)
    assert message.startswith("Could not find endpoint configuration ")


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        ([{"VariantName": "a", "InstanceType": "ml.m5.large"}], "ModelName is required"),
        ([{"VariantName": "a", "ModelName": "MODEL"}], "either InstanceType or ServerlessConfig"),
        (
            [{"VariantName": "a", "ModelName": "MODEL", "InstanceType": "ml.m5.large"}] * 2,
            "ProductionVariants.1.VariantName a is not unique",
        ),
        (
            [{"VariantName": "a", "ModelName": "no-model", "InstanceType": "ml.m5.large"}],
            "Could not find model",
        ),
    ],
)
def test_what_no_config_can_be_made_of(
    aws: Aws, model: str, variants: list[Document], words: str
) -> None:
    """It is refused with the variant and its member."""
    named = [
        {**each, "ModelName": model} if each.get("ModelName") == "MODEL" else each
        for each in variants
    ]
    message = refusal(
        aws.sagemaker.create_endpoint_config,
        EndpointConfigName=serving.unique("config"),
        ProductionVariants=named,
    )
    assert words in message


@pytest.mark.parametrize(
    ("member", "value"),
    [
        (
            "ShadowProductionVariants",
            [{"VariantName": "shadow", "ModelName": "m", "InstanceType": "ml.m5.large"}],
        ),
        ("AsyncInferenceConfig", {"OutputConfig": {"S3OutputPath": "s3://bucket/answers"}}),
        (
            "ExplainerConfig",
            {
                "ClarifyExplainerConfig": {
                    "ShapConfig": {"ShapBaselineConfig": {"ShapBaseline": "1,2"}}
                }
            },
        ),
    ],
)
def test_what_would_answer_otherwise_is_refused(
    aws: Aws, model: str, member: str, value: Any
) -> None:
    """By name, since no request would reach it, or none would be answered as it says."""
    variant = {"VariantName": "one", "ModelName": model, "InstanceType": "ml.m5.large"}
    message = refusal(
        aws.sagemaker.create_endpoint_config,
        EndpointConfigName=serving.unique("config"),
        ProductionVariants=[variant],
        **{member: value},
    )
    assert member in message


def test_a_model_of_files_that_are_not_archived(aws: Aws, uri: str, bucket: str) -> None:
    """An uncompressed model predicts what the archive of it does."""
    prefix = serving.unique("files")
    content = bytes(serving.plain_booster(aws, uri).save_raw())
    aws.s3.put_object(Bucket=bucket, Key=f"{prefix}/xgboost-model", Body=content)
    name = serving.unique("model")
    aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=serving.ROLE,
        PrimaryContainer=_source(f"s3://{bucket}/{prefix}/"),
    )
    row = "0.1,0.2,0.3,0.4,0.5"
    archived = serving.create_endpoint(aws, serving.create_model(aws, uri))
    files = serving.create_endpoint(aws, name)
    assert serving.invoke(aws, files, row)["Body"] == serving.invoke(aws, archived, row)["Body"]
