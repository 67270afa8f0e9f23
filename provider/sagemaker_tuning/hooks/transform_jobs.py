"""Batch transform's calls, through the client of whichever hook."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.hooks.failures import LogTails, logs_client, refusal
from sagemaker_tuning.hooks.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

LOG_GROUP = "/aws/sagemaker/TransformJobs"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""

log = logging.getLogger(__name__)

_LIVE = frozenset({"InProgress", "Stopping"})
_MAX_STREAMS = 4
_MAX_LINES = 10


class TransformJobs:
    """Transform jobs, and models by parts of their names.

    Every method raises ``AwsCallFailed`` where AWS refuses or does not answer.

    Args:
        hook: Whose client makes the calls.
    """

    def __init__(self, hook: SageMakerTuningHook) -> None:
        self._hook = hook

    def create(self, **request: Any) -> None:
        """Call CreateTransformJob."""
        self._call("CreateTransformJob", **request)

    def find(self, name: str) -> dict[str, Any] | None:
        """Call DescribeTransformJob; None if there is no such job."""
        try:
            return self._call("DescribeTransformJob", TransformJobName=name)
        except TuningJobNotFound:
            return None

    def stop(self, name: str) -> bool:
        """Call StopTransformJob unless the job has ended or is not there; say if it was called."""
        job = self.find(name)
        if job is None or job["TransformJobStatus"] != "InProgress":
            return False
        try:
            self._call("StopTransformJob", TransformJobName=name)
        except AwsCallFailed:
            # AWS refuses to stop an ended job; which refusal it was, only its status can tell.
            job = self.find(name)
            if job is not None and job["TransformJobStatus"] == "InProgress":
                raise
            return False
        return True

    def names_with(self, part: str, status: str | None = None) -> Iterator[str]:
        """Give the names of all transform jobs whose names contain a text, of a status or any."""
        request = {"NameContains": part, **({"StatusEquals": status} if status else {})}
        for page in self._pages("ListTransformJobs", **request):
            yield from (job["TransformJobName"] for job in page["TransformJobSummaries"])

    def model_names_with(self, part: str) -> Iterator[str]:
        """Give the names of all models whose names contain a text."""
        for page in self._pages("ListModels", NameContains=part):
            yield from (model["ModelName"] for model in page["Models"])

    def last_words(self, name: str) -> str:
        """Give the last lines of a job's log, each indented; or why there are none.

        Never raises: what is being explained must not be hidden by it.
        """
        try:
            tails = LogTails(logs_client(self._hook), log_group=LOG_GROUP, chosen=_newest)
            lines = tails.read(name, _MAX_LINES)
        except ClientError as error:
            return f"(no log lines: {refusal(error)})"
        except BotoCoreError as error:
            return f"(no log lines: {type(error).__name__}: {error})"
        except Exception as error:
            log.warning("The log of %s could not be read", name, exc_info=True)
            return f"(no log lines: {type(error).__name__})"
        said = "\n".join(f"    | {line}" for line in lines)
        return said or f"(no log lines: there are none in {LOG_GROUP})"

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        with translated(operation, request):
            answer: dict[str, Any] = getattr(self._hook.conn, xform_name(operation))(**request)
        return answer

    def _pages(self, operation: str, **request: Any) -> Iterator[dict[str, Any]]:
        with translated(operation, request):
            yield from self._hook.conn.get_paginator(xform_name(operation)).paginate(**request)


def stop_transform_job(hook: SageMakerTuningHook, name: str) -> None:
    """Stop a transform job; one that has ended, or is not there, is left as it is."""
    TransformJobs(hook).stop(name)


def is_live(job: dict[str, Any]) -> bool:
    """Whether a described job has not ended."""
    return job["TransformJobStatus"] in _LIVE


def _newest(streams: list[str]) -> dict[str, str]:
    """Choose the last streams; the container's, and ``…/data-log`` that says which data failed."""
    return {stream.partition("/")[2]: stream for stream in sorted(streams)[-_MAX_STREAMS:]}
