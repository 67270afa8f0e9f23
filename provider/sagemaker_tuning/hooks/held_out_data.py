"""Held-out data in S3, and what batch transform made of it."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    ScoringFailed,
    Violation,
)
from sagemaker_tuning.core.naming import digest_of
from sagemaker_tuning.core.predictions import Predictions, count_columns, output_of
from sagemaker_tuning.hooks.translation import translated

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sagemaker_tuning.hooks.services import AwsService

_URI = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<key>.*))?")
_CHUNK = 1 << 20
_NOT_THERE = frozenset({"NoSuchBucket", "NoSuchKey", "404"})


@dataclass(frozen=True, slots=True)
class HeldOutData:
    """The objects of an S3 URI that have content.

    Attributes:
        uri: What all of them begin with.
        bucket: Their bucket.
        keys: Their keys, in their order; one or more.
        digest: Stands for which objects they are, and their contents.
    """

    uri: str
    bucket: str
    keys: tuple[str, ...]
    digest: str

    @classmethod
    def at(cls, s3: AwsService, uri: str) -> Self:
        """List what a transform job would read: all objects whose keys begin as the URI says.

        Raises:
            InvalidTuningRequest: There is none.
            AwsCallFailed: S3 refuses (``s3:ListBucket``), or does not answer.
        """
        bucket, prefix = place_of(uri, "data")
        found: list[tuple[str, str]] = []
        try:
            for page in s3.pages("ListObjectsV2", Bucket=bucket, Prefix=prefix):
                objects = page.get("Contents", [])
                found += [(each["Key"], each["ETag"]) for each in objects if each["Size"]]
        except AwsCallFailed as error:
            if error.code != "NoSuchBucket":
                raise
        if not found:
            problem = f"no object with content has a key that begins so: {uri!r}"
            rule = "CSV without a header, the label first"
            raise InvalidTuningRequest([Violation("data", problem, rule)])
        keys = tuple(key for key, _ in found)
        return cls(uri, bucket, keys, digest_of(bucket, sorted(found)))

    def columns(self, s3: AwsService) -> int:
        """Give how many columns the first row has.

        Raises:
            ScoringFailed: There is no row in any of the objects.
            AwsCallFailed: S3 refuses, or does not answer.
        """
        for key in self.keys:
            with closing(_lines(s3, self.bucket, key)) as lines:
                for line in lines:
                    if line.strip():
                        return count_columns(line)
        msg = f"there is no row in {', '.join(self.keys)}"
        raise ScoringFailed(msg)


@dataclass(frozen=True, slots=True)
class TransformOutput:
    """What a transform job wrote for held-out data.

    Attributes:
        bucket: Where it is.
        place: What its keys begin with; ends in ``/``.
        data: What it was made of.
        keys: The key of the output of each of the data's objects that has one.
    """

    bucket: str
    place: str
    data: HeldOutData
    keys: Mapping[str, str]

    @classmethod
    def at(cls, s3: AwsService, uri: str, data: HeldOutData) -> Self:
        """Look for the output of each object.

        Raises:
            AwsCallFailed: S3 refuses, or does not answer.
        """
        bucket, place = place_of(f"{uri.rstrip('/')}/", "s3_output_path")
        pages = s3.pages("ListObjectsV2", Bucket=bucket, Prefix=place)
        there = [
            found["Key"].removeprefix(place) for page in pages for found in page.get("Contents", [])
        ]
        outputs = {key: output_of(key, there) for key in data.keys}
        return cls(bucket, place, data, {key: out for key, out in outputs.items() if out})

    @property
    def missing(self) -> list[str]:
        """Keys of the data's objects that have no output of their own."""
        uses = Counter(self.keys.values())
        return [key for key in self.data.keys if uses[self.keys.get(key, "")] != 1]

    def read(self, s3: AwsService, first: int) -> Predictions:
        """Read all of it, line by line.

        Args:
            s3: Where it is.
            first: The index of the column from which on there are predictions, 1 or more.

        Raises:
            ScoringFailed: Something in it is no prediction.
            AwsCallFailed: S3 refuses, or does not answer.
        """
        predictions = Predictions()
        for key, output in self.keys.items():
            predictions.read(key, _lines(s3, self.bucket, self.place + output), first)
        if not predictions.labels:
            msg = f"there is no row in {', '.join(self.keys)}"
            raise ScoringFailed(msg)
        return predictions


def place_of(uri: str, path: str) -> tuple[str, str]:
    """Split an S3 URI into bucket and the beginning of keys, which may be empty.

    Raises:
        InvalidTuningRequest: It is none; ``path`` says where it was given.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        rule = "s3://<bucket>/<beginning of keys>"
        raise InvalidTuningRequest([Violation(path, repr(uri), rule)])
    return found["bucket"], found["key"] or ""


def _lines(s3: AwsService, bucket: str, key: str) -> Generator[bytes]:
    request = {"Bucket": bucket, "Key": key}
    try:
        body = s3.call("GetObject", **request)["Body"]
    except AwsCallFailed as error:
        if error.code not in _NOT_THERE:
            raise
        msg = f"s3://{bucket}/{key} is not there any more"
        raise ScoringFailed(msg, is_retried=True) from error
    with translated("GetObject", request), closing(body):
        yield from body.iter_lines(chunk_size=_CHUNK)
