"""Waits share a client, survive setbacks, and leave nothing behind."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from asgiref.sync import async_to_sync

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict, TuningJobNotFound
from sagemaker_tuning.triggers import watcher as watcher_module
from sagemaker_tuning.triggers.poller import delay_seconds
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Connection, Watcher, stop, subscribe
from tests.unit.triggers.fleet import FakeLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_ARN = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job"
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_EXPIRED = AwsCallFailed("expired", is_transient=True, is_credential=True)
_REJECTED = AwsCallFailed("the security token is invalid", is_credential=True)


class FakeHook:
    """Answers Describe from a script: a status, or an error to raise; the last one for ever."""

    def __init__(self, script: list[str | Exception]) -> None:
        self.script = script
        self.threads: set[str] = set()
        self.stopped: list[str] = []
        self.before_stop: list[Exception] = []
        self.before_listing: list[Exception] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def tell_of_throttling(self, tell: Callable[[], None]) -> None:
        """Nobody throttles here."""

    def stop_tuning_job(self, name: str) -> None:
        if self.before_stop:
            raise self.before_stop.pop(0)
        self.stopped.append(name)

    def training_jobs_by_now(self, name: str) -> tuple[list[dict[str, Any]], datetime]:
        self.go_on.wait()
        if self.before_listing:
            raise self.before_listing.pop(0)
        return [{"Of": name}], datetime(2026, 1, 1, tzinfo=UTC)

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


@dataclass(frozen=True)
class FakeConnection:
    """Stands for equal settings: each look-up builds a hook."""

    hook: Builds


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
    builds: Callable[[], SageMakerTuningHook],
    log: FakeLog,
    job: WatchedJob = _JOB,
    max_absent_seconds: float = 60,
) -> Snapshot:
    async def until_ended() -> Snapshot:
        watcher = Watcher(builds, max_absent_seconds)
        try:
            async with aclosing(watcher.subscribe(job, log)) as snapshots:
                async for snapshot in snapshots:
                    if snapshot.is_ended:
                        return snapshot
        finally:
            watcher.close()
        raise AssertionError

    return asyncio.run(asyncio.wait_for(until_ended(), timeout=300))


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


def test_rotated_keys_are_looked_up_before_they_are_believed_wrong() -> None:
    """Keys that are refused are looked up anew; refused again and again, they end the wait."""
    builds = Builds([_REJECTED, "Completed"])
    _watch(builds, FakeLog())
    assert builds.count == 2
    with pytest.raises(AwsCallFailed, match="security token is invalid"):
        _watch(Builds([_REJECTED]), FakeLog())


def test_refusals_of_other_calls_do_not_count_against_the_wait() -> None:
    """Three that list training jobs while keys are rotated are no proof that the keys are wrong."""
    builds = Builds([_REJECTED, "Completed"])
    builds.hook.before_listing = [_REJECTED] * 3

    async def status() -> str:
        watcher = Watcher(builds)
        try:
            for _ in range(3):
                assert await watcher.training_jobs("job", FakeLog()) is None
            async with aclosing(watcher.subscribe(_JOB, FakeLog())) as snapshots:
                return (await anext(snapshots)).status
        finally:
            watcher.close()

    assert asyncio.run(asyncio.wait_for(status(), timeout=300)) == "Completed"


def test_calls_that_hang_hold_up_neither_looks_nor_stops() -> None:
    """However many waits list training jobs, there are threads left."""
    builds = Builds(["Completed"])
    builds.hook.go_on.clear()

    async def look_and_stop() -> str:
        watcher = Watcher(builds)
        listing = [asyncio.create_task(watcher.training_jobs("job", FakeLog())) for _ in range(20)]
        try:
            async with aclosing(watcher.subscribe(_JOB, FakeLog())) as snapshots:
                status = (await anext(snapshots)).status
            await watcher.stop("job")
        finally:
            builds.hook.go_on.set()
            await asyncio.wait(listing)
            watcher.close()
        return status

    assert asyncio.run(asyncio.wait_for(look_and_stop(), timeout=300)) == "Completed"
    assert builds.hook.stopped == ["job"]


def test_a_refusal_ends_the_wait_at_once() -> None:
    """What will not pass by waiting is not waited for."""
    builds = Builds([AwsCallFailed("denied", code="AccessDeniedException"), "Completed"])
    with pytest.raises(AwsCallFailed, match="denied"):
        _watch(builds, FakeLog())


def test_a_job_that_is_not_seen_yet_is_waited_for() -> None:
    """Absence right after Create is lag; absence that lasts is an error."""
    builds = Builds([TuningJobNotFound("job"), "Completed"])
    assert _watch(builds, FakeLog()).status == "Completed"
    with pytest.raises(TuningJobNotFound):
        _watch(Builds([TuningJobNotFound("job")]), FakeLog(), max_absent_seconds=0.01)


def test_another_accounts_job_is_an_error() -> None:
    """The same name in another account or region is not the job that was launched."""
    job = WatchedJob("job", poll_interval=0.001, arn=_ARN.replace(":1:", ":2:"))
    with pytest.raises(TuningJobConflict, match="must stay with the account and region"):
        _watch(Builds(["Completed"]), FakeLog(), job)


@pytest.mark.parametrize(("setbacks", "seconds"), [(0, 30), (1, 60), (5, 600), (10_000, 600)])
def test_backing_off_has_a_bound(setbacks: int, seconds: float) -> None:
    """After a week of outage the next look is still minutes away."""
    assert delay_seconds(30.0, setbacks) == seconds


def test_an_interval_of_nothing_is_refused() -> None:
    """A wait without pause would hammer AWS."""
    with pytest.raises(ValueError, match="poll_interval is 0"):
        WatchedJob("job", poll_interval=0)


def test_waits_of_a_loop_share_one_client() -> None:
    """Two waits and a stop build one hook; the last one out closes the watcher."""
    builds = Builds(["InProgress", "InProgress", "Completed"])
    connection = cast("Connection", FakeConnection(builds))

    async def wait() -> None:
        async with aclosing(subscribe(connection, _JOB, FakeLog())) as snapshots:
            async for snapshot in snapshots:
                await stop(connection, "job")
                if snapshot.is_ended:
                    return

    async def both() -> int:
        await asyncio.gather(wait(), wait())
        return len(watcher_module._watchers[asyncio.get_running_loop()])  # noqa: SLF001 -- to see that nothing is left

    assert asyncio.run(asyncio.wait_for(both(), timeout=300)) == 0
    assert builds.count == 1
    assert set(builds.hook.stopped) == {"job"}


def test_a_stop_is_repeated_until_aws_takes_it() -> None:
    """A hundred tasks that are killed together are throttled; no job may run on for that."""
    builds = Builds(["InProgress"], failures=1)
    builds.hook.before_stop = [_EXPIRED, _THROTTLED]
    connection = cast("Connection", FakeConnection(builds))
    asyncio.run(asyncio.wait_for(stop(connection, "job"), timeout=300))
    assert builds.hook.stopped == ["job"]
    builds.hook.before_stop = [AwsCallFailed("denied", code="AccessDeniedException")]
    with pytest.raises(AwsCallFailed, match="denied"):
        asyncio.run(asyncio.wait_for(stop(connection, "job"), timeout=300))


def test_a_look_up_is_not_broken_off_with_the_wait_that_began_it() -> None:
    """Airflow 3.0's triggerer ends when a question to it is cancelled before its answer is read."""
    builds = Builds(["Completed"])
    asked, answer, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        asked.set()
        await answer.wait()
        answered.set()

    def build() -> SageMakerTuningHook:
        async_to_sync(ask)()
        return builds()

    async def status() -> str:
        watcher = Watcher(build)

        async def first() -> Snapshot:
            async with aclosing(watcher.subscribe(_JOB, FakeLog())) as snapshots:
                return await anext(snapshots)

        killed = asyncio.create_task(first())
        await asked.wait()
        killed.cancel()
        await asyncio.wait([killed])
        answer.set()
        await answered.wait()
        try:
            return (await first()).status
        finally:
            watcher.close()

    assert asyncio.run(asyncio.wait_for(status(), timeout=300)) == "Completed"
