"""How a gate ends that is stopped: nothing runs on that nobody waits for."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_tuning._compat import (
    AirflowTaskTimeout,
    TaskDeferralTimeout,
    TaskDeferred,
)
from sagemaker_tuning.core.errors import ScoringFailed
from tests.operators.task import context
from tests.unit.operators.account import (
    BAD,
    GOOD,
    Account,
    refusal,
)
from tests.unit.operators.gating import first_try, gate_of, run


def test_the_last_try_leaves_nothing() -> None:
    """A failure for good cleans up, too, and stops what the other is still doing."""
    account = Account(champion=GOOD, challenger=GOOD)
    account.predictions[2] = None
    ti = replace(first_try(), try_number=4)
    with pytest.raises(ScoringFailed):
        run(account, ti)
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


@pytest.mark.parametrize("is_cleared", [False, True])
def test_jobs_that_nobody_waits_for_any_more_are_stopped_at_once(*, is_cleared: bool) -> None:
    """Of other data, or of before a Clear: each costs money as long as it runs."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = first_try()
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    old = account.live_jobs()
    if is_cleared:
        ti = replace(ti, try_number=2, max_tries=4, id=uuid.uuid4())
    else:
        account.objects["test/0.csv"] += b"\n"
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    assert len(account.live_jobs()) == 2
    assert not set(old) & set(account.live_jobs())


def test_a_resumed_gate_knows_what_to_stop_before_it_has_looked() -> None:
    """The first look may be throttled, and the task killed in the pause after it."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = first_try()
    with pytest.raises(TaskDeferred) as deferred:
        run(account, ti, deferrable=True)
    event = deferred.value.trigger.serialize()[1]["transform_job_names"]
    account.refusals["describe_model_package"] = [refusal("ThrottlingException")]
    gate = gate_of(account, deferrable=True)
    with pytest.raises(TaskDeferred) as again:
        gate.resume_execution("execute_again", {"event": event}, context(ti))
    assert again.value.trigger.serialize()[1]["transform_job_names"] == sorted(account.jobs)


def test_a_deferred_pause_knows_what_to_stop() -> None:
    """Both jobs, through the connection of the task."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred) as deferred:
        run(account, first_try(), deferrable=True)
    trigger: Any = deferred.value.trigger
    assert trigger.transform_job_names == sorted(account.jobs)
    assert len(account.jobs) == 2


def test_a_killed_worker_stops_both_jobs() -> None:
    """As far as they are there; models stay for a cleared task to delete."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    gate = gate_of(account, deferrable=True)
    with pytest.raises(TaskDeferred):
        gate.execute(context(first_try()))
    gate.on_kill()
    assert account.live_jobs() == []


def test_a_kill_while_a_job_is_launched_stops_it_too() -> None:
    """The call that is under way may come through after the kill."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    gate = gate_of(account, deferrable=True)
    create = account._create_transform_job  # noqa: SLF001 -- the fake's own

    def killed(**request: Any) -> dict[str, Any]:
        gate.on_kill()
        return create(**request)

    vars(account)["_create_transform_job"] = killed
    with pytest.raises(ScoringFailed, match="is Stopped"):
        gate.execute(context(first_try()))
    assert account.live_jobs() == []


def test_a_task_that_is_out_of_time_leaves_nothing() -> None:
    """Deferred waits included: the jobs are stopped, models and outputs deleted."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = first_try()
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    gate = gate_of(account, deferrable=True, execution_timeout=timedelta(seconds=60))
    late = replace(ti, start_date=datetime.now(UTC) - timedelta(seconds=61))
    with pytest.raises(TaskDeferralTimeout, match="execution_timeout"):
        gate.resume_execution("execute_again", None, context(late))
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_alarm_that_rings_in_a_worker_leaves_nothing(*, deferrable: bool) -> None:
    """Airflow raises it in the middle of a call, of whichever step."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    look = account._describe_transform_job  # noqa: SLF001 -- the fake's own

    def ringing(**request: Any) -> dict[str, Any]:
        if len(account.live_jobs()) == 2:
            vars(account)["_describe_transform_job"] = look
            raise AirflowTaskTimeout
        return look(**request)

    vars(account)["_describe_transform_job"] = ringing
    with pytest.raises(AirflowTaskTimeout):
        run(account, first_try(), deferrable=deferrable)
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])
