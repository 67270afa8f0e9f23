"""Manifest files: the objects of a channel, listed in an object of their own.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

import json
from collections.abc import Sequence
from pathlib import Path

from sagemaker_tuning.local import objects


def download(uri: str, directory: Path) -> None:
    """Writes the objects that the manifest at the URI lists below a directory, by their suffixes.

    Raises:
        S3AccessError: there is no such object, it is no manifest, or one that it lists is not there
            or cannot be saved as a file of its own.
    """
    prefix, suffixes = listed(uri)
    for suffix in suffixes:
        objects.download_object(prefix + suffix, directory, suffix.lstrip("/"))


def listed(uri: str) -> tuple[str, Sequence[str]]:
    """The prefix in the manifest at the URI, and what is appended to it.

    Raises:
        S3AccessError: there is no such object, or it is no manifest.
    """
    content = objects.read(*objects.parse_uri(uri))
    if content is None:
        raise objects.S3AccessError(objects.no_objects_message(uri))
    return _parse(content, uri)


def _parse(content: bytes, uri: str) -> tuple[str, Sequence[str]]:
    try:
        match json.loads(content):
            case [{"prefix": str() as prefix}, *suffixes] if _are_suffixes(prefix, suffixes):
                return prefix, suffixes
    except (ValueError, RecursionError):
        pass
    raise objects.S3AccessError(
        f"The S3 object {uri} is not a manifest file: a JSON array of an object with the key"
        ' prefix, such as {"prefix": "s3://bucket/some/prefix/"}, and at least one text to be'
        " appended to it."
    )


def _are_suffixes(prefix: str, suffixes: Sequence[object]) -> bool:
    return (
        prefix.startswith("s3://")
        and bool(suffixes)
        and all(isinstance(suffix, str) for suffix in suffixes)
    )
