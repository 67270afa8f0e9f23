"""Whether a trigger that is cancelled may stop its tuning job."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import TaskStatesResult
from airflow.triggers.base import BaseTrigger

from sagemaker_tuning._compat import has_to_kill, is_still_deferred
from sagemaker_tuning.triggers.killing import StopsOnKill
from sagemaker_tuning.triggers.tuning_job import SageMakerTuningJobTrigger

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

_TI = SimpleNamespace(dag_id="churn", task_id="tune", run_id="run", map_index=-1)


class FakeSupervisor:
    """Answers as Airflow's supervisor does, and keeps what it was asked."""

    def __init__(self, states: dict[str, Any]) -> None:
        self.states = states
        self.asked: list[Any] = []

    def send(self, message: Any) -> TaskStatesResult:
        self.asked.append(message)
        return TaskStatesResult(task_states=self.states)


@pytest.mark.parametrize(
    ("states", "deferred"),
    [
        ({"run": {"tune": "deferred"}}, True),  # the trigger only moves to another triggerer
        ({"run": {"tune": "failed"}}, False),
        ({"run": {"tune": None}}, False),  # cleared, and not yet scheduled
        ({}, False),  # the DAG run was deleted
    ],
)
def test_only_a_task_that_is_no_longer_deferred_was_ended(
    monkeypatch: pytest.MonkeyPatch, states: dict[str, Any], *, deferred: bool
) -> None:
    """The state that Airflow has of this very task instance decides."""
    supervisor = FakeSupervisor(states)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    assert is_still_deferred(cast("RuntimeTaskInstanceProtocol", _TI)) == deferred
    (asked,) = supervisor.asked
    assert (asked.dag_id, asked.task_ids, asked.run_ids) == ("churn", ["tune"], ["run"])


@pytest.mark.skipif(hasattr(BaseTrigger, "on_kill"), reason="Airflow calls on_kill itself")
@pytest.mark.parametrize(
    ("minutes_left", "has_to"), [(None, True), (5, True), (-5, False)], ids=str
)
def test_before_airflow_calls_on_kill_a_trigger_does_unless_its_time_is_over(
    minutes_left: int | None, *, has_to: bool
) -> None:
    """Whether a task whose time is over stops its tuning job is the task's own affair."""
    trigger = SageMakerTuningJobTrigger(tuning_job_name="job")
    now = datetime.now(UTC)
    ends_at = None if minutes_left is None else now + timedelta(minutes=minutes_left)
    vars(trigger)["timeout_after"] = ends_at
    assert has_to_kill(trigger) == has_to


class Unstoppable(StopsOnKill):
    """What it waits for cannot be stopped, which shows after a while."""

    stop_on_kill = True
    waited_for = "job"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.task_instance = cast("Any", _TI)
        self.is_stopping, self.is_refused = asyncio.Event(), asyncio.Event()
        self.logged: list[str] = []
        self.is_logged = asyncio.Event()

    @property
    def log(self) -> Any:
        return self

    def exception(self, event: str, *args: Any) -> None:
        self.logged.append(event % args)
        self.is_logged.set()

    async def stop_waited_for(self) -> None:
        self.is_stopping.set()
        await self.is_refused.wait()
        raise PermissionError

    def serialize(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    def run(self) -> Any:
        raise NotImplementedError


def test_a_stop_that_fails_after_airflow_has_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels on_kill too, about once a second: what then goes wrong is in the log."""
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", FakeSupervisor({}), raising=False)

    async def kill() -> list[str]:
        trigger = Unstoppable()
        killing = asyncio.create_task(trigger.on_kill())
        await trigger.is_stopping.wait()
        killing.cancel()
        await asyncio.wait([killing])
        trigger.is_refused.set()
        await trigger.is_logged.wait()
        return trigger.logged

    logged = asyncio.run(asyncio.wait_for(kill(), timeout=300))
    assert logged == ["Could not stop job: it may run on"]
