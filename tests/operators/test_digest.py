"""The failure digest against the local endpoint, when AWS lets us look and when it does not."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.errors import TuningJobFailed, TuningJobStopped
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.operators.tuning_job import SageMakerStopTuningJobOperator
from sagemaker_tuning.sensors.tuning_job import SageMakerTuningJobSensor
from tests.operators.task import FOR_EVER, context, tuning_operator, tuning_request

if TYPE_CHECKING:
    from tests.conftest import Faults

_REASON = "3 × ClientError: Failed to load csv data: train/data.csv, line 2, column 2: 'three'"
_LIST = "ListTrainingJobsForHyperParameterTuningJob"


@pytest.fixture(scope="module")
def failed_once() -> dict[str, str]:
    return {}


@pytest.fixture
def name(client: Any, failed_once: dict[str, str]) -> str:  # noqa: ARG001 -- the data must be there
    """A tuning job of three training jobs that failed alike, which the tests here share."""
    if not failed_once:
        chosen = f"digest-{uuid.uuid4().hex[:8]}"
        with pytest.raises(TuningJobFailed):
            tuning_operator(tuning_request(data="text"), tuning_job_name=chosen).execute(context())
        failed_once["name"] = chosen
    return failed_once["name"]


def _digest(name: str) -> list[str]:
    return SageMakerTuningHook().failure_digest(name).splitlines()


def _denied(operation: str) -> dict[str, Any]:
    return {
        "kind": "error",
        "operation": operation,
        "code": "AccessDeniedException",
        "message": "not authorized",
        "status": 400,
        "times": None,
    }


def test_the_reason_comes_with_the_end_of_the_log(name: str) -> None:
    """Three failures alike are one reason, one example and its last lines."""
    reason, example, *log = _digest(name)
    assert reason.startswith(_REASON)
    assert example.startswith(f"    {name}-001-")
    assert all(line.startswith("    | ") for line in log)
    assert "is not a number" in log[-1]


@pytest.mark.parametrize("operation", ["DescribeLogStreams", "GetLogEvents"])
def test_logs_that_may_not_be_read_are_one_note(name: str, faults: Faults, operation: str) -> None:
    """Without the permission for CloudWatch Logs the reasons are told all the same."""
    faults.put(_denied(f"logs:{operation}"))
    reason, note = _digest(name)
    assert reason.startswith(_REASON)
    assert note == (
        f"(no log lines: {operation} was refused: AccessDeniedException: not authorized)"
    )


def test_throttles_are_outlasted(name: str, faults: Faults) -> None:
    """One Rate exceeded of each call changes nothing."""
    faults.put(
        {"kind": "throttle", "operation": _LIST},
        {"kind": "throttle", "operation": "logs:GetLogEvents"},
    )
    assert "is not a number" in _digest(name)[-1]


def test_logs_that_are_throttled_without_end_are_given_up(name: str, faults: Faults) -> None:
    """The reasons wait for them for seconds, not for ever."""
    faults.put({"kind": "throttle", "operation": "logs:*", "times": None})
    reason, note = _digest(name)
    assert reason.startswith(_REASON)
    assert "ThrottlingException" in note


def test_a_list_that_is_denied_hides_no_failure(name: str, faults: Faults) -> None:
    """The task still fails as TuningJobFailed, and says why it says no more."""
    faults.put(_denied(_LIST))
    (note,) = _digest(name)
    assert note.startswith("(the failed training jobs could not be listed: ")
    assert "not authorized" in note


def test_a_job_that_was_stopped_has_its_counters() -> None:
    """Stopped says how many training jobs ended how, and has no reasons if none failed."""
    operator = tuning_operator(
        tuning_request(rounds=FOR_EVER), wait_for_completion=False, tuning_job_name="halted"
    )
    operator.execute(context())
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name="halted").execute(context())
    assert _digest("halted") == []
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name="halted", poke_interval=0.1, timeout=600, deferrable=False
    )
    with pytest.raises(TuningJobStopped, match=r"training jobs completed, .* stopped, 0 failed"):
        sensor.execute(context())
