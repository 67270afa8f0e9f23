"""The guard of what a tuning job costs: seldom asks, patiently stops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.budget import Budget
from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.triggers.spending import SpendingGuard
from tests.unit.triggers.fleet import FakeLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemaker_tuning.triggers.watcher import Connection

_ARN = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job"
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_EXPIRED = AwsCallFailed("expired", is_transient=True, is_credential=True)
_DENIED = AwsCallFailed("denied", code="AccessDeniedException")
_START = datetime(2000, 1, 1, tzinfo=UTC)
"""By the clock of a service that is decades behind this machine's."""
_LIMIT = {"HourlyRates": {"ml.m5.large": 3600}, "MaxCost": 100}
"""Every second costs 1."""


@dataclass
class FakeHook:
    """Has one running training job; raises first what it is told to."""

    seconds: int = 0
    before_list: list[Exception] = field(default_factory=list)
    before_stop: list[Exception] = field(default_factory=list)
    lists: int = 0
    stopped: list[str] = field(default_factory=list)

    def tell_of_throttling(self, tell: Callable[[], None]) -> None:
        """Nobody throttles here."""

    def training_jobs_by_now(self, name: str) -> tuple[list[dict[str, Any]], datetime]:
        assert name == "job"
        self.lists += 1
        if self.before_list:
            raise self.before_list.pop(0)
        return [{"TrainingStartTime": _START}], _START + timedelta(seconds=self.seconds)

    def stop_tuning_job(self, name_or_arn: str) -> None:
        if self.before_stop:
            raise self.before_stop.pop(0)
        self.stopped.append(name_or_arn)


@dataclass(frozen=True)
class FakeConnection:
    """Gives the one hook, whoever looks it up."""

    fake: FakeHook = field(default_factory=FakeHook, hash=False, compare=False)

    def hook(self) -> FakeHook:
        return self.fake


def _snapshot(status: str = "InProgress") -> Snapshot:
    limits = {"MaxParallelTrainingJobs": 1}
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    return Snapshot.from_description(
        {
            "HyperParameterTuningJobName": "job",
            "HyperParameterTuningJobArn": _ARN,
            "HyperParameterTuningJobStatus": status,
            "HyperParameterTuningJobConfig": {"ResourceLimits": limits},
            "TrainingJobDefinition": {"ResourceConfig": resources},
            "TrainingJobStatusCounters": {},
            "ObjectiveStatusCounters": {},
            "CreationTime": _START,
        }
    )


def _look(hook: FakeHook, *snapshots: Snapshot, budget: dict[str, Any] | None = None) -> list[str]:
    log = FakeLog()

    async def look() -> None:
        connection = cast("Connection", FakeConnection(hook))
        given = Budget.from_document(budget or _LIMIT)
        assert given is not None
        guard = SpendingGuard(connection, given, log)
        for snapshot in snapshots:
            await guard.look(snapshot)

    asyncio.run(asyncio.wait_for(look(), timeout=300))
    return log.lines


def test_nothing_is_asked_before_the_limit_can_be_passed() -> None:
    """One listing when the wait begins, whatever the service's clock says, and none for an hour."""
    hook = FakeHook(seconds=10)
    budget = _LIMIT | {"MaxCost": 4000}
    lines = _look(hook, *[_snapshot()] * 50, budget=budget)
    assert hook.lists == 1
    assert lines == ["estimate: 10.00 of max_cost 4000.00 consumed"]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Completed"])
def test_a_job_that_does_not_run_is_left_alone(status: str) -> None:
    """There is nothing to stop."""
    hook = FakeHook(seconds=1000)
    assert _look(hook, _snapshot(status)) == []
    assert hook.lists == 0


def test_rates_without_a_limit_ask_nothing() -> None:
    """They are for the result."""
    hook = FakeHook(seconds=1000)
    _look(hook, _snapshot(), budget=_LIMIT | {"MaxCost": None})
    assert hook.lists == 0


def test_a_job_above_the_limit_is_stopped_by_its_arn() -> None:
    """Another account's job of the same name is none of ours."""
    hook = FakeHook(seconds=101)
    lines = _look(hook, _snapshot())
    assert hook.stopped == [_ARN]
    assert lines == ["estimate: 101.00 of max_cost 100.00 consumed: stopping job"]


@pytest.mark.parametrize("setback", [_THROTTLED, _EXPIRED, TuningJobNotFound("not yet")])
def test_a_setback_is_tried_again_at_the_next_look(setback: Exception) -> None:
    """It does not end the wait, and does not pass for nothing consumed."""
    hook = FakeHook(seconds=101, before_list=[setback, setback])
    _look(hook, *[_snapshot()] * 3)
    assert hook.lists == 3
    assert hook.stopped == [_ARN]


def test_a_stop_that_does_not_get_through_is_tried_again() -> None:
    """A job that costs too much is not forgotten for a throttled call."""
    hook = FakeHook(seconds=101, before_stop=[_THROTTLED])
    _look(hook, _snapshot())
    assert hook.stopped == [_ARN]


@pytest.mark.parametrize(
    "hook",
    [
        FakeHook(seconds=101, before_list=[_DENIED]),
        FakeHook(seconds=101, before_stop=[_DENIED]),
    ],
)
def test_a_refusal_ends_the_wait(hook: FakeHook) -> None:
    """A limit that cannot be kept is not passed over in silence."""
    with pytest.raises(AwsCallFailed, match="denied"):
        _look(hook, _snapshot())
