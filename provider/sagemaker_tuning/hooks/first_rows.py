"""The first lines of data in S3, without fetching all of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.hooks.services import AwsService
from sagemaker_tuning.hooks.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

_URI = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<prefix>.*))?")
_PART = 64 * 1024
_LONGEST = 6 * 1024 * 1024
"""Bytes of a request to an endpoint, at most.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""


def first_rows(hook: AwsBaseHook, uri: str, count: int) -> list[str]:
    """Read the first lines that are not blank, of an object or of those under a prefix, by name.

    Args:
        hook: Through whose connection S3 is reached.
        uri: Of an object, or of a prefix.
        count: How many, 1 or more; fewer are given if there are no more.

    Raises:
        InvalidTuningRequest: That is no URI of S3's, there are no lines, or they are no text.
        AwsCallFailed: S3 refuses a call.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise _wrong(repr(uri), "s3://<bucket>/<key or prefix>")
    s3 = AwsService(hook, "s3")
    rows: list[str] = []
    size = 0
    for line in _lines(s3, found["bucket"], found["prefix"] or ""):
        size += len(line) + 1
        if size > _LONGEST:
            raise _wrong(f"{uri}: the first {count} rows have over 6 MiB", "smaller rows, or fewer")
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            problem = f"{uri} is no text, or compressed"
            raise _wrong(problem, "lines of text in UTF-8") from error
        if text.strip():
            rows.append(text)
        if len(rows) == count:
            return rows
    if not rows:
        raise _wrong(f"{uri} has no rows", "an object, or a prefix of objects, with rows")
    return rows


def _lines(s3: AwsService, bucket: str, prefix: str) -> Iterator[bytes]:
    for page in s3.pages("ListObjectsV2", Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if found["Size"]:
                yield from _lines_of(s3, bucket, found["Key"], found["Size"])
            if found["Key"] == prefix and found["Size"]:
                return  # that object, not others whose names begin with its own


def _lines_of(s3: AwsService, bucket: str, key: str, size: int) -> Iterator[bytes]:
    rest = b""
    for start in range(0, size, _PART):
        end = start + _PART - 1
        answer = s3.call("GetObject", Bucket=bucket, Key=key, Range=f"bytes={start}-{end}")
        with translated("GetObject", {"Key": key}):
            data = answer["Body"].read()
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST:
            raise _wrong(f"s3://{bucket}/{key} has a row of over 6 MiB", "smaller rows")
    yield rest


def _wrong(problem: str, rule: str) -> InvalidTuningRequest:
    return InvalidTuningRequest([Violation("data", problem, rule)])
