"""A mirror of S3 in the data directory: objects outlive the endpoint, however it ends.

moto keeps S3 in memory. Here each of its buckets has a directory, and each object's newest
version a file, named by a digest because keys may be anything: one line of JSON, then the
content. A file is written under another name and then renamed, so that it is whole or not there.
This file and `objects` are all of ours that knows moto's S3.
"""

import hashlib
import json
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.backends import get_backend
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeKey
from moto.s3.utils import _VersionedKeyStore

from sagemaker_tuning.local.names import ACCOUNT_ID

_log = logging.getLogger(__name__)

_BUCKET = "bucket.json"
_UNFINISHED = ".unfinished"
# What is closed is no longer found a moment later.
_REPLACED_SECONDS = 0.001
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class S3Mirror:
    """Writes what changes in S3 to a directory, before the request that changed it is answered.

    What changes outside of requests, as the training jobs' artifacts do, is written at once.

    Args:
        directory: where the mirror is, or will be.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._backend = get_backend("s3")[ACCOUNT_ID]["aws"]
        self._lock = threading.Lock()
        self._request = threading.local()

    def restore(self) -> None:
        """Puts everything mirrored back into S3; what cannot be read is logged and left out."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for bucket in sorted(self._directory.iterdir()):
            with _leaving_out(bucket):
                if _clear_remnant(bucket):
                    continue
                described = json.loads((bucket / _BUCKET).read_bytes())
                name = described["name"]
                made = self._backend.create_bucket(name, described["region"])
                made.creation_date = datetime.fromisoformat(described["creation_date"])
                for file in bucket.iterdir():
                    self._restore_object(name, file)

    def watch(self) -> None:
        """Mirrors every change from now on."""
        buckets = _Buckets(self._changed)
        for name, bucket in self._backend.buckets.items():
            buckets.take(name, bucket)
        self._backend.buckets = buckets

    def around(self, application: WSGIApplication) -> WSGIApplication:
        """An application whose answers wait until what they confirm is mirrored."""

        def mirrored(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            # moto sets an object's metadata after it has put the object.
            changes: dict[tuple[str, str | None], None] = {}
            self._request.changes = changes
            try:
                return application(environ, start_response)
            finally:
                self._request.changes = None
                self._mirror_all(changes)

        return mirrored

    def _restore_object(self, bucket: str, file: Path) -> None:
        if file.name == _BUCKET:
            return
        with _leaving_out(file):
            if file.suffix == _UNFINISHED:
                file.unlink()
                return
            with file.open("rb") as opened:
                described = json.loads(opened.readline())
                content = opened.read()
            if len(content) != described["size"]:
                raise ValueError(f"it has {len(content)} bytes instead of {described['size']}")
            stored = self._backend.put_object(
                bucket,
                described["key"],
                content,
                storage=described["storage_class"],
                etag=described["etag"],
                **described.get("encryption", {}),
            )
            stored.set_metadata(described["metadata"])
            stored.last_modified = datetime.fromisoformat(described["last_modified"])

    def _changed(self, bucket: str, key: str | None) -> None:
        changes = getattr(self._request, "changes", None)
        if changes is None:
            self._mirror(bucket, key)
        else:
            changes[bucket, key] = None

    def _mirror_all(self, changes: Iterable[tuple[str, str | None]]) -> None:
        """Mirrors every change that can be mirrored before it raises the first error."""
        errors = []
        for change in changes:
            try:
                self._mirror(*change)
            except OSError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _mirror(self, bucket: str, key: str | None) -> None:
        """Brings the file of a key, or of a bucket itself, to what S3 has now."""
        directory = self._directory / _directory_name(bucket)
        # One writer at a time, or an older state could be renamed over a newer one.
        with self._lock:
            if key is None:
                _mirror_bucket(directory, self._backend.buckets.get(bucket))
                return
            # Not left to the request that replaces it: this one is answered first, perhaps.
            while (there := self._backend.buckets.get(bucket)) is not None:
                if _mirror_object(directory, key, there.keys.get(key)):
                    return
                time.sleep(_REPLACED_SECONDS)


class _Keys(_VersionedKeyStore):
    """A bucket's keys, which tell of their changes."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._changed = changed

    def setlist(self, key: str, list_: Any) -> None:
        super().setlist(key, list_)
        self._changed(key)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed(key)

    def pop(self, key: str, *default: Any) -> Any:
        popped = super().pop(key, *default)
        self._changed(key)
        return popped


class _Buckets(dict[str, FakeBucket]):
    """All buckets, which tell of their changes and of their keys'."""

    def __init__(self, changed: Callable[[str, str | None], None]) -> None:
        super().__init__()
        self._changed = changed

    def take(self, name: str, bucket: FakeBucket) -> None:
        """Adds a bucket that is mirrored already."""
        keys = _Keys(lambda key: self._changed(name, key))
        dict.update(keys, bucket.keys)  # with the versions as they are
        bucket.keys = keys
        super().__setitem__(name, bucket)

    def __setitem__(self, name: str, bucket: FakeBucket) -> None:
        self.take(name, bucket)
        self._changed(name, None)

    def pop(self, name: str, *default: Any) -> Any:
        bucket = super().pop(name, *default)
        self._changed(name, None)
        return bucket


def _mirror_bucket(directory: Path, bucket: FakeBucket | None) -> None:
    if bucket is None:
        (directory / _BUCKET).unlink(missing_ok=True)  # first: without it there is no bucket
        shutil.rmtree(directory, ignore_errors=True)
        return
    directory.mkdir(exist_ok=True)
    described = {
        "name": bucket.name,
        "region": bucket.region_name,
        "creation_date": bucket.creation_date.isoformat(),
    }
    _write(directory / _BUCKET, json.dumps(described).encode())


def _mirror_object(directory: Path, key: str, stored: object) -> bool:
    """Writes or removes the file of a key; False where the object is just being replaced."""
    file = directory / _digest(key)
    if not isinstance(stored, FakeKey):  # deleted, or its newest version is a delete marker
        file.unlink(missing_ok=True)
        return True
    try:
        content = stored.value
        described = {
            "key": key,
            "size": len(content),
            "etag": _etag(stored),
            "last_modified": stored.last_modified.isoformat(),
            "storage_class": stored.storage_class,
            "encryption": {
                "encryption": stored.encryption,
                "kms_key_id": stored.kms_key_id,
                "bucket_key_enabled": stored.bucket_key_enabled,
            },
            "metadata": dict(stored.metadata),
        }
    except (ValueError, RuntimeError):  # closed, or given its metadata by another thread
        return False
    _write(file, json.dumps(described).encode(), b"\n", content)
    return True


def _etag(stored: FakeKey) -> str:
    with stored.lock:  # which moto does not take, though it may read the content for it
        return stored.etag.strip('"')


def _write(file: Path, *parts: bytes) -> None:
    unfinished = file.with_name(file.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as opened:
            opened.writelines(parts)
        unfinished.replace(file)
    except OSError:
        with suppress(OSError):  # it takes room, which is what there may be none of
            unfinished.unlink()
        raise


def _clear_remnant(directory: Path) -> bool:
    """Removes what a kill leaves of a bucket that is being made or deleted; whether it was one."""
    left = list(directory.iterdir())
    if any(file.suffix != _UNFINISHED for file in left):
        return False
    for file in left:
        file.unlink()
    directory.rmdir()
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _directory_name(bucket: str) -> str:
    return bucket if _PLAIN_NAME.fullmatch(bucket) else _digest(bucket)


@contextmanager
def _leaving_out(path: Path) -> Iterator[None]:
    """Goes on without what cannot be restored."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, S3ClientError) as error:
        _log.warning("%s is not restored to S3: %s", path, error)
