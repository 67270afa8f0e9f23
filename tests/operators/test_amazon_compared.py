"""What the amazon provider's tuning operator does, where ours does something else.

``docs/compared.md`` cites these tests; one that fails after an upgrade means that the page is old.
"""

from __future__ import annotations

import asyncio
import importlib.util
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator
from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, TaskDeferred
from airflow.triggers.base import BaseTrigger
from botocore.exceptions import ClientError, ParamValidationError

from tests.operators.task import FOR_EVER, context, status_of, tuning_request

if TYPE_CHECKING:
    from collections.abc import Mapping


def _config(**request: Any) -> dict[str, Any]:
    document = tuning_request(**request)
    return {
        "HyperParameterTuningJobName": f"amazon-{uuid.uuid4().hex[:8]}",
        "HyperParameterTuningJobConfig": document["tuning_job_config"],
        "TrainingJobDefinition": document["training_job_definition"],
    }


def _operator(config: Mapping[str, Any], **arguments: Any) -> SageMakerTuningOperator:
    return SageMakerTuningOperator(
        task_id="tune",
        config=dict(config),
        **{"deferrable": False, "check_interval": 1} | arguments,
    )


def test_a_retry_fails_on_the_job_that_the_first_try_launched() -> None:
    """The name is taken, so every retry fails while the job runs on."""
    config = _config(rounds=FOR_EVER)
    _operator(config, wait_for_completion=False).execute(context())
    with pytest.raises(ClientError, match="ResourceInUse"):
        _operator(config).execute(context())


def test_stopped_is_a_success_in_the_worker_and_a_failure_deferred(client: Any) -> None:
    """One tuning job, stopped by a person, ends the task in two ways."""
    config = _config(rounds=FOR_EVER)
    name = config["HyperParameterTuningJobName"]
    deferred = _operator(config, deferrable=True)
    with pytest.raises(TaskDeferred):
        deferred.execute(context())
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    hook = deferred.hook
    in_worker = hook.check_status(
        name, "HyperParameterTuningJobStatus", hook.describe_tuning_job, 1, None
    )
    assert in_worker["HyperParameterTuningJobStatus"] == "Stopped"
    with pytest.raises(AirflowException, match="Error while running job"):
        deferred.execute_complete(context(), {"status": "stopped", "job_name": name})


def test_a_deferred_wait_ends_at_hour_four() -> None:
    """480 looks, 30 s apart, and the operator has no argument for more."""
    trigger = SageMakerTrigger(job_name="any", job_type="tuning")
    assert trigger.attempts * trigger.waiter_delay == 4 * 3600
    with pytest.raises(TypeError, match="waiter_max_attempts"):
        _operator(_config(), waiter_max_attempts=10_000)


@pytest.mark.skipif(
    importlib.util.find_spec("aiobotocore") is not None, reason="it is about not having it"
)
def test_a_deferred_wait_needs_aiobotocore(client: Any) -> None:
    """Without it, the wait fails after the tuning job was created, which runs on."""
    config = _config(rounds=FOR_EVER)
    with pytest.raises(TaskDeferred) as deferred:
        _operator(config, deferrable=True).execute(context())

    async def wait() -> None:
        await anext(deferred.value.trigger.run())

    with pytest.raises(Exception, match="aiobotocore"):
        asyncio.run(asyncio.wait_for(wait(), timeout=300))
    assert status_of(client, config["HyperParameterTuningJobName"]) == "InProgress"


def test_a_deferred_wait_knows_no_execution_timeout() -> None:
    """Airflow enforces it in a worker alone; the operator has a limit by another name."""
    limits: list[tuple[dict[str, Any], timedelta | None]] = [
        ({"execution_timeout": timedelta(hours=1)}, None),
        ({"max_ingestion_time": 60}, timedelta(seconds=60)),
    ]
    for limit, ends in limits:
        with pytest.raises(TaskDeferred) as deferred:
            _operator(_config(), deferrable=True, **limit).execute(context())
        assert deferred.value.timeout == ends


def test_a_wait_in_the_worker_ends_with_the_first_call_that_is_refused() -> None:
    """Beyond what botocore repeats by itself; the tuning job runs on."""

    def describe(_: str) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Describe")

    with pytest.raises(AirflowException, match="AWS request failed"):
        _operator(_config()).hook.check_status("any", "Status", describe, 0)


def test_progress_is_a_status_at_each_look(capfd: pytest.CaptureFixture[str]) -> None:
    """The same line again and again, without a counter or an objective metric."""
    answers = iter(["InProgress", "InProgress", "Completed"])
    hook = _operator(_config()).hook
    hook.check_status("any", "Status", lambda _: {"Status": next(answers)}, 0)
    assert capfd.readouterr().out.count("current status is InProgress") == 2


def test_a_mistake_in_a_request_is_told_when_it_is_sent() -> None:
    """By botocore, if it is a type or a required field; any other by AWS."""
    config = _config()
    del config["TrainingJobDefinition"]["RoleArn"]
    with pytest.raises(ParamValidationError, match="RoleArn"):
        _operator(config).execute(context())
    config = _config()
    config["HyperParameterTuningJobConfig"]["Strategy"] = "BAYESIAN"
    with pytest.raises(ClientError, match="enum value set"):
        _operator(config).execute(context())


def test_nothing_stops_the_job_of_a_killed_task() -> None:
    """Neither in the worker nor in the triggerer."""
    assert SageMakerTuningOperator.on_kill is BaseOperator.on_kill
    assert SageMakerTrigger.on_kill is BaseTrigger.on_kill


def test_several_definitions_are_not_taken() -> None:
    """A request that boto3 accepts ends in a KeyError."""
    config = _config()
    definition = config.pop("TrainingJobDefinition")
    config["TrainingJobDefinitions"] = [definition | {"DefinitionName": "only"}]
    with pytest.raises(KeyError, match="TrainingJobDefinition"):
        _operator(config).execute(context())


def test_a_failure_is_told_without_the_training_jobs_reason() -> None:
    """The value in the data that is no number is nowhere in the error."""
    with pytest.raises(AirflowException) as failed:
        _operator(_config(data="text")).execute(context())
    assert "All training jobs failed" in str(failed.value)
    assert "three" not in str(failed.value)
