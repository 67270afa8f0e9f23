"""Input objects, and where the output of each goes."""

import uuid
from typing import Any

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.objects import S3AccessError
from sagemaker_tuning.local.transform.inputs import inputs
from sagemaker_tuning.local.wire import Document

KEYS = ("in/", "in/a.csv", "in/deep/b.csv", "in-2/c.csv", "other.csv")


@pytest.fixture
def s3() -> Any:
    return get_backend("s3")[ACCOUNT_ID]["aws"]


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(name, "us-east-1")
    for key in KEYS:
        s3.put_object(name, key, b"1")
    return name


def request(bucket: str, prefix: str, output: str = "out/", kind: str = "S3Prefix") -> Document:
    source = {"S3DataType": kind, "S3Uri": f"s3://{bucket}/{prefix}"}
    return {
        "TransformInput": {"DataSource": {"S3DataSource": source}},
        "TransformOutput": {"S3OutputPath": f"s3://target/{output}"},
    }


@pytest.mark.parametrize(
    ("prefix", "outputs"),
    [
        ("in/", ["a.csv", "deep/b.csv"]),
        ("in", ["in-2/c.csv", "a.csv", "deep/b.csv"]),
        ("in/a.csv", ["a.csv"]),
        ("", ["in-2/c.csv", "in/a.csv", "in/deep/b.csv", "other.csv"]),
    ],
)
@pytest.mark.parametrize("output", ["out", "out/"])
def test_outputs_go_by_the_path_below_the_prefix(
    bucket: str, prefix: str, outputs: list[str], output: str
) -> None:
    """As those of training channels do; a folder's marker is no object."""
    found = inputs(request(bucket, prefix, output))
    assert [each.output for each in found] == [f"s3://target/out/{path}.out" for path in outputs]
    assert {each.bucket for each in found} == {bucket}


def test_two_objects_with_one_output(s3: Any, bucket: str) -> None:
    """Neither is lost for the other: it is an error that names both."""
    s3.put_object(bucket, "in/in-2/c.csv", b"1")
    with pytest.raises(S3AccessError, match=r"in-2/c\.csv and in/in-2/c\.csv of the input"):
        inputs(request(bucket, "in"))


def test_nothing_but_a_folders_marker(s3: Any, bucket: str) -> None:
    """It is as good as nothing."""
    s3.put_object(bucket, "empty/", b"")
    with pytest.raises(S3AccessError, match="No S3 objects found under S3 URL"):
        inputs(request(bucket, "empty/"))


def test_what_is_no_manifest(bucket: str) -> None:
    """It is an error, not a job without input."""
    with pytest.raises(S3AccessError, match="is not a manifest file"):
        inputs(request(bucket, "in/a.csv", kind="ManifestFile"))
