"""Objects in S3: prefixes, paths, artifacts."""

import io
import tarfile
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.names import ACCOUNT_ID


@pytest.fixture
def s3() -> Any:
    return get_backend("s3")[ACCOUNT_ID]["aws"]


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(name, "us-east-1")
    return name


def files(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("data/train", {"a.csv": "1", "deep/b.csv": "2", "train-2/c.csv": "3"}),
        ("data/oth", {"other.csv": "4"}),
        ("data/other", {"other.csv": "4"}),
        ("data/train/", {"a.csv": "1", "deep/b.csv": "2"}),
        ("data/train/a.csv", {"a.csv": "1"}),
    ],
)
def test_every_object_with_the_prefix_is_downloaded(
    s3: Any, bucket: str, tmp_path: Path, prefix: str, expected: dict[str, str]
) -> None:
    """S3Prefix is a prefix of keys, not a folder; a folder's marker is no file."""
    for key, content in {
        "data/train/": "",
        "data/train/a.csv": "1",
        "data/train/deep/b.csv": "2",
        "data/train-2/c.csv": "3",
        "data/other.csv": "4",
    }.items():
        s3.put_object(bucket, key, content.encode())
    objects.download(f"s3://{bucket}/{prefix}", tmp_path)
    assert files(tmp_path) == expected


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "a//b", "a/./b", "a/.", "a/../b"]
)
def test_a_key_that_is_no_path_of_its_own_is_refused(
    s3: Any, bucket: str, tmp_path: Path, key: str
) -> None:
    """It would lead out of the directory, or to another key's file."""
    s3.put_object(bucket, f"data/{key}", b"x")
    with pytest.raises(objects.S3AccessError, match=f'bucket "{bucket}", key "data/{key}"'):
        objects.download(f"s3://{bucket}/data/", tmp_path / "channel")
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("data/", ["data/a", "data/a/b"]),
        ("data/", ["data/" + "x" * 300]),
        ("data/", ["data/a\0b"]),
        ("data", ["data", "data/data"]),
    ],
)
def test_keys_that_no_file_system_takes_side_by_side_are_refused(
    s3: Any, bucket: str, tmp_path: Path, prefix: str, keys: list[str]
) -> None:
    """S3 has no folders and knows longer names; the message has bucket and key."""
    for key in keys:
        s3.put_object(bucket, key, b"x")
    with pytest.raises(objects.S3AccessError) as refused:
        objects.download(f"s3://{bucket}/{prefix}", tmp_path)
    assert f'bucket "{bucket}", key "{keys[-1]}".' in str(refused.value)


def test_deleted_objects_are_not_there(s3: Any, bucket: str, tmp_path: Path) -> None:
    """In a versioned bucket a deleted object leaves a marker, which is none."""
    s3.put_bucket_versioning(bucket, "Enabled")
    s3.put_object(bucket, "data/a.csv", b"1")
    assert objects.exist(f"s3://{bucket}/data")
    s3.delete_object(bucket, "data/a.csv")
    assert not objects.exist(f"s3://{bucket}/data")
    with pytest.raises(objects.S3AccessError, match="No S3 objects found under S3 URL"):
        objects.download(f"s3://{bucket}/data", tmp_path)


def test_a_missing_bucket_has_no_objects() -> None:
    """It is a missing input like any other."""
    assert not objects.exist("s3://no-such-bucket-here/data")


def test_an_archive_has_the_directorys_content_in_its_root(
    s3: Any, bucket: str, tmp_path: Path
) -> None:
    """model.tar.gz is opened by tools that expect the model's file at the top."""
    (tmp_path / "xgboost-model").write_text("model")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text("code")
    objects.upload_archive(tmp_path, f"s3://{bucket}/out/model.tar.gz")
    content = s3.get_object(bucket, "out/model.tar.gz").value
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert sorted(archive.getnames()) == ["code", "code/inference.py", "xgboost-model"]


def test_an_upload_into_a_missing_bucket_says_so(tmp_path: Path) -> None:
    """The message names the bucket."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(objects.S3AccessError, match="no-such-bucket-here"):
        objects.upload_files(tmp_path, "s3://no-such-bucket-here/out/")


def test_an_object_that_is_replaced_while_it_is_read_is_read_anew(s3: Any, bucket: str) -> None:
    """The old one is closed before the new one is there; nobody sees either half."""
    s3.put_object(bucket, "key", b"old")
    s3.get_object(bucket, "key").dispose()
    replaced = threading.Timer(0.05, s3.put_object, (bucket, "key", b"new"))
    replaced.start()
    assert objects.read(bucket, "key") == b"new"
    replaced.join()
    assert objects.read(bucket, "other") is None
    assert objects.read("nowhere", "key") is None
