"""Transform jobs: a model's predictions for records in S3, and what becomes of bad ones."""

import gzip
import json
import re

import botocore.exceptions
import numpy as np
import pytest
import xgboost

from tests.contract import serving
from tests.contract.aws import Aws, Document
from tests.contract.examples import IMAGE
from tests.contract.transforming import (
    RECORD,
    changed,
    log,
    output,
    place,
    put,
    records,
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


def test_labels_are_joined_to_predictions(aws: Aws, uri: str, model: str, data: str) -> None:
    """The label is kept from the model and stands beside its prediction."""
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


@pytest.mark.parametrize(
    "how",
    [
        ("MultiRecord", "None", "None"),
        ("MultiRecord", "Line", "None"),
        ("SingleRecord", "Line", "None"),
        ("MultiRecord", "Line", "Gzip"),
        ("MultiRecord", "None", "Gzip"),
    ],
)
def test_predictions_alone(
    aws: Aws, uri: str, model: str, data: str, how: tuple[str, str, str]
) -> None:
    """A line for each record, in their order, however they are sent."""
    strategy, split, compression = how
    text, features = records(20, seed=3)
    text = "".join(line.partition(",")[2] + "\n" for line in text.splitlines())
    put(aws, f"{data}part", gzip.compress(text.encode()) if compression == "Gzip" else text)
    asked = changed(
        request(model, data, BatchStrategy=strategy),
        "TransformInput",
        SplitType=split,
        CompressionType=compression,
    )
    assert run(aws, asked)["TransformJobStatus"] == "Completed"
    found = [float(line) for line in output(aws, asked, "part").splitlines()]
    assert found == pytest.approx(serving.plain_predictions(aws, uri, features))


@pytest.mark.parametrize("version", ["1.0-1", "1.7-1"])
def test_classes(aws: Aws, bucket: str, data: str, version: str) -> None:
    """All versions write them as Python writes a list, unlike what endpoints answer."""
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    parameters = {"objective": "multi:softprob", "num_class": 3}
    trained = xgboost.train(parameters, xgboost.DMatrix(rows, np.arange(6) % 3), 2)
    content = serving.archive(**{"xgboost-model": bytes(trained.save_raw())})
    image = f"{IMAGE.rpartition(':')[0]}:{version}"
    model = serving.create_model(aws, serving.put(aws, bucket, content), image=image)
    put(aws, f"{data}part.csv", "0,1\n2,3\n")
    asked = request(model, data)
    assert run(aws, asked)["TransformJobStatus"] == "Completed"
    classes = trained.predict(xgboost.DMatrix(rows[:2])).tolist()
    assert output(aws, asked, "part.csv") == f"{classes[0]}\n{classes[1]}\n"


def test_a_manifests_objects(aws: Aws, model: str, data: str) -> None:
    """Each that it lists, below the output path by its part of the path; no other."""
    for name in ("a.csv", "deep/b.csv", "c.csv"):
        put(aws, data + name, RECORD)
    put(aws, f"{data}manifest", json.dumps([{"prefix": data}, "a.csv", "deep/b.csv"]))
    asked = request(model, data)
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": f"{data}manifest"}}
    asked = changed(asked, "TransformInput", DataSource=source)
    assert run(aws, asked)["TransformJobStatus"] == "Completed"
    bucket, _, prefix = asked["TransformOutput"]["S3OutputPath"][5:].partition("/")
    found = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert [each["Key"].removeprefix(prefix) for each in found] == ["/a.csv.out", "/deep/b.csv.out"]


def test_a_model_of_a_package(aws: Aws, uri: str, data: str) -> None:
    """Its container is the package's."""
    group, name = serving.unique("group"), serving.unique("model")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": uri}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=serving.ROLE,
        PrimaryContainer={"ModelPackageName": package},
    )
    text, features = records(5, seed=4)
    put(aws, f"{data}part.csv", text)
    asked = request(name, data, DataProcessing={"InputFilter": "$[1:]"})
    assert run(aws, asked)["TransformJobStatus"] == "Completed"
    found = [float(line) for line in output(aws, asked, "part.csv").splitlines()]
    assert found == pytest.approx(serving.plain_predictions(aws, uri, features))


def test_a_bad_object_does_not_keep_the_others(aws: Aws, model: str, data: str) -> None:
    """The job has failed, what is good is there, and the log says what is bad and why."""
    put(aws, f"{data}bad.csv", "1,2,3,4,5\n1,2\n")
    put(aws, f"{data}empty.csv", "")
    put(aws, f"{data}good.csv", RECORD)
    put(aws, f"{data}text.csv", "1,2,3,4,five\n")
    asked = request(model, data)
    job = run(aws, asked)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: See job logs for more information"
    assert float(output(aws, asked, "good.csv"))
    written = log(aws, asked["TransformJobName"])
    place = data.removeprefix("s3://")
    for name in ("bad", "empty", "text"):
        assert f":[sagemaker logs]: {place}{name}.csv: ClientError: " in written
        with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
            output(aws, asked, f"{name}.csv")
    assert f"{place}bad.csv: ClientError: 415" in written
    assert f"{place}text.csv: Loading csv data failed" in written
    assert "good.csv" not in written


def test_a_payload_has_a_limit(aws: Aws, model: str, data: str) -> None:
    """What is split is sent in parts that fit; what is not is refused, by name of the limit."""
    line = "1.000000,2.000000,3.000000,4.000000,5.000000\n"
    count = 3 * 2**20 // len(line)
    put(aws, f"{data}part.csv", line * count)
    asked = request(model, data, MaxPayloadInMB=1)
    assert run(aws, asked)["TransformJobStatus"] == "Completed"
    predictions = output(aws, asked, "part.csv").splitlines()
    assert (len(predictions), len(set(predictions))) == (count, 1)
    whole = changed(request(model, data, MaxPayloadInMB=1), "TransformInput", SplitType="None")
    assert run(aws, whole)["TransformJobStatus"] == "Failed"
    assert "MaxPayloadInMB allows, 1 MB" in log(aws, whole["TransformJobName"])
    # The container has a limit of its own.
    small = request(model, data, Environment={"MAX_CONTENT_LENGTH": "100000"}, MaxPayloadInMB=1)
    assert run(aws, small)["TransformJobStatus"] == "Failed"
    assert "ClientError: 413" in log(aws, small["TransformJobName"])


@pytest.mark.parametrize(
    ("files", "image", "reason"),
    [
        ({"other": b"x"}, IMAGE, "The model data .* has no file"),
        ({"xgboost-model": b"{"}, IMAGE, "The model cannot be loaded"),
        ({}, "mine:1", ".*no program that serves the image 'mine:1'"),
    ],
)
def test_models_that_do_not_answer(
    aws: Aws, data: str, files: dict[str, bytes], image: str, reason: str
) -> None:
    """The job has failed, with the reason that an endpoint would have."""
    put(aws, f"{data}part.csv", RECORD)
    bucket = data.removeprefix("s3://").partition("/")[0]
    artifact = serving.put(aws, bucket, serving.archive(**files))
    model = serving.create_model(aws, artifact, image=image)
    job = run(aws, request(model, data))
    assert job["TransformJobStatus"] == "Failed"
    assert re.match(f"AlgorithmError: {reason}", job["FailureReason"])


def test_an_output_bucket_that_is_not_there(aws: Aws, model: str, data: str) -> None:
    """The job has failed, by the bucket's name."""
    put(aws, f"{data}part.csv", RECORD)
    asked = changed(request(model, data), "TransformOutput", S3OutputPath="s3://no-such-bucket/o")
    job = run(aws, asked)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Output upload failed: ")
    assert "no-such-bucket" in job["FailureReason"]
