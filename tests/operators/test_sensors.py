"""Sensors and stops, against the local endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning._compat import AirflowFailException, TaskDeferred
from sagemaker_tuning.core.errors import (
    CountersOutOfReach,
    TuningJobNotFound,
    TuningJobStopped,
)
from sagemaker_tuning.operators.tuning_job import (
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.sensors.tuning_job import (
    SageMakerTrainingJobCountersSensor,
    SageMakerTuningJobSensor,
)
from tests.operators.task import FOR_EVER, context, fire, status_of, tuning_operator, tuning_request


def test_stop_is_safe_to_repeat_and_seen_by_the_wait(client: Any) -> None:
    """A stopped job ends the sensor's wait as stopped; stopping it again changes nothing."""
    launched = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False).execute(
        context()
    )
    name = launched["HyperParameterTuningJobName"]
    stop = SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name)
    stop.execute(context())
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name=name, poke_interval=0.1, timeout=600, deferrable=False
    )
    with pytest.raises(TuningJobStopped):
        sensor.execute(context())
    stop.execute(context())
    assert status_of(client, name) == "Stopped"


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_counters_sensor_returns_before_the_job_ends(client: Any, *, deferrable: bool) -> None:
    """It waits for two running training jobs, not for the tuning job's end."""
    launched = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False).execute(
        context()
    )
    name = launched["HyperParameterTuningJobName"]
    sensor = SageMakerTrainingJobCountersSensor(
        task_id="sense",
        tuning_job_name=name,
        counters={"InProgress": "2"},
        poke_interval=0.1,
        timeout=600,
        deferrable=deferrable,
    )
    try:
        result = sensor.execute(context())
    except TaskDeferred as deferred:
        result = sensor.execute_complete(context(), fire(deferred.trigger))
    assert result["TrainingJobStatusCounters"]["InProgress"] == 2
    assert status_of(client, name) == "InProgress"
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_the_counters_sensor_fails_when_it_can_no_longer_succeed() -> None:
    """Twenty completed of three asked for is told at once."""
    launched = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False).execute(
        context()
    )
    sensor = SageMakerTrainingJobCountersSensor(
        task_id="sense",
        tuning_job_name=launched["HyperParameterTuningJobName"],
        counters={"Completed": 20},
        deferrable=False,
    )
    with pytest.raises(AirflowFailException) as failed:
        sensor.execute(context())
    assert isinstance(failed.value.__cause__, CountersOutOfReach)
    SageMakerStopTuningJobOperator(
        task_id="stop", tuning_job_name=launched["HyperParameterTuningJobName"]
    ).execute(context())


def test_a_stop_of_what_is_no_tuning_job_is_not_retried() -> None:
    """The ARN of something else stays one; of another account's job nothing is asked again."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"
    stop = SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=arn)
    with pytest.raises(AirflowFailException, match="a tuning job's name, or arn:aws"):
        stop.execute(context())


def test_an_unknown_job_is_named() -> None:
    """A sensor on a name that does not exist fails at once, and says which."""
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name="no-such-job", deferrable=False
    )
    with pytest.raises(TuningJobNotFound, match="no-such-job"):
        sensor.execute(context())
