"""Objects in S3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_URI = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.*[^/])")


def object_of(uri: str, path: str) -> tuple[str, str]:
    """Split an object's URI into bucket and key.

    Raises:
        InvalidTuningRequest: It is none; ``path`` says where it was given.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise InvalidTuningRequest([Violation(path, repr(uri), "s3://<bucket>/<key>")])
    return found["bucket"], found["key"]


def put_object(hook: SageMakerTuningHook, bucket: str, key: str, data: bytes) -> None:
    """Write an object, in place of one that is there.

    The amazon provider's hook does it, so that the connection's settings for S3 hold, and the
    object is in the task's lineage.

    Raises:
        AwsCallFailed: It was refused or not answered.
    """
    s3 = S3Hook(
        aws_conn_id=hook.aws_conn_id,
        region_name=hook.conn.meta.region_name,
        verify=hook.verify,
        config=hook.config,
    )
    try:
        s3.load_bytes(data, key=key, bucket_name=bucket, replace=True)
    except (ClientError, BotoCoreError) as error:
        answer = error.response if isinstance(error, ClientError) else {}
        raise AwsCallFailed(
            f"s3://{bucket}/{key} could not be written: {error}",
            operation="PutObject",
            code=answer.get("Error", {}).get("Code") or type(error).__name__,
            request_id=answer.get("ResponseMetadata", {}).get("RequestId"),
        ) from error
