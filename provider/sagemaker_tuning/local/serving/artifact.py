"""A model out of its artifact: the one file that XGBoost reads.

Nothing is unpacked to disk, and nothing is unpickled: an archive may come from anywhere.
"""

import io
import lzma
import posixpath
import tarfile
import zlib
from typing import Final

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.serving.failures import ServingError
from sagemaker_tuning.local.wire import Document

MODEL_NAME: Final = "xgboost-model"

# A small archive can unpack to any size; no model that a laptop trains comes near this.
_LARGEST_MODEL: Final = 2**30
_PICKLE: Final = b"\x80"


def load(container: Document) -> bytes:
    """The model of a container definition.

    Raises:
        ServingError: it is not there, or is not one.
    """
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is not None and source.get("CompressionType") == "None":
        uri = source["S3Uri"]
        if source["S3DataType"] == "S3Prefix":
            uri = f"{uri.rstrip('/')}/{MODEL_NAME}"
        model = _read(uri)
    else:
        uri = container.get("ModelDataUrl") if source is None else source["S3Uri"]
        if uri is None:
            raise ServingError("The container has no model data: it needs a ModelDataUrl.")
        model = _extract(_read(uri), uri)
    if model.startswith(_PICKLE):
        raise ServingError(
            "The model is a pickled object, as of old versions of the container. The local"
            " SageMaker endpoint unpickles nothing; save it with Booster.save_model."
        )
    return model


def _read(uri: str) -> bytes:
    content = objects.read(*objects.parse_uri(uri))
    if content is None:
        raise ServingError(f"Failed to download model data: there is no object {uri}.")
    return content


def _extract(archive: bytes, uri: str) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as tar:
            found = None
            for member in tar:
                _require_plain(member, uri)
                if posixpath.normpath(member.name) == MODEL_NAME and member.isfile():
                    found = _content(tar, member, uri)
    # What is no archive, or one that is damaged, shows in as many ways as there are formats.
    except (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise ServingError(f"Failed to extract model data {uri}: {error}.") from error
    if found is None:
        raise ServingError(f"The model data {uri} has no file {MODEL_NAME} in its root.")
    return found


def _require_plain(member: tarfile.TarInfo, uri: str) -> None:
    parts = member.name.split("/")
    if member.name.startswith("/") or ".." in parts or not (member.isfile() or member.isdir()):
        raise ServingError(
            f"The model data {uri} has the member {member.name!r}. Files and directories below"
            " the archive's root are taken, no links, absolute paths or '..'."
        )


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, uri: str) -> bytes:
    if member.size > _LARGEST_MODEL:
        raise ServingError(
            f"The model in {uri} has {member.size} bytes; at most {_LARGEST_MODEL} are taken."
        )
    file = tar.extractfile(member)
    return b"" if file is None else file.read()
