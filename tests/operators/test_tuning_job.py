"""The operator that launches, against the local endpoint."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import TaskStatesResult

from sagemaker_tuning._compat import AirflowFailException, TaskDeferred
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    TuningJobConflict,
    TuningJobFailed,
    TuningJobTimeout,
)
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.triggers.tuning_job import (
    SageMakerTuningJobTrigger,
    wait_for_tuning_job,
)
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Connection, stop
from tests.operators.task import (
    FOR_EVER,
    FakeTaskInstance,
    context,
    fire,
    status_of,
    tuning_operator,
    tuning_request,
)


def test_waiting_in_the_worker_gives_the_result(client: Any) -> None:
    """The operator returns when the job has completed, with counters and the best job."""
    result = tuning_operator().execute(context())
    assert result["HyperParameterTuningJobStatus"] == "Completed"
    assert result["TrainingJobStatusCounters"]["Completed"] == 3
    best = result["BestTrainingJob"]
    assert float(best["TunedHyperParameters"]["eta"]) > 0
    assert 0.5 < best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] <= 1
    assert status_of(client, result["HyperParameterTuningJobName"]) == "Completed"
    json.dumps(result)  # it goes to XCom


def test_waiting_deferred_gives_the_same_result() -> None:
    """Deferred, fired and resumed, the result is that of the wait in the worker."""
    ti = FakeTaskInstance(start_date=datetime.now(UTC) - timedelta(hours=2))
    with pytest.raises(TaskDeferred) as deferred:
        tuning_operator(deferrable=True, execution_timeout=timedelta(hours=5)).execute(context(ti))
    assert deferred.value.timeout is not None
    # What is left of it since the task started: a wait that is taken up again gets no more.
    assert timedelta(hours=2) < deferred.value.timeout <= timedelta(hours=3)
    assert deferred.value.method_name == "execute_complete"
    event = fire(deferred.value.trigger)
    resumed = tuning_operator(deferrable=True).execute_complete(context(ti), event)
    again = tuning_operator().execute(context(FakeTaskInstance(run_id=ti.run_id, id=ti.id)))
    assert resumed == again


def test_a_retry_finds_what_the_first_try_launched(client: Any) -> None:
    """A second try of the same task instance launches nothing."""
    first = FakeTaskInstance(max_tries=1)
    name = tuning_operator(retries=1, wait_for_completion=False).execute(context(first))[
        "HyperParameterTuningJobName"
    ]
    second = FakeTaskInstance(run_id=first.run_id, try_number=2, max_tries=1)
    result = tuning_operator(retries=1).execute(context(second))
    assert result["HyperParameterTuningJobName"] == name
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name[:-3])
    assert len(listed["HyperParameterTuningJobSummaries"]) == 1


def test_a_failed_job_says_why() -> None:
    """The exception has the training jobs' own reason, and a retry is not paid for."""
    ti = FakeTaskInstance(max_tries=1)
    with pytest.raises(TuningJobFailed) as failed:
        tuning_operator(tuning_request(data="text"), retries=1).execute(context(ti))
    assert "All training jobs failed" in str(failed.value)
    assert "'three'" in str(failed.value)  # the value in the CSV that is no number
    assert failed.value.counters is not None
    assert failed.value.counters.non_retryable_error == 3
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(AirflowFailException, match="would fail again"):
        tuning_operator(tuning_request(data="text"), retries=1).execute(context(retry))


def test_a_bad_request_costs_nothing(client: Any) -> None:
    """Every mistake that templates have hidden is named, and no tuning job was created."""
    name = f"never-{uuid.uuid4().hex[:8]}"
    operator = tuning_operator(tuning_job_name=name)
    # What rendering may come to.
    request = tuning_request(jobs=0)
    del request["training_job_definition"]["RoleArn"]
    operator.tuning_job_config = request["tuning_job_config"]
    operator.training_job_definition = request["training_job_definition"]
    with pytest.raises(AirflowFailException) as refused:
        operator.execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    assert len(refused.value.__cause__.violations) == 2
    launched = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert launched["HyperParameterTuningJobSummaries"] == []


def test_a_bad_request_without_templates_is_told_when_the_dag_is_parsed() -> None:
    """Every mistake is named before there is a run."""
    request = tuning_request(jobs=0)
    del request["training_job_definition"]["RoleArn"]
    with pytest.raises(InvalidTuningRequest, match="2 mistakes"):
        tuning_operator(request)


def test_a_role_may_be_a_name_when_the_dag_is_parsed() -> None:
    """Which role it is IAM knows, and parsing a DAG asks nobody; the other mistakes are told."""
    request = tuning_request()
    request["training_job_definition"]["RoleArn"] = "service-role/SageMakerTuning"
    tuning_operator(request)
    request["training_job_definition"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 0
    with pytest.raises(InvalidTuningRequest, match="1 mistake"):
        tuning_operator(request)


def test_what_is_hidden_hides_nothing_else_when_the_dag_is_parsed() -> None:
    """Beside a file and a template, a mistake in a plain document and in the name is told."""
    request = tuning_request(jobs=0)
    with pytest.raises(InvalidTuningRequest, match="2 mistakes"):
        tuning_operator(
            request, training_job_definition="definition.json", tuning_job_name="under_score"
        )
    tuning_operator(training_job_definition="definition.json", tuning_job_name="{{ ds }}")


def test_absent_data_is_told_by_the_service() -> None:
    """S3 data that is not there is refused at Create, with the service's own words."""
    with pytest.raises(AwsCallFailed, match="No S3 objects found under S3 URL"):
        tuning_operator(tuning_request(data="nowhere")).execute(context())


def test_a_name_of_ones_own_is_not_shared(client: Any) -> None:
    """A second DAG run with the same explicit name is refused while the first one's job runs."""
    request = tuning_request(rounds=FOR_EVER)
    operator = tuning_operator(request, tuning_job_name="MyTuningJob", wait_for_completion=False)
    operator.execute(context())
    with pytest.raises(AirflowFailException) as refused:
        tuning_operator(request, tuning_job_name="MyTuningJob").execute(context())
    assert isinstance(refused.value.__cause__, TuningJobConflict)
    assert status_of(client, "MyTuningJob") == "InProgress"
    operator.on_kill()
    assert status_of(client, "MyTuningJob") in {"Stopping", "Stopped"}


def test_a_timeout_while_deferred_stops_the_job(client: Any) -> None:
    """The try that resumes only to fail knows nothing but its task, and stops the job."""
    ti = FakeTaskInstance()
    request = tuning_request(rounds=FOR_EVER)
    with pytest.raises(TaskDeferred) as deferred:
        tuning_operator(request, deferrable=True).execute(context(ti))
    with pytest.raises(TuningJobTimeout):
        tuning_operator(request, deferrable=True).resume_execution(
            "__fail__", {"error": "Trigger timeout"}, context(ti)
        )
    name = deferred.value.trigger.serialize()[1]["tuning_job_name"]
    assert status_of(client, name) in {"Stopping", "Stopped"}


def test_a_kill_goes_on_though_airflow_cancels_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels a trigger's ``on_kill`` a second later; the job is stopped all the same."""
    launched = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False).execute(
        context()
    )
    name = launched["HyperParameterTuningJobName"]
    trigger = SageMakerTuningJobTrigger(tuning_job_name=name, stop_on_kill=True)
    trigger.task_instance = cast("Any", FakeTaskInstance())
    supervisor = SimpleNamespace(send=lambda _: TaskStatesResult(task_states={}))
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)

    async def kill() -> None:
        killing = asyncio.create_task(trigger.on_kill())
        await asyncio.sleep(0)  # it has begun, and waits
        killing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killing
        job = WatchedJob(name, poll_interval=0.1)
        ended = await wait_for_tuning_job(Connection(), job, trigger.log)
        assert ended.status == "Stopped"

    asyncio.run(asyncio.wait_for(kill(), timeout=300))


def test_an_outage_at_the_last_look_only_lengthens_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wait is over, AWS is out of reach: the task is deferred again instead of failing."""
    with pytest.raises(TaskDeferred) as deferred:
        tuning_operator(deferrable=True).execute(context())
    event = fire(deferred.value.trigger)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    late = tuning_operator(deferrable=True)
    with pytest.raises(TaskDeferred) as again:
        late.execute_complete(context(), event)
    assert again.value.trigger.serialize() == deferred.value.trigger.serialize()


@pytest.mark.parametrize("retries", [0, 1])
def test_no_job_is_left_by_a_task_that_has_no_try_left(client: Any, retries: int) -> None:
    """A wait that fails for good stops the job after the last try, and leaves it to a retry."""
    ti = FakeTaskInstance(max_tries=retries)
    request = tuning_request(rounds=FOR_EVER)
    with pytest.raises(TaskDeferred) as deferred:
        tuning_operator(request, deferrable=True, retries=retries).execute(context(ti))
    trigger = deferred.value.trigger.serialize()[1]
    name = trigger["tuning_job_name"]
    event = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobArn": trigger["tuning_job_arn"],
        "Error": "denied",
        "ErrorType": "AwsCallFailed",
    }
    with pytest.raises(AwsCallFailed, match="denied"):
        tuning_operator(request, deferrable=True, retries=retries).resume_execution(
            "execute_complete", {"event": event}, context(ti)
        )
    assert (status_of(client, name) == "InProgress") == (retries == 1)
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).execute(context())


def test_a_retry_that_launches_nothing_leaves_no_job_either(client: Any) -> None:
    """The DAG was edited to what AWS refuses: no retry comes, so the first try's job is stopped."""
    request = tuning_request(rounds=FOR_EVER)
    arguments: dict[str, Any] = {"retries": 1, "wait_for_completion": False}
    ti = FakeTaskInstance(max_tries=1)
    name = tuning_operator(request, **arguments).execute(context(ti))["HyperParameterTuningJobName"]
    edited = tuning_operator(request, **arguments)
    edited.tuning_job_config = tuning_request(jobs=0)["tuning_job_config"]
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(AirflowFailException, match="1 mistake"):
        edited.execute(context(retry))
    assert status_of(client, name) in {"Stopping", "Stopped"}


def test_another_accounts_job_of_the_name_is_neither_believed_nor_stopped(client: Any) -> None:
    """The connection was changed while the task was deferred, to where the name is another's."""
    request = tuning_request(rounds=FOR_EVER)
    operator = tuning_operator(request, wait_for_completion=False)
    launched = operator.execute(context())
    name, arn = (launched[f"HyperParameterTuningJob{key}"] for key in ("Name", "Arn"))
    theirs = arn.replace("123456789012", "210987654321")
    event = {"HyperParameterTuningJobName": name, "HyperParameterTuningJobArn": theirs}
    with pytest.raises(AirflowFailException) as refused:
        tuning_operator(request).execute_complete(context(), event)
    assert isinstance(refused.value.__cause__, TuningJobConflict)

    async def stop_there() -> None:
        with pytest.raises(TuningJobConflict):
            await stop(Connection(), theirs)

    asyncio.run(stop_there())
    assert status_of(client, name) == "InProgress"
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=arn).execute(context())


def test_several_definitions_are_a_field_like_others(client: Any) -> None:
    """Both algorithms of one tuning job are tuned."""
    request = tuning_request(jobs=4)
    config = request["tuning_job_config"]
    definitions = [
        request["training_job_definition"]
        | {
            "DefinitionName": name,
            "TuningObjective": config["HyperParameterTuningJobObjective"],
            "HyperParameterRanges": config["ParameterRanges"],
        }
        for name in ("one", "other")
    ]
    del config["HyperParameterTuningJobObjective"], config["ParameterRanges"]
    operator = SageMakerCreateTuningJobOperator(
        task_id="tune",
        tuning_job_config=config,
        training_job_definitions=definitions,
        poll_interval=0.1,
        deferrable=False,
    )
    name = operator.execute(context())["HyperParameterTuningJobName"]
    listed = client.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    names = {job["TrainingJobDefinitionName"] for job in listed["TrainingJobSummaries"]}
    assert names == {"one", "other"}
