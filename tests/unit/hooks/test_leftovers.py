"""Deleting by the thousand, from services that refuse, or have nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sagemaker_tuning.core.artifacts import Folders
from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.hooks.leftovers import delete_log_streams, delete_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

_FOLDERS = Folders("out/", frozenset({"churn-001-0a"}))
_LOGS = Folders("", frozenset({"churn-001-0a"}))


def _refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said"}}, operation)


class FakeClient:
    """S3 and CloudWatch Logs, as far as clean-up knows them: names, and what is not deleted."""

    def __init__(self, names: list[str], absent: str | None = None) -> None:
        self.names = names
        self.absent = absent
        self.denied: set[str] = set()
        self.batches: list[int] = []

    def get_paginator(self, operation: str) -> FakeClient:
        self.operation = operation
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        if self.absent:
            raise _refusal(self.absent, self.operation)
        prefix = str(request.get("Prefix", request.get("logStreamNamePrefix")))
        before = list(self.names)
        for start in range(0, len(before), 700):
            # S3 goes on after a key, CloudWatch Logs perhaps after so and so many.
            names = self.names if "logStreamNamePrefix" in request else before
            page = [name for name in names if name.startswith(prefix)][start : start + 700]
            yield {
                "Contents": [{"Key": name} for name in page],
                "logStreams": [{"logStreamName": name} for name in page],
            }

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 -- boto3's
        assert Bucket == "bucket"
        keys = {item["Key"] for item in Delete["Objects"]}
        self.batches.append(len(keys))
        self.names = [name for name in self.names if name not in keys or name in self.denied]
        denied = {"Code": "AccessDenied", "Message": "said"}
        return {"Errors": [{"Key": key, **denied} for key in sorted(keys & self.denied)]}

    def delete_log_stream(self, *, logGroupName: str, logStreamName: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        assert logGroupName == "/aws/sagemaker/TrainingJobs"
        if logStreamName in self.denied:
            raise _refusal("ResourceNotFoundException", "DeleteLogStream")
        self.names.remove(logStreamName)
        return {}


def _hook(client: FakeClient) -> AwsBaseHook:
    session = SimpleNamespace(client=lambda _, **__: client)
    hook = SimpleNamespace(
        get_session=lambda **_: session,
        region_name="us-east-1",
        conn_config=SimpleNamespace(get_service_endpoint_url=lambda _: None),
        config=Config(),
        verify=None,
    )
    return cast("AwsBaseHook", hook)


def test_objects_are_deleted_by_the_thousand() -> None:
    """S3 takes no more at once, whatever the pages that it lists."""
    client = FakeClient([f"out/churn-001-0a/{n:04}" for n in range(2100)] + ["out/churn-001-0ab/x"])
    assert delete_objects(_hook(client), "bucket", _FOLDERS) == 2100
    assert client.batches == [1000, 1000, 100]
    assert client.names == ["out/churn-001-0ab/x"]
    assert delete_objects(_hook(client), "bucket", _FOLDERS) == 0


def test_an_object_that_s3_does_not_delete_is_an_error() -> None:
    """S3 says so in an answer that succeeded."""
    client = FakeClient(["out/churn-001-0a/a", "out/churn-001-0a/b"])
    client.denied = {"out/churn-001-0a/b"}
    said = "1 objects .* s3://bucket/out/churn-001-0a/b: AccessDenied: said"
    with pytest.raises(AwsCallFailed, match=said):
        delete_objects(_hook(client), "bucket", _FOLDERS)


def test_log_streams_are_deleted_once_all_are_listed() -> None:
    """One that somebody else deleted meanwhile is not counted, and no error."""
    streams = [f"churn-001-0a/algo-{n}-1700000000" for n in range(800)]
    client = FakeClient([*streams, "churn-001-0ab/algo-1-1700000000"])
    client.denied = {streams[1]}
    assert delete_log_streams(_hook(client), _LOGS) == 799
    assert client.names == [streams[1], "churn-001-0ab/algo-1-1700000000"]


def test_what_is_not_there_has_nothing_in_it() -> None:
    """Neither a bucket nor the log group, which comes with the first training job of a region."""
    assert delete_objects(_hook(FakeClient([], "NoSuchBucket")), "bucket", _FOLDERS) == 0
    assert delete_log_streams(_hook(FakeClient([], "ResourceNotFoundException")), _LOGS) == 0


def test_what_may_not_be_listed_is_an_error() -> None:
    """Nothing was deleted then, and nobody should think it was."""
    with pytest.raises(AwsCallFailed, match="ListObjectsV2 was refused: AccessDenied"):
        delete_objects(_hook(FakeClient([], "AccessDenied")), "bucket", _FOLDERS)
    with pytest.raises(AwsCallFailed, match="DescribeLogStreams was refused"):
        delete_log_streams(_hook(FakeClient([], "AccessDeniedException")), _LOGS)
