"""What of a checkpoint directory is in S3, and when."""

import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.objects import S3AccessError
from sagemaker_tuning.local.runner.checkpoints import Checkpoints
from tests.unit.local.runner.fakes import DEADLINE_SECONDS


@pytest.fixture
def s3() -> Any:
    return get_backend("s3")[ACCOUNT_ID]["aws"]


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(name, "us-east-1")
    return name


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "checkpoints"
    made.mkdir()
    return made


def contents(s3: Any, bucket: str) -> dict[str, str]:
    """All objects, which are below the same folder."""
    keys = list(s3.get_bucket(bucket).keys)
    return {key.removeprefix("ck/job/"): s3.get_object(bucket, key).value.decode() for key in keys}


def wait_for(s3: Any, bucket: str, expected: dict[str, str]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (seen := contents(s3, bucket)) != expected:
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)


def test_what_changes_is_copied_while_it_runs(s3: Any, bucket: str, directory: Path) -> None:
    """New files, other contents and deletions; at the end what nobody had time to copy."""
    checkpoints = Checkpoints(f"s3://{bucket}/ck/job", directory)
    checkpoints.restore()
    with checkpoints.copied():
        (directory / "a").write_text("1")
        (directory / "deep").mkdir()
        (directory / "deep" / "b").write_text("2")
        wait_for(s3, bucket, {"a": "1", "deep/b": "2"})
        (directory / "a").write_text("3")
        (directory / "deep" / "b").unlink()
        wait_for(s3, bucket, {"a": "3"})
        (directory / "last").write_text("4")
    assert contents(s3, bucket) == {"a": "3", "last": "4"}


def test_what_is_in_s3_is_not_copied_again(s3: Any, bucket: str, directory: Path) -> None:
    """Neither what was there before nor what was copied once; what is deleted then is deleted."""
    for key in ("ck/job/kept", "ck/job/gone", "ck/job-2/other"):
        s3.put_object(bucket, key, b"1")
    checkpoints = Checkpoints(f"s3://{bucket}/ck/job", directory)
    checkpoints.restore()
    assert sorted(path.name for path in directory.iterdir()) == ["gone", "kept"]
    first = s3.get_object(bucket, "ck/job/kept")
    with checkpoints.copied():
        (directory / "gone").unlink()
    assert s3.get_object(bucket, "ck/job/kept") is first
    assert contents(s3, bucket).keys() == {"kept", "ck/job-2/other"}


def test_a_change_that_time_and_size_do_not_tell_is_copied(
    s3: Any, bucket: str, directory: Path
) -> None:
    """A file may change again within one tick of the file system's clock."""
    checkpoints = Checkpoints(f"s3://{bucket}/ck/job", directory)
    checkpoints.restore()
    file = directory / "a"
    with checkpoints.copied():
        moment = time.time_ns() + 10**9 * DEADLINE_SECONDS
        file.write_text("1")
        os.utime(file, ns=(moment, moment))
        wait_for(s3, bucket, {"a": "1"})
        file.write_text("2")
        os.utime(file, ns=(moment, moment))
    assert contents(s3, bucket) == {"a": "2"}


def test_only_files_that_are_checkpoints_are_copied(s3: Any, bucket: str, directory: Path) -> None:
    """What SageMaker's containers mark as none is not, nor is a pipe; names may be any bytes."""
    checkpoints = Checkpoints(f"s3://{bucket}/ck/job", directory)
    checkpoints.restore()
    with checkpoints.copied():
        os.mkfifo(directory / "pipe")
        for name in ("a", "a.sagemaker-uploading", "b.sagemaker-ignore"):
            (directory / name).write_text("1")
        (directory / "link").symlink_to("a")
        (directory / "loop").symlink_to(".", target_is_directory=True)
        Path(os.fsdecode(os.fsencode(directory) + b"/\xff")).write_text("2")
    assert contents(s3, bucket) == {"a": "1", "link": "1", "\ufffd": "2"}


def test_a_bucket_that_goes_is_told_at_the_end(s3: Any, bucket: str, directory: Path) -> None:
    """Not in the middle of the training, nor instead of what went wrong there."""
    checkpoints = Checkpoints(f"s3://{bucket}/ck/job", directory)
    checkpoints.restore()
    ended = []

    def train() -> None:
        with checkpoints.copied():
            s3.delete_bucket(bucket)
            (directory / "a").write_text("1")
            ended.append(True)

    with pytest.raises(S3AccessError, match=bucket):
        train()
    assert ended
    with pytest.raises(S3AccessError, match=bucket):
        checkpoints.restore()
    again = Checkpoints(f"s3://{bucket}/ck/job", directory)
    with pytest.raises(RuntimeError, match="no fork"), again.copied():
        raise RuntimeError("no fork today")
