"""From a training job to an endpoint that answers, as the tests do it again and again."""

import io
import tarfile
import uuid
from typing import Any

import xgboost

from tests.contract.aws import Aws, Document, poll
from tests.contract.examples import IMAGE

ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def unique(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def artifact_of(aws: Aws, tuning_job: Document) -> str:
    """The URI of the best training job's model."""
    best = tuning_job["BestTrainingJob"]["TrainingJobName"]
    training_job = aws.sagemaker.describe_training_job(TrainingJobName=best)
    uri: str = training_job["ModelArtifacts"]["S3ModelArtifacts"]
    return uri


def create_model(aws: Aws, uri: str, *, image: str = IMAGE) -> str:
    """A model of an artifact; its name."""
    name = unique("model")
    container = {"Image": image, "ModelDataUrl": uri}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    return name


def create_config(aws: Aws, *models: str) -> str:
    """An endpoint configuration with a variant for each model, `variant-0` first; its name."""
    name = unique("config")
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": f"variant-{number}", "ModelName": model, "InstanceType": "ml.m5.large"}
            for number, model in enumerate(models)
        ],
    )
    return name


def create_endpoint(aws: Aws, *models: str) -> str:
    """An endpoint, settled, whatever became of it; its name."""
    name = unique("endpoint")
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=create_config(aws, *models))
    settled(aws, name)
    return name


def settled(aws: Aws, endpoint: str) -> Document:
    """An endpoint that is neither being created nor updated."""
    return poll(
        lambda: aws.sagemaker.describe_endpoint(EndpointName=endpoint),
        lambda seen: seen["EndpointStatus"] not in {"Creating", "Updating"},
    )


def invoke(aws: Aws, endpoint: str, body: str, **members: str) -> Document:
    """What an endpoint answers, its body as text."""
    members.setdefault("ContentType", "text/csv")
    answer: Document = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=body, **members
    )
    return {**answer, "Body": answer["Body"].read().decode()}


def archive(**files: bytes) -> bytes:
    """A gzipped tar archive of files by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def put(aws: Aws, bucket: str, content: bytes) -> str:
    """Uploads an artifact; its URI."""
    key = f"{unique('artifact')}/model.tar.gz"
    aws.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"s3://{bucket}/{key}"


def plain_booster(aws: Aws, uri: str) -> xgboost.Booster:
    """The model of an artifact, read outside of the project."""
    with tarfile.open(fileobj=io.BytesIO(aws.read(uri))) as tar:
        file = tar.extractfile("xgboost-model")
        assert file is not None
        return xgboost.Booster(model_file=bytearray(file.read()))


def plain_predictions(aws: Aws, uri: str, rows: Any) -> list[float]:
    """What plain XGBoost makes of rows."""
    predictions: list[float] = plain_booster(aws, uri).predict(xgboost.DMatrix(rows)).tolist()
    return predictions
