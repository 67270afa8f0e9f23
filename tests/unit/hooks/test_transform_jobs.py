"""Transform jobs that end while they are being stopped, and what they last said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.hooks.transform_jobs import TransformJobs

if TYPE_CHECKING:
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said"}}, "Operation")


class FakeClient:
    """SageMaker with one job, whose status at each look is given; it cannot be stopped."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.stops = 0

    def describe_transform_job(self, *, TransformJobName: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        if not self.statuses:
            raise _refusal("ResourceNotFound")
        return {
            "TransformJobName": TransformJobName,
            "TransformJobStatus": self.statuses.pop(0),
            "ResponseMetadata": {},
        }

    def stop_transform_job(self, **_: str) -> None:
        self.stops += 1
        raise _refusal("ValidationException")


def _jobs(client: FakeClient) -> TransformJobs:
    return TransformJobs(cast("SageMakerTuningHook", SimpleNamespace(conn=client)))


@pytest.mark.parametrize("statuses", [(), ("Completed",), ("Stopping",)])
def test_what_has_ended_is_not_stopped(statuses: tuple[str, ...]) -> None:
    """Nor what is not there; no call is made for it."""
    client = FakeClient(*statuses)
    assert not _jobs(client).stop("job")
    assert client.stops == 0


@pytest.mark.parametrize("statuses", [("InProgress",), ("InProgress", "Completed")])
def test_a_job_that_ends_meanwhile_is_no_error(statuses: tuple[str, ...]) -> None:
    """AWS refuses to stop it; its status says why."""
    client = FakeClient(*statuses)
    assert not _jobs(client).stop("job")
    assert client.stops == 1


def test_a_job_that_runs_on_is_an_error() -> None:
    """The refusal had another reason."""
    with pytest.raises(AwsCallFailed, match="ValidationException"):
        _jobs(FakeClient("InProgress", "InProgress")).stop("job")


def test_last_words_are_no_error_of_their_own() -> None:
    """Where there is no log to be had, they say so instead."""
    assert _jobs(FakeClient()).last_words("job") == "(no log lines: AttributeError)"
