"""The first rows of data in S3, with as little of it fetched as will do."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.config import Config
from botocore.response import StreamingBody

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.hooks.first_rows import first_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook


class FakeS3:
    """A bucket of these objects, which keeps what ranges were fetched."""

    def __init__(self, **objects: bytes) -> None:
        self._objects = {key.replace("__", "/"): data for key, data in objects.items()}
        self.fetched: list[tuple[str, str]] = []

    def get_paginator(self, name: str) -> Any:
        assert name == "list_objects_v2"
        return self

    def paginate(self, **request: str) -> Iterator[dict[str, Any]]:
        found = [key for key in sorted(self._objects) if key.startswith(request["Prefix"])]
        yield {"Contents": [{"Key": key, "Size": len(self._objects[key])} for key in found]}

    def get_object(self, **request: str) -> dict[str, Any]:
        self.fetched.append((request["Key"], request["Range"]))
        start, _, end = request["Range"].removeprefix("bytes=").partition("-")
        data = self._objects[request["Key"]][int(start) : int(end) + 1]
        return {"Body": StreamingBody(BytesIO(data), len(data))}


def _rows(s3: FakeS3, uri: str, count: int) -> list[str]:
    hook = SimpleNamespace(
        config=Config(),
        verify=None,
        region_name="us-east-1",
        conn_config=SimpleNamespace(get_service_endpoint_url=lambda _: None),
        get_session=lambda **_: SimpleNamespace(client=lambda *_, **__: s3),
    )
    return first_rows(cast("AwsBaseHook", hook), uri, count)


def test_only_the_beginning_is_fetched() -> None:
    """Of ten megabytes, what ten rows need."""
    s3 = FakeS3(a=b"1,2,3\n" * 1_700_000, b=b"4\n")
    assert _rows(s3, "s3://bucket/", 10) == ["1,2,3"] * 10
    assert s3.fetched == [("a", "bytes=0-65535")]


def test_rows_across_ranges_are_whole() -> None:
    """Wherever a range cuts one."""
    row = "0.123456789," * 1000
    s3 = FakeS3(a="\n".join([row] * 20).encode())
    assert _rows(s3, "s3://bucket/a", 20) == [row] * 20
    assert len(s3.fetched) == 4


def test_objects_follow_one_another_by_name() -> None:
    """Blank lines are no rows, and neither is an empty object; an object's own name is its own."""
    s3 = FakeS3(t___SUCCESS=b"", t__a=b"1\r\n\n2", t__ab=b"3\n")
    assert _rows(s3, "s3://bucket/t/", 5) == ["1\r", "2", "3"]
    assert _rows(s3, "s3://bucket/t/a", 5) == ["1\r", "2"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "has no rows"),
        (b"\n\n", "has no rows"),
        (b"\x1f\x8b\x08\xff\xfe", "no text, or compressed"),
        (b"1" * (7 * 1024 * 1024), "over 6 MiB"),
    ],
    ids=["empty", "blank", "compressed", "endless"],
)
def test_what_has_no_rows_is_said(data: bytes, words: str) -> None:
    """Before an endpoint is asked."""
    with pytest.raises(InvalidTuningRequest, match=words):
        _rows(FakeS3(a=data), "s3://bucket/a", 3)
    with pytest.raises(InvalidTuningRequest, match="s3://<bucket>"):
        _rows(FakeS3(), "/a", 3)
