"""A task that is resumed knows what it knew when it was deferred."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import (
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)
from sagemaker_tuning.sensors.tuning_job import SageMakerTuningJobSensor
from tests.operators.task import (
    FOR_EVER,
    FakeTaskInstance,
    context,
    fire,
    launch_endless,
    tuning_operator,
    tuning_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = timedelta(hours=1)
WAITED = timedelta(minutes=40)


def _create() -> Any:
    return tuning_operator(
        tuning_request(rounds=FOR_EVER), deferrable=True, execution_timeout=LIMIT
    )


def _sense() -> Any:
    return SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name=launch_endless(), timeout=LIMIT, deferrable=True
    )


@pytest.mark.parametrize("make", [_create, _sense])
def test_a_wait_that_is_taken_up_again_has_what_is_left_of_the_time(
    make: Callable[[], Any],
) -> None:
    """The time runs from the first start; Airflow 3.0 knows only that of the resumption."""
    task, ti = make(), FakeTaskInstance()
    ti.start_date = datetime.now(UTC) - WAITED
    with pytest.raises(TaskDeferred) as first:
        task.execute(context(ti))
    event = {
        "HyperParameterTuningJobName": first.value.trigger.serialize()[1]["tuning_job_name"],
        "HyperParameterTuningJobArn": None,
    }
    ti.start_date = datetime.now(UTC)
    with pytest.raises(TaskDeferred) as again:
        task.resume_execution(
            first.value.method_name, {**(first.value.kwargs or {}), "event": event}, context(ti)
        )
    assert again.value.timeout is not None
    assert again.value.timeout <= LIMIT - WAITED


def test_a_deferred_sensor_has_its_execution_timeout_too() -> None:
    """The shorter of the two limits counts; after ``execution_timeout`` a retry looks again."""
    arguments: dict[str, Any] = {"execution_timeout": LIMIT, "deferrable": True}
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name=launch_endless(), **arguments
    )
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(context())
    assert deferred.value.timeout is not None
    assert deferred.value.timeout <= LIMIT
    over = {"error": "Trigger timeout"}
    with pytest.raises(AirflowTaskTimeout, match="execution_timeout"):
        sensor.resume_execution("__fail__", over, context())
    sensor.timeout = LIMIT.total_seconds() / 2
    with pytest.raises(AirflowSensorTimeout):
        sensor.resume_execution("__fail__", over, context())
    sensor.never_fail = True
    with pytest.raises(AirflowSkipException):
        sensor.resume_execution("__fail__", over, context())


@pytest.mark.parametrize("choice", ["soft_fail", "never_fail"])
def test_a_sensor_whose_time_is_over_while_it_is_deferred_skips_if_it_is_to(choice: str) -> None:
    """It does as one that looks from a worker, in every version of Airflow."""
    arguments: dict[str, Any] = {"tuning_job_name": "job", choice: True}
    sensor = SageMakerTuningJobSensor(task_id="sense", **arguments)
    with pytest.raises(AirflowSkipException):
        sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, context())


def test_an_event_of_before_a_clear_ends_nothing(client: Any) -> None:
    """Airflow may hand it to the try after the Clear, which goes on with the job of its own."""
    ti = FakeTaskInstance()
    operator = tuning_operator(deferrable=True)
    with pytest.raises(TaskDeferred) as before:
        operator.execute(context(ti))
    old = before.value.trigger.serialize()[1]["tuning_job_name"]
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=old)
    event = fire(before.value.trigger)
    cleared = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(TaskDeferred) as after:
        operator.execute(context(cleared))
    new = after.value.trigger.serialize()[1]["tuning_job_name"]
    kwargs = {**(after.value.kwargs or {}), "event": event}
    with pytest.raises(TaskDeferred) as again:
        operator.resume_execution("execute_complete", kwargs, context(cleared))
    assert again.value.trigger.serialize()[1]["tuning_job_name"] == new != old


@pytest.mark.parametrize("edited", [0, 2, 5])
def test_an_edit_of_retries_while_a_job_runs_launches_no_other(edited: int) -> None:
    """The job that the task waits for is its result, though its epoch would now be another."""
    ti = FakeTaskInstance(try_number=2, max_tries=3)
    with pytest.raises(TaskDeferred) as deferred:
        tuning_operator(deferrable=True, retries=3).execute(context(ti))
    event = fire(deferred.value.trigger)
    result = tuning_operator(deferrable=True, retries=edited).resume_execution(
        "execute_complete", {**(deferred.value.kwargs or {}), "event": event}, context(ti)
    )
    assert result["HyperParameterTuningJobName"] == event["HyperParameterTuningJobName"]


@pytest.mark.parametrize("is_reused", [False, True])
def test_a_job_that_has_ended_is_not_waited_for(*, is_reused: bool) -> None:
    """A retry, or a Clear that lets it stand, has the result at once."""
    ti = FakeTaskInstance(max_tries=1)
    arguments: dict[str, Any] = {"reuse_completed": is_reused, "retries": 0 if is_reused else 1}
    first = tuning_operator(**arguments).execute(context(ti))
    later = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    assert tuning_operator(deferrable=True, **arguments).execute(context(later)) == first
