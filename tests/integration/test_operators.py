"""Operators and sensors against the local endpoint, called as Airflow's task runner calls them."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import numpy as np
import pytest
import yaml
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, TaskDeferralTimeout, TaskDeferred
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import TaskStatesResult

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    CountersOutOfReach,
    InvalidTuningRequest,
    NoCompletedTrainingJob,
    TuningJobConflict,
    TuningJobFailed,
    TuningJobNotFound,
    TuningJobStopped,
)
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.sensors.tuning_job import (
    SageMakerTrainingJobCountersSensor,
    SageMakerTuningJobSensor,
)
from sagemaker_tuning.triggers.tuning_job import (
    SageMakerTuningJobTrigger,
    wait_for_tuning_job,
)
from sagemaker_tuning.triggers.watcher import Connection, WatchedJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

Document = dict[str, Any]
_BUCKET = "operators"


@dataclass
class FakeTaskInstance:
    """A task instance as far as our operators look at it."""

    task_id: str = "tune"
    dag_id: str = "churn"
    run_id: str = field(default_factory=lambda: f"run-{uuid.uuid4()}")
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


def _context(ti: FakeTaskInstance | None = None) -> Context:
    return cast("Context", {"ti": ti or FakeTaskInstance()})


@pytest.fixture(autouse=True)
def connection(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Define the connection as a user of the local endpoint does."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://test:test@/?region_name=us-east-1")


@pytest.fixture(scope="module", autouse=True)
def client(endpoint: str) -> Any:
    """Upload the data; give a plain boto3 client, to see what really happened."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    s3.create_bucket(Bucket=_BUCKET)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 4))
    labels = (features[:, 0] + 0.5 * rng.normal(size=200) > 0).astype(int)
    text = io.StringIO()
    np.savetxt(text, np.column_stack([labels, features]), delimiter=",", fmt="%.6g")
    for channel in ("train", "validation"):
        s3.put_object(Bucket=_BUCKET, Key=f"{channel}/data.csv", Body=text.getvalue().encode())
    s3.put_object(Bucket=_BUCKET, Key="text/data.csv", Body=b"1,2\n0,three\n")
    return boto3.client("sagemaker", endpoint_url=endpoint, region_name="us-east-1", **keys)


def _channel(name: str, folder: str | None = None) -> Document:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{_BUCKET}/{folder or name}"}
    return {
        "ChannelName": name,
        "ContentType": "csv",
        "DataSource": {"S3DataSource": source},
    }


def _request(jobs: int = 3, rounds: int = 3, data: str = "train", **config: Any) -> Document:
    return {
        "tuning_job_config": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {
                "MetricName": "validation:auc",
                "Type": "Maximize",
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "1"}]
            },
            "RandomSeed": 1,
        }
        | config,
        "training_job_definition": {
            "AlgorithmSpecification": {
                "TrainingImage": (
                    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3"
                ),
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [_channel("train", data), _channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{_BUCKET}/output"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            },
            "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
            "StaticHyperParameters": {"objective": "binary:logistic", "num_round": str(rounds)},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }


_FOR_EVER = 1_000_000
"""Boosting rounds that do not end while a test runs."""


def _operator(request: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
    arguments = {**_request(), **(request or {}), "poll_interval": 0.1, "deferrable": False}
    return SageMakerCreateTuningJobOperator(task_id="tune", **(arguments | kwargs))


def _status(client: Any, name: str) -> str:
    answer = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return str(answer["HyperParameterTuningJobStatus"])


def _fire(trigger: BaseTrigger) -> Document:
    """Run a trigger as the triggerer does: from what it serializes to."""
    path, arguments = trigger.serialize()
    assert path == "sagemaker_tuning.triggers.tuning_job.SageMakerTuningJobTrigger"
    copy = SageMakerTuningJobTrigger(**json.loads(json.dumps(arguments)))

    async def first() -> Document:
        async for event in copy.run():
            return cast("Document", event.payload)
        raise AssertionError

    return asyncio.run(asyncio.wait_for(first(), timeout=120))


def test_waiting_in_the_worker_gives_the_result(client: Any) -> None:
    """The operator returns when the job has completed, with counters and the best job."""
    result = _operator().execute(_context())
    assert result["HyperParameterTuningJobStatus"] == "Completed"
    assert result["TrainingJobStatusCounters"]["Completed"] == 3
    best = result["BestTrainingJob"]
    assert float(best["TunedHyperParameters"]["eta"]) > 0
    assert 0.5 < best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] <= 1
    assert _status(client, result["HyperParameterTuningJobName"]) == "Completed"
    json.dumps(result)  # it goes to XCom


def test_waiting_deferred_gives_the_same_result() -> None:
    """Deferred, fired and resumed, the result is that of the wait in the worker."""
    ti = FakeTaskInstance()
    with pytest.raises(TaskDeferred) as deferred:
        _operator(deferrable=True, execution_timeout=timedelta(hours=5)).execute(_context(ti))
    assert deferred.value.timeout == timedelta(hours=5)
    assert deferred.value.method_name == "execute_complete"
    event = _fire(deferred.value.trigger)
    resumed = _operator(deferrable=True).execute_complete(_context(ti), event)
    again = _operator().execute(_context(FakeTaskInstance(run_id=ti.run_id, id=ti.id)))
    assert resumed == again


def test_a_retry_finds_what_the_first_try_launched(client: Any) -> None:
    """A second try of the same task instance launches nothing."""
    first = FakeTaskInstance(max_tries=1)
    name = _operator(retries=1, wait_for_completion=False).execute(_context(first))[
        "HyperParameterTuningJobName"
    ]
    second = FakeTaskInstance(run_id=first.run_id, try_number=2, max_tries=1)
    result = _operator(retries=1).execute(_context(second))
    assert result["HyperParameterTuningJobName"] == name
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name[:-3])
    assert len(listed["HyperParameterTuningJobSummaries"]) == 1


def test_a_failed_job_says_why() -> None:
    """The exception has the training jobs' own reason, and a retry is not paid for."""
    ti = FakeTaskInstance(max_tries=1)
    with pytest.raises(TuningJobFailed) as failed:
        _operator(_request(data="text"), retries=1).execute(_context(ti))
    assert "All training jobs failed" in str(failed.value)
    assert "'three'" in str(failed.value)  # the value in the CSV that is no number
    assert failed.value.counters is not None
    assert failed.value.counters.non_retryable_error == 3
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(AirflowFailException, match="would fail again"):
        _operator(_request(data="text"), retries=1).execute(_context(retry))


def test_a_bad_request_costs_nothing(client: Any) -> None:
    """Every mistake is named, and no tuning job was created."""
    before = client.list_hyper_parameter_tuning_jobs(MaxResults=100)
    request = _request(Strategy="Exhaustive")
    del request["training_job_definition"]["RoleArn"]
    with pytest.raises(AirflowFailException) as refused:
        _operator(request).execute(_context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    assert len(refused.value.__cause__.violations) == 2
    after = client.list_hyper_parameter_tuning_jobs(MaxResults=100)
    key = "HyperParameterTuningJobSummaries"
    assert len(after[key]) == len(before[key])


def test_absent_data_is_told_by_the_service() -> None:
    """S3 data that is not there is refused at Create, with the service's own words."""
    with pytest.raises(AwsCallFailed, match="No S3 objects found under S3 URL"):
        _operator(_request(data="nowhere")).execute(_context())


def test_a_name_of_ones_own_is_not_shared(client: Any) -> None:
    """A second DAG run with the same explicit name is refused while the first one's job runs."""
    request = _request(rounds=_FOR_EVER)
    operator = _operator(request, tuning_job_name="MyTuningJob", wait_for_completion=False)
    operator.execute(_context())
    with pytest.raises(AirflowFailException) as refused:
        _operator(request, tuning_job_name="MyTuningJob").execute(_context())
    assert isinstance(refused.value.__cause__, TuningJobConflict)
    assert _status(client, "MyTuningJob") == "InProgress"
    operator.on_kill()
    assert _status(client, "MyTuningJob") in {"Stopping", "Stopped"}


def test_a_timeout_while_deferred_stops_the_job(client: Any) -> None:
    """The try that resumes only to fail knows nothing but its task, and stops the job."""
    ti = FakeTaskInstance()
    request = _request(rounds=_FOR_EVER)
    with pytest.raises(TaskDeferred) as deferred:
        _operator(request, deferrable=True).execute(_context(ti))
    with pytest.raises(TaskDeferralTimeout):
        _operator(request, deferrable=True).resume_execution(
            "__fail__", {"error": "Trigger timeout"}, _context(ti)
        )
    name = deferred.value.trigger.serialize()[1]["tuning_job_name"]
    assert _status(client, name) in {"Stopping", "Stopped"}


def test_a_kill_goes_on_though_airflow_cancels_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels a trigger's ``on_kill`` a second later; the job is stopped all the same."""
    launched = _operator(_request(rounds=_FOR_EVER), wait_for_completion=False).execute(_context())
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

    asyncio.run(asyncio.wait_for(kill(), timeout=60))


def test_stop_is_safe_to_repeat_and_seen_by_the_wait(client: Any) -> None:
    """A stopped job ends the sensor's wait as stopped; stopping it again changes nothing."""
    launched = _operator(_request(rounds=_FOR_EVER), wait_for_completion=False).execute(_context())
    name = launched["HyperParameterTuningJobName"]
    stop = SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name)
    stop.execute(_context())
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name=name, poke_interval=0.1, timeout=60, deferrable=False
    )
    with pytest.raises(TuningJobStopped):
        sensor.execute(_context())
    stop.execute(_context())
    assert _status(client, name) == "Stopped"


def test_documents_may_be_files_beside_the_dag(tmp_path: Path) -> None:
    """A ``.yaml`` or ``.json`` file is read; a string inside a document never is."""
    request = _request()
    request["training_job_definition"]["StaticHyperParameters"]["note"] = "notes.json"
    (tmp_path / "config.json").write_text(json.dumps(request["tuning_job_config"]))
    with DAG("files", template_searchpath=str(tmp_path), schedule=None):
        operator = SageMakerCreateTuningJobOperator(
            task_id="tune",
            tuning_job_config="config.json",
            training_job_definition=request["training_job_definition"],
        )
    operator.resolve_template_files()
    assert json.loads(str(operator.tuning_job_config)) == request["tuning_job_config"]
    rendered = operator.render_template(operator.training_job_definition, _context())
    assert rendered["StaticHyperParameters"]["note"] == "notes.json"


def test_files_serve_mapped_tasks_too(client: Any, tmp_path: Path) -> None:
    """A mapped task, whose files Airflow does not resolve, reads and renders them when it runs."""
    request = _request()
    request["tuning_job_config"]["RandomSeed"] = "{{ ti.try_number }}"
    (tmp_path / "config.yaml").write_text(json.dumps(request["tuning_job_config"]))
    with DAG("mapped", template_searchpath=str(tmp_path), schedule=None):
        operator = _operator(request, tuning_job_config="config.yaml")
    name = operator.execute(_context())["HyperParameterTuningJobName"]
    job = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert job["HyperParameterTuningJobConfig"]["RandomSeed"] == 1


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_counters_sensor_returns_before_the_job_ends(client: Any, *, deferrable: bool) -> None:
    """It waits for two running training jobs, not for the tuning job's end."""
    launched = _operator(_request(rounds=_FOR_EVER), wait_for_completion=False).execute(_context())
    name = launched["HyperParameterTuningJobName"]
    sensor = SageMakerTrainingJobCountersSensor(
        task_id="sense",
        tuning_job_name=name,
        counters={"InProgress": "2"},
        poke_interval=0.1,
        timeout=60,
        deferrable=deferrable,
    )
    try:
        result = sensor.execute(_context())
    except TaskDeferred as deferred:
        result = sensor.execute_complete(_context(), _fire(deferred.trigger))
    assert result["TrainingJobStatusCounters"]["InProgress"] == 2
    assert _status(client, name) == "InProgress"
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_the_counters_sensor_fails_when_it_can_no_longer_succeed() -> None:
    """Twenty completed of three asked for is told at once."""
    launched = _operator(_request(rounds=_FOR_EVER), wait_for_completion=False).execute(_context())
    sensor = SageMakerTrainingJobCountersSensor(
        task_id="sense",
        tuning_job_name=launched["HyperParameterTuningJobName"],
        counters={"Completed": 20},
        deferrable=False,
    )
    with pytest.raises(AirflowFailException) as failed:
        sensor.execute(_context())
    assert isinstance(failed.value.__cause__, CountersOutOfReach)
    SageMakerStopTuningJobOperator(
        task_id="stop", tuning_job_name=launched["HyperParameterTuningJobName"]
    ).execute(_context())


def test_best_training_job_and_its_model(client: Any) -> None:
    """The model serves the best training job's artifact, and creating it again changes nothing."""
    tuned = _operator().execute(_context())
    best = SageMakerGetBestTrainingJobOperator(
        task_id="best", tuning_job_name=tuned["HyperParameterTuningJobName"]
    ).execute(_context())
    assert best["TrainingJobName"] == tuned["BestTrainingJob"]["TrainingJobName"]
    assert best["StaticHyperParameters"] == {"objective": "binary:logistic", "num_round": "3"}
    assert set(best["TunedHyperParameters"]) == {"eta"}
    operator = SageMakerCreateModelFromTrainingJobOperator(
        task_id="model", training_job_name=best["TrainingJobName"]
    )
    model = operator.execute(_context())
    described = client.describe_model(ModelName=model["ModelName"])
    assert (
        described["PrimaryContainer"]["ModelDataUrl"]
        == (best["ModelArtifacts"]["S3ModelArtifacts"])
    )
    assert operator.execute(_context()) == model


def test_there_is_no_best_before_the_first_success() -> None:
    """Asked too early the operator may be retried; once the job has ended, it is not."""
    launched = _operator(_request(rounds=_FOR_EVER), wait_for_completion=False).execute(_context())
    name = launched["HyperParameterTuningJobName"]
    best = SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=name)
    with pytest.raises(NoCompletedTrainingJob, match="has an objective metric"):
        best.execute(_context())
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).execute(_context())


def test_there_is_no_best_of_failures() -> None:
    """Once the job has ended without a success, asking again is no use; the reasons are told."""
    chosen = f"failing-{uuid.uuid4().hex[:8]}"
    with pytest.raises(TuningJobFailed):
        _operator(_request(data="text"), tuning_job_name=chosen).execute(_context())
    with pytest.raises(AirflowFailException, match="'three'") as refused:
        SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=chosen).execute(
            _context()
        )
    assert isinstance(refused.value.__cause__, NoCompletedTrainingJob)


def test_an_outage_at_the_last_look_only_lengthens_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wait is over, AWS is out of reach: the task is deferred again instead of failing."""
    with pytest.raises(TaskDeferred) as deferred:
        _operator(deferrable=True).execute(_context())
    event = _fire(deferred.value.trigger)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    late = _operator(deferrable=True)
    with pytest.raises(TaskDeferred) as again:
        late.execute_complete(_context(), event)
    assert again.value.trigger.serialize() == deferred.value.trigger.serialize()


@pytest.mark.parametrize("retries", [0, 1])
def test_no_job_is_left_by_a_task_that_has_no_try_left(client: Any, retries: int) -> None:
    """A wait that fails for good stops the job after the last try, and leaves it to a retry."""
    ti = FakeTaskInstance(max_tries=retries)
    request = _request(rounds=_FOR_EVER)
    with pytest.raises(TaskDeferred) as deferred:
        _operator(request, deferrable=True, retries=retries).execute(_context(ti))
    name = deferred.value.trigger.serialize()[1]["tuning_job_name"]
    event = {
        "HyperParameterTuningJobName": name,
        "Error": "denied",
        "ErrorType": "AwsCallFailed",
    }
    with pytest.raises(AwsCallFailed, match="denied"):
        _operator(request, deferrable=True, retries=retries).resume_execution(
            "execute_complete", {"event": event}, _context(ti)
        )
    assert (_status(client, name) == "InProgress") == (retries == 1)
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).execute(_context())


def test_a_document_is_not_taken_for_a_file() -> None:
    """YAML whose last line ends in ``.json`` is a document, as its other lines tell."""
    request = _request()
    request["training_job_definition"] = yaml.safe_dump(
        request["training_job_definition"] | {"Environment": {"CONFIG": "s3://bucket/config.json"}},
        sort_keys=False,
    ).rstrip()
    assert request["training_job_definition"].endswith(".json")
    result = _operator(request).execute(_context())
    assert result["HyperParameterTuningJobStatus"] == "Completed"


def test_an_unknown_job_is_named() -> None:
    """A sensor on a name that does not exist fails at once, and says which."""
    sensor = SageMakerTuningJobSensor(
        task_id="sense", tuning_job_name="no-such-job", deferrable=False
    )
    with pytest.raises(TuningJobNotFound, match="no-such-job"):
        sensor.execute(_context())
