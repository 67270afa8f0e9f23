"""Objects in S3: what training jobs read, and the artifacts that they leave.

They are read from and written to moto's backend itself rather than through a client: an upload
costs 0.1 ms of processor time that way and 6 ms through boto3 and HTTP, which for short training
jobs would be a good part of the whole. This file and `s3_mirror` are all of ours that know moto's
S3.
"""

import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from moto.backends import get_backend
from moto.s3.exceptions import S3ClientError

from sagemaker_tuning.local.names import ACCOUNT_ID

# Models hardly shrink further at higher levels, which take several times as long.
_GZIP_LEVEL = 1

# What is closed is no longer found a moment later.
_REPLACED_SECONDS = 0.001
_PIECE = 2**20


class S3AccessError(Exception):
    """The bucket or the objects are not there; the message begins as AWS's does."""


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key (or key prefix, possibly empty) of an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def exist(uri: str) -> bool:
    """Whether any object's key begins with the URI's prefix."""
    return any(True for _ in keys(uri))


def download(uri: str, directory: Path) -> None:
    """Writes every object whose key begins with the URI's prefix below a directory.

    A file's path is the rest of the key after the prefix's folder: after the whole prefix where
    that ends with the name of a folder, after its last slash where it ends within a name.

    Raises:
        S3AccessError: there is no such object, or a key that cannot be saved as a file of its own.
    """
    bucket, prefix = parse_uri(uri)
    found = False
    for key in keys(uri):
        found = True
        if key.endswith("/"):  # the marker of an empty folder
            continue
        content = read(bucket, key)
        if content is None:  # deleted since it was listed
            continue
        _save(content, directory, path_below(key, prefix), uri=f"s3://{bucket}/{key}")
    if not found:
        raise S3AccessError(no_objects_message(uri))


def download_object(uri: str, directory: Path, path: str) -> None:
    """Writes one object to a path below a directory.

    Raises:
        S3AccessError: there is no such object, or it cannot be saved there as a file of its own.
    """
    content = read(*parse_uri(uri))
    if content is None:
        raise S3AccessError(no_objects_message(uri))
    _save(content, directory, path, uri=uri)


def read(bucket: str, key: str) -> bytes | None:
    """An object's content; None where there is no such object."""
    while True:
        try:
            stored = _backend().get_object(bucket, key)
            content: bytes | None = None if stored is None else stored.value
        except S3ClientError:
            return None
        except ValueError:  # moto closes an object that is replaced, whoever reads it
            time.sleep(_REPLACED_SECONDS)
        else:
            return content


def copy(bucket: str, key: str, file: BinaryIO) -> bool:
    """Writes an object to an empty file, piece by piece; False where there is no such object."""
    while True:
        try:
            stored = _backend().get_object(bucket, key)
            if stored is None:
                return False
            file.writelines(_pieces(stored))
        except S3ClientError:
            return False
        except ValueError:  # as above; of the one that was replaced nothing is kept
            file.seek(0)
            file.truncate()
            time.sleep(_REPLACED_SECONDS)
        else:
            return True


def _pieces(stored: Any) -> Iterator[bytes]:
    content = stored._value_buffer  # noqa: SLF001 -- moto has no other way that is not the whole
    position = 0
    while True:
        with stored.lock:  # all who read have one position
            content.seek(position)
            piece = content.read(_PIECE)
        if not piece:
            return
        yield piece
        position += len(piece)


def path_below(key: str, prefix: str) -> str:
    """A key's path below a prefix, by the rule of `download`."""
    rest = key.removeprefix(prefix)
    if rest.startswith("/") and not prefix.endswith("/"):
        return rest[1:]
    return key[prefix.rfind("/") + 1 :]


def _save(content: bytes, directory: Path, path: str, *, uri: str) -> None:
    try:
        target = _below(directory, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:  # two keys may come down to one path
            file.write(content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        bucket, key = parse_uri(uri)
        raise S3AccessError(
            f'Cannot save as a file, {reason}: bucket "{bucket}", key "{key}".'
        ) from error


def _below(directory: Path, path: str) -> Path:
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError(f"a part of its path {path!r} is empty, . or ..")
    return directory / path


def no_objects_message(uri: str) -> str:
    """AWS's words for an input without objects."""
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that'
        " the bucket exists in the selected region, that objects exist under that S3 prefix, and"
        " that the role has access to them."
    )


def require_bucket(uri: str, *, what: str = "Artifact") -> None:
    """Finds out early what an upload would.

    Args:
        uri: where there will be uploads to.
        what: what they will be of, which the error says.

    Raises:
        S3AccessError: the URI's bucket does not exist.
    """
    bucket, _ = parse_uri(uri)
    try:
        _backend().get_bucket(bucket)
    except S3ClientError as error:
        raise _upload_failed(what, bucket, error) from error


def upload_archive(directory: Path, uri: str) -> None:
    """Uploads a directory's content as a gzipped tar archive, names relative to the directory.

    Raises:
        S3AccessError: the bucket does not exist.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=_GZIP_LEVEL) as tar:
        for path in sorted(directory.iterdir()):
            tar.add(path, arcname=path.name)
    upload(uri, archive.getvalue())


def upload_files(directory: Path, uri: str) -> None:
    """Uploads every file below a directory under the URI, which ends with a slash.

    Raises:
        S3AccessError: the bucket does not exist.
    """
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            upload(f"{uri}{path.relative_to(directory).as_posix()}", path.read_bytes())


def upload(uri: str, content: bytes, *, what: str = "Artifact") -> None:
    """Uploads one object.

    Args:
        uri: where.
        content: its content.
        what: what it is, which the error says.

    Raises:
        S3AccessError: the bucket does not exist.
    """
    bucket, key = parse_uri(uri)
    try:
        _backend().put_object(bucket, key, content)
    except S3ClientError as error:
        raise _upload_failed(what, bucket, error) from error


def delete(uri: str) -> None:
    """Deletes a checkpoint, the one object of ours that is; harmless where it is not there.

    Raises:
        S3AccessError: the bucket does not exist.
    """
    bucket, key = parse_uri(uri)
    try:
        _backend().delete_object(bucket, key)
    except S3ClientError as error:
        raise _upload_failed("Checkpoint", bucket, error) from error


def _upload_failed(what: str, bucket: str, error: S3ClientError) -> S3AccessError:
    return S3AccessError(f"{what} upload failed: {error.message}, bucket: {bucket}")


def keys(uri: str) -> Iterator[str]:
    """The keys of all objects whose key begins with the URI's prefix, in no order."""
    bucket, prefix = parse_uri(uri)
    try:
        stored = _backend().get_bucket(bucket)
    except S3ClientError:
        return
    # A copy, made in one step: requests write to the same dictionary from other threads.
    for key in list(stored.keys):
        if key.startswith(prefix) and _backend().get_object(bucket, key) is not None:
            yield key


def _backend() -> Any:
    return get_backend("s3")[ACCOUNT_ID]["aws"]
