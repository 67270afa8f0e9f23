"""Delete what training jobs left in S3 and in CloudWatch Logs."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.hooks.failures import LOG_GROUP
from sagemaker_tuning.hooks.services import AwsService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    from sagemaker_tuning.core.artifacts import Folders

log = logging.getLogger(__name__)

_BATCH = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


def delete_objects(hook: AwsBaseHook, bucket: str, folders: Folders) -> int:
    """Delete the objects in the folders; give how many there were.

    Raises:
        AwsCallFailed: S3 refuses a call, or to delete an object.
    """
    s3 = AwsService(hook, "s3")
    keys = _keys(s3, bucket, folders)
    count = 0
    while batch := [{"Key": key} for key in islice(keys, _BATCH)]:
        delete = {"Objects": batch, "Quiet": True}
        errors = s3.call("DeleteObjects", Bucket=bucket, Delete=delete).get("Errors", [])
        if errors:
            raise _not_deleted(bucket, errors)
        count += len(batch)
    return count


def _keys(s3: AwsService, bucket: str, folders: Folders) -> Iterator[str]:
    try:
        for page in s3.pages("ListObjectsV2", Bucket=bucket, Prefix=folders.prefix):
            keys = (found["Key"] for found in page.get("Contents", []))
            yield from filter(folders.has, keys)
    except AwsCallFailed as error:
        if error.code != "NoSuchBucket":
            raise
        log.info("The bucket %s is not there, so there is nothing to delete in it", bucket)


def _not_deleted(bucket: str, errors: list[dict[str, Any]]) -> AwsCallFailed:
    first = errors[0]
    key, code = first.get("Key"), first.get("Code", "")
    return AwsCallFailed(
        f"DeleteObjects left {len(errors)} objects where they were, the first of them "
        f"s3://{bucket}/{key}: {code}: {first.get('Message')}",
        operation="DeleteObjects",
        code=code,
    )


def delete_log_streams(hook: AwsBaseHook, folders: Folders) -> int:
    """Delete the log streams in the folders; give how many there were.

    Raises:
        AwsCallFailed: CloudWatch Logs refuses a call.
    """
    logs = AwsService(hook, "logs")
    # All names first: what is deleted would shift the pages.
    names = list(_log_streams(logs, folders))
    return sum(
        _ignoring_absent(logs, "DeleteLogStream", logGroupName=LOG_GROUP, logStreamName=name)
        for name in names
    )


def _log_streams(logs: AwsService, folders: Folders) -> Iterator[str]:
    request = {"logGroupName": LOG_GROUP, "logStreamNamePrefix": folders.prefix}
    try:
        for page in logs.pages("DescribeLogStreams", **request):
            yield from filter(folders.has, (found["logStreamName"] for found in page["logStreams"]))
    except AwsCallFailed as error:
        if error.code != "ResourceNotFoundException":
            raise
        log.info("The log group %s is not there, so there is nothing to delete in it", LOG_GROUP)


def _ignoring_absent(logs: AwsService, operation: str, **request: Any) -> bool:
    try:
        logs.call(operation, **request)
    except AwsCallFailed as error:
        if error.code == "ResourceNotFoundException":
            return False
        raise
    return True
