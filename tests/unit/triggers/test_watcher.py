"""Waits share a client, survive setbacks, and leave nothing behind."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict, TuningJobNotFound
from sagemaker_tuning.triggers.watcher import WatchedJob, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_ARN = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job"
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_EXPIRED = AwsCallFailed("expired", code="ExpiredTokenException", is_transient=True)


class FakeHook:
    """Answers Describe from a script: a status, or an error to raise; the last one for ever."""

    def __init__(self, script: list[str | Exception]) -> None:
        self.script = script
        self.threads: set[str] = set()

    def describe_tuning_job(self, name: str) -> dict[str, Any]:
        self.threads.add(threading.current_thread().name)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobArn": _ARN,
            "HyperParameterTuningJobStatus": step,
            "HyperParameterTuningJobConfig": {},
            "TrainingJobStatusCounters": {},
            "ObjectiveStatusCounters": {},
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        }


class FakeLog:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, /, *args: Any) -> None:
        self.lines.append(event % args)

    warning = info


class Builds:
    """Builds hooks over one script, and counts how often."""

    def __init__(self, script: list[str | Exception], failures: int = 0) -> None:
        self.hook = FakeHook(script)
        self.count = 0
        self._failures = failures

    def __call__(self) -> SageMakerTuningHook:
        self.count += 1
        if self.count <= self._failures:
            msg = "secrets backend out of reach"
            raise OSError(msg)
        return cast("SageMakerTuningHook", self.hook)


_JOB = WatchedJob("job", poll_interval=0.001)


def _watch(
    builds: Callable[[], SageMakerTuningHook], log: FakeLog, job: WatchedJob = _JOB
) -> Snapshot:
    async def until_ended() -> Snapshot:
        watcher = Watcher(builds)
        try:
            async with aclosing(watcher.subscribe(job, log)) as snapshots:
                async for snapshot in snapshots:
                    if snapshot.is_ended:
                        return snapshot
        finally:
            watcher.close()
        raise AssertionError

    return asyncio.run(asyncio.wait_for(until_ended(), timeout=30))


def test_a_wait_ends_with_the_status_that_ends_the_job() -> None:
    """Unknown statuses are waited through; a known end is the last snapshot."""
    builds = Builds(["InProgress", "Brewing", "Stopping", "Stopped"])
    assert _watch(builds, FakeLog()).status == "Stopped"
    assert builds.count == 1


def test_aws_is_called_on_the_watchers_own_threads() -> None:
    """No call blocks the event loop that all deferred tasks share."""
    builds = Builds(["Completed"])
    _watch(builds, FakeLog())
    assert all(name.startswith("sagemaker-tuning") for name in builds.hook.threads)


def test_setbacks_are_logged_and_survived() -> None:
    """Throttling and a lookup of the connection that fails for a moment end no wait."""
    log = FakeLog()
    builds = Builds([_THROTTLED, "InProgress", _THROTTLED, "Completed"], failures=1)
    assert _watch(builds, log).status == "Completed"
    assert sum("Rate exceeded; looking again in" in line for line in log.lines) == 2
    assert sum("secrets backend out of reach" in line for line in log.lines) == 1


def test_expired_credentials_build_a_new_client() -> None:
    """After ExpiredToken the connection is looked up again; after throttling it is not."""
    builds = Builds([_THROTTLED, _EXPIRED, "Completed"])
    _watch(builds, FakeLog())
    assert builds.count == 2


def test_a_refusal_ends_the_wait_at_once() -> None:
    """What will not pass by waiting is not waited for."""
    builds = Builds([AwsCallFailed("denied", code="AccessDeniedException"), "Completed"])
    with pytest.raises(AwsCallFailed, match="denied"):
        _watch(builds, FakeLog())


def test_a_job_that_is_not_seen_yet_is_waited_for() -> None:
    """Absence right after Create is lag; absence for five minutes is an error."""
    builds = Builds([TuningJobNotFound("job"), "Completed"])
    assert _watch(builds, FakeLog()).status == "Completed"


def test_another_accounts_job_is_an_error() -> None:
    """The same name in another account or region is not the job that was launched."""
    job = WatchedJob("job", poll_interval=0.001, arn=_ARN.replace(":1:", ":2:"))
    with pytest.raises(TuningJobConflict, match="must stay with the account and region"):
        _watch(Builds(["Completed"]), FakeLog(), job)
