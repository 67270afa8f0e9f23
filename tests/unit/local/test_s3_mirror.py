"""The mirror of S3: what a request has confirmed is in its directory, whatever else goes on."""

import logging
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.s3_mirror import S3Mirror

BUCKET = "mirrored"


def bucket_accounts() -> Any:
    """Where moto notes that a bucket's name is taken."""
    backends: Any = get_backend("s3")
    return backends.bucket_accounts


@pytest.fixture
def s3() -> Iterator[Any]:
    """S3 without any bucket; those of other tests are back afterwards."""
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    accounts = bucket_accounts()
    others, their_accounts = backend.buckets, dict(accounts)
    backend.buckets = {}
    accounts.clear()
    yield backend
    backend.buckets = others
    accounts.clear()
    accounts.update(their_accounts)


@pytest.fixture
def mirror(s3: Any, tmp_path: Path) -> S3Mirror:
    """One that watches S3, where there is one bucket."""
    mirror = S3Mirror(tmp_path)
    mirror.restore()
    mirror.watch()
    s3.create_bucket(BUCKET, "us-east-1")
    return mirror


def request(mirror: S3Mirror, work: Callable[[], object]) -> None:
    """Does the work as a request does it."""
    mirror.around(lambda *_: [str(work()).encode()])({}, lambda *_, **__: lambda _: None)


def kept(directory: Path) -> set[bytes]:
    """The content of every object that another endpoint would restore."""
    files = (directory / BUCKET).iterdir()
    return {file.read_bytes().partition(b"\n")[2] for file in files if not file.suffix}


def test_a_write_that_is_overtaken_is_answered_when_the_newer_one_is_kept(
    mirror: S3Mirror, s3: Any, tmp_path: Path
) -> None:
    """A kill between both would else bring back what was there before either."""
    s3.put_object(BUCKET, "key", b"before")
    newer = threading.Timer(0.05, lambda: s3.put_object(BUCKET, "key", b"newer"))

    def overtaken() -> None:
        s3.put_object(BUCKET, "key", b"older").dispose()  # which is how moto begins to replace it
        newer.start()

    request(mirror, overtaken)
    assert kept(tmp_path) == {b"newer"}
    newer.join()


def test_a_write_that_fails_takes_no_room_and_no_other_with_it(
    mirror: S3Mirror, s3: Any, tmp_path: Path
) -> None:
    """As on a full disk: what else the request changed is kept, and nothing half-written is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def two() -> None:
        s3.put_object(BUCKET, "large", bytes(100_000))
        s3.put_object(BUCKET, "small", b"1")

    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            request(mirror, two)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert kept(tmp_path) == {b"1"}
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_bucket_half_made_or_half_deleted_is_no_bucket(
    s3: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A kill leaves a directory without its description, which is nothing to warn of."""
    (tmp_path / "half-deleted").mkdir()
    (tmp_path / "half-made").mkdir()
    (tmp_path / "half-made" / "bucket.json.unfinished").write_bytes(b"{")
    with caplog.at_level(logging.WARNING):
        S3Mirror(tmp_path).restore()
    assert caplog.messages == []
    assert s3.buckets == {}
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_cleared_away_stands_in_no_objects_way(
    mirror: S3Mirror, s3: Any, tmp_path: Path
) -> None:
    """A directory where a file should be is left alone."""
    request(mirror, lambda: s3.put_object(BUCKET, "key", b"1"))
    (tmp_path / BUCKET / "0.unfinished" / "deep").mkdir(parents=True)
    s3.buckets = {}
    bucket_accounts().clear()
    S3Mirror(tmp_path).restore()
    assert s3.get_object(BUCKET, "key").value == b"1"
