"""What the user may want of quotas, stops, failures and jobs of before, against the endpoint."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from sagemaker_tuning._compat import AirflowFailException, TaskDeferred
from sagemaker_tuning.core.errors import (
    QuotaExceeded,
    TuningJobFailed,
    TuningJobStopped,
    TuningJobTimeout,
)
from sagemaker_tuning.sensors.tuning_job import (
    SageMakerTrainingJobCountersSensor,
    SageMakerTuningJobSensor,
)
from tests.operators.task import (
    FOR_EVER,
    FakeTaskInstance,
    context,
    fire,
    launch_endless,
    run,
    status_of,
    tuning_operator,
    tuning_request,
)

if TYPE_CHECKING:
    from tests.conftest import Faults


@pytest.fixture
def no_room(faults: Faults) -> None:
    """Have no place for a tuning job, though the quota is 1."""
    launch_endless()
    faults.put({"kind": "quota", "resource": "tuning-jobs", "limit": 1})


@pytest.mark.usefixtures("no_room")
def test_a_quota_is_waited_for_without_a_slot(faults: Faults, client: Any) -> None:
    """Nothing was launched, so the task is deferred, tries again, and launches one."""
    ti = FakeTaskInstance()
    waiting = tuning_operator(deferrable=True)
    for _ in range(2):
        with pytest.raises(TaskDeferred) as deferred:
            waiting.execute(context(ti))
        assert isinstance(deferred.value.trigger, DateTimeTrigger)
    faults.clear()
    event = {"event": deferred.value.trigger.moment}
    with pytest.raises(TaskDeferred) as launched:
        waiting.resume_execution(deferred.value.method_name, event, context(ti))
    name = fire(launched.value.trigger)["HyperParameterTuningJobName"]
    assert status_of(client, name) == "Completed"


@pytest.mark.usefixtures("no_room")
def test_a_task_that_is_killed_while_it_waits_for_a_quota_may_be_retried(
    monkeypatch: pytest.MonkeyPatch, client: Any, faults: Faults
) -> None:
    """It launches nothing after the pause, room or not; another worker may."""
    name = f"killed-{uuid.uuid4().hex[:8]}"
    operator = tuning_operator(tuning_job_name=name)

    def is_killed(_: float) -> None:
        operator.on_kill()
        faults.clear()

    monkeypatch.setattr(time, "sleep", is_killed)
    with pytest.raises(QuotaExceeded):
        operator.execute(context(FakeTaskInstance(max_tries=1)))
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert listed["HyperParameterTuningJobSummaries"] == []


def test_nothing_is_launched_when_the_time_is_over_before_the_quota_has_room(client: Any) -> None:
    """A worker may take the task up late; it would only launch a job to stop it at once."""
    ti = FakeTaskInstance(start_date=datetime.now(UTC) - timedelta(hours=2))
    name = f"late-{uuid.uuid4().hex[:8]}"
    late = tuning_operator(
        deferrable=True, execution_timeout=timedelta(hours=1), tuning_job_name=name
    )
    with pytest.raises(TuningJobTimeout, match="execution_timeout 1:00:00"):
        late.resume_execution("execute_after_pause", {"event": None}, context(ti))
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert listed["HyperParameterTuningJobSummaries"] == []


@pytest.mark.usefixtures("no_room")
def test_a_quota_may_fail_the_task() -> None:
    """With ``on_quota="fail"`` the task fails with AWS's words, and may be retried."""
    with pytest.raises(QuotaExceeded, match="account-level service limit"):
        tuning_operator(on_quota="fail").execute(context())


def test_a_quota_of_zero_is_not_waited_for(faults: Faults) -> None:
    """It will not be more by itself."""
    faults.put({"kind": "quota", "resource": "tuning-jobs", "limit": 0})
    with pytest.raises(AirflowFailException, match="is 0"):
        tuning_operator(deferrable=True).execute(context())


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_stopped_job_may_be_good_enough(client: Any, *, deferrable: bool) -> None:
    """With a best training job it counts as completed, in every mode and in a retry; else not."""
    request = tuning_request(jobs=500, rounds=2)
    arguments = {"on_stopped": "accept_best", "retries": 1}
    ti = FakeTaskInstance(max_tries=1)
    name = tuning_operator(request, wait_for_completion=False, **arguments).execute(context(ti))[
        "HyperParameterTuningJobName"
    ]
    sensor = SageMakerTuningJobSensor(
        task_id="sense",
        tuning_job_name=name,
        on_stopped="accept_best",
        poke_interval=0.1,
        deferrable=deferrable,
    )
    _stop_once_there_is_a_best(client, name)
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    waiting = tuning_operator(request, deferrable=deferrable, **arguments)
    result = run(waiting, retry)
    assert result["HyperParameterTuningJobName"] == name
    assert result["HyperParameterTuningJobStatus"] == "Stopped"
    assert sensor.execute(context()) == result
    strict = SageMakerTuningJobSensor(task_id="sense", tuning_job_name=name, deferrable=deferrable)
    with pytest.raises(TuningJobStopped):
        strict.execute(context())


def _stop_once_there_is_a_best(client: Any, name: str) -> None:
    SageMakerTrainingJobCountersSensor(
        task_id="one",
        tuning_job_name=name,
        counters={"Completed": 1},
        poke_interval=0.1,
        deferrable=False,
    ).execute(context())
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


@pytest.mark.parametrize("deferrable", [False, True])
def test_too_many_failures_stop_the_job(client: Any, *, deferrable: bool) -> None:
    """More failures than allowed fail the task, stop the job, and are not paid for again."""
    # One fails at once, the other trains on.
    methods = {"Name": "tree_method", "Values": ["no such method", "hist"]}
    request = tuning_request(
        jobs=2,
        rounds=FOR_EVER,
        Strategy="Grid",
        ParameterRanges={"CategoricalParameterRanges": [methods]},
    )
    arguments: dict[str, Any] = {
        "tuning_job_name": f"fails-fast-{uuid.uuid4().hex[:8]}",
        "fail_fast": 0,
        "deferrable": deferrable,
        "stop_on_kill": False,
    }
    ti = FakeTaskInstance()
    with pytest.raises(AirflowFailException, match="more than fail_fast=0") as failed:
        run(tuning_operator(request, **arguments), ti)
    assert isinstance(failed.value.__cause__, TuningJobFailed)
    assert "no such method" in str(failed.value)
    assert status_of(client, arguments["tuning_job_name"]) in {"Stopping", "Stopped"}
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(AirflowFailException, match="would fail again"):
        tuning_operator(request, retries=1, **arguments).execute(context(retry))


def test_too_many_failures_of_a_job_that_has_completed_are_said_as_they_are() -> None:
    """Nobody stopped it: it was over before anybody looked."""
    methods = {"Name": "tree_method", "Values": ["no such method", "hist"]}
    request = tuning_request(
        jobs=2, Strategy="Grid", ParameterRanges={"CategoricalParameterRanges": [methods]}
    )
    ti = FakeTaskInstance()
    name = tuning_operator(request).execute(context(ti))["HyperParameterTuningJobName"]
    again = FakeTaskInstance(run_id=ti.run_id, id=ti.id)
    with pytest.raises(AirflowFailException, match=f"{name} is Completed: more than fail_fast=0"):
        tuning_operator(request, fail_fast=0).execute(context(again))


@pytest.mark.parametrize("is_reused", [False, True])
def test_clear_may_let_a_completed_job_stand(client: Any, *, is_reused: bool) -> None:
    """Clear launches another by default; with ``reuse_completed`` the completed one is enough."""
    ti = FakeTaskInstance()
    arguments: dict[str, Any] = {"reuse_completed": is_reused}
    first = tuning_operator(**arguments).execute(context(ti))
    cleared = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    second = tuning_operator(**arguments).execute(context(cleared))
    key = "HyperParameterTuningJobName"
    assert (second[key] == first[key]) is is_reused
    edited = FakeTaskInstance(run_id=ti.run_id, try_number=3, max_tries=2)
    third = tuning_operator(tuning_request(rounds=2), **arguments).execute(context(edited))
    assert third[key] not in {first[key], second[key]}
    assert status_of(client, third[key]) == "Completed"


def test_choices_are_checked_when_the_dag_is_parsed() -> None:
    """The message names the argument, its value and what would be right."""
    with pytest.raises(ValueError, match="on_quota is 'pray': give one of 'wait', 'fail'"):
        tuning_operator(on_quota="pray")
