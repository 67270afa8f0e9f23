"""Challenger against champion, on models that were really trained, at the local endpoint."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from airflow.sdk import DAG
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import TaskStatesResult
from airflow.serialization.serialized_objects import DagSerialization

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sagemaker_tuning.core.errors import ScoringFailed
from sagemaker_tuning.operators.gate import SageMakerModelPackageGateOperator
from sagemaker_tuning.operators.model_package import SageMakerRegisterModelPackageOperator
from sagemaker_tuning.triggers.transform_job import SageMakerTransformPauseTrigger
from tests.contract import serving
from tests.contract.aws import poll
from tests.contract.examples import CONFIG, STATIC, changed, example, rows
from tests.operators.task import FakeTaskInstance, context

if TYPE_CHECKING:
    from tests.contract.aws import Aws, Document

_FINAL = "FinalHyperParameterTuningJobObjectiveMetric"


@pytest.fixture
def group() -> str:
    """A name of no group yet."""
    return serving.unique("group")


@pytest.fixture(scope="session")
def ranked(aws: Aws, completed: Document) -> list[str]:
    """The training jobs of a tuning job, the best first."""
    return _ranked(aws, completed, sign=-1)


@pytest.fixture(scope="session")
def data(aws: Aws, bucket: str) -> str:
    """Held-out data in two objects, one of them in a folder below, and a folder's marker."""
    aws.s3.put_object(Bucket=bucket, Key="test/part-0.csv", Body=rows(300, seed=3))
    aws.s3.put_object(Bucket=bucket, Key="test/more/part-1.csv", Body=rows(100, seed=4))
    aws.s3.put_object(Bucket=bucket, Key="test/", Body=b"")
    return f"s3://{bucket}/test/"


def _ranked(aws: Aws, tuning_job: Document, sign: int) -> list[str]:
    jobs = aws.training_jobs(tuning_job["HyperParameterTuningJobName"])
    done = sorted(jobs, key=lambda job: sign * job[_FINAL]["Value"])
    return [job["TrainingJobName"] for job in done]


def _tuned(aws: Aws, training_job_name: str) -> float:
    """Give what the tuning job saw of the objective metric."""
    job = aws.sagemaker.describe_training_job(TrainingJobName=training_job_name)
    (metric,) = (m for m in job["FinalMetricDataList"] if m["MetricName"] == "ObjectiveMetric")
    return float(metric["Value"])


def _register(training_job_name: str, group: str, status: str = "PendingManualApproval") -> str:
    operator = SageMakerRegisterModelPackageOperator(
        task_id="register",
        training_job_name=training_job_name,
        model_package_group_name=group,
        content_types=["text/csv"],
        response_types=["text/csv"],
        approval_status=status,
    )
    return str(operator.execute(context())["ModelPackageArn"])


def _gate(challenger: str, data: str, **arguments: Any) -> SageMakerModelPackageGateOperator:
    bucket = data.split("/")[2]
    given = {"deferrable": False, "poll_interval": 0.1, **arguments}
    return SageMakerModelPackageGateOperator(
        task_id="gate",
        model_package_name=challenger,
        data=data,
        role="arn:aws:iam::123456789012:role/SageMakerServing",
        instance_type="ml.m5.large",
        s3_output_path=f"s3://{bucket}/gate",
        **given,
    )


def _approval(aws: Aws, arn: str) -> tuple[str, str]:
    package = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    return package["ModelApprovalStatus"], package.get("ApprovalDescription", "")


def _jobs(aws: Aws, group: str) -> list[str]:
    listed = aws.sagemaker.list_transform_jobs(NameContains=group)["TransformJobSummaries"]
    return sorted(job["TransformJobStatus"] for job in listed)


def _require_nothing_left(aws: Aws, group: str, bucket: str) -> None:
    assert not aws.sagemaker.list_models(NameContains=group)["Models"]
    listed = aws.s3.list_objects_v2(Bucket=bucket, Prefix="gate/").get("Contents", [])
    assert not [each["Key"] for each in listed if group in each["Key"]]


def test_a_better_challenger_passes(aws: Aws, group: str, ranked: list[str], bucket: str) -> None:
    """By its own objective; on the data that it was tuned by, the score is what tuning said."""
    champion = _register(ranked[-1], group, "Approved")
    challenger = _register(ranked[0], group)
    result = _gate(challenger, f"s3://{bucket}/validation").execute(context())
    assert (result["Verdict"], result["MetricName"], result["Type"]) == ("Won", "auc", "Maximize")
    assert result["Challenger"] == {
        "ModelPackageArn": challenger,
        "Value": pytest.approx(_tuned(aws, ranked[0]), abs=1e-5),
    }
    assert result["Champion"] == {
        "ModelPackageArn": champion,
        "Value": pytest.approx(_tuned(aws, ranked[-1]), abs=1e-5),
    }
    assert _jobs(aws, group) == ["Completed", "Completed"]
    _require_nothing_left(aws, group, bucket)


def test_a_worse_challenger_is_rejected(
    aws: Aws, group: str, ranked: list[str], data: str, bucket: str
) -> None:
    """With both scores as the reason, and what would follow is skipped."""
    champion = _register(ranked[0], group, "Approved")
    challenger = _register(ranked[-1], group)
    ti = FakeTaskInstance(task_id="gate")
    with pytest.raises(AirflowSkipException) as skipped:
        _gate(challenger, data).execute(context(ti))
    assert _approval(aws, challenger) == ("Rejected", str(skipped.value))
    assert _approval(aws, champion)[0] == "Approved"
    assert ti.xcoms["return_value"]["Verdict"] == "Lost"
    _require_nothing_left(aws, group, bucket)


def test_an_equal_challenger_is_rejected(
    aws: Aws, group: str, ranked: list[str], data: str
) -> None:
    """A margin of 0 is not enough for what is no better."""
    champion = _register(ranked[0], group, "Approved")
    package = aws.sagemaker.describe_model_package(ModelPackageName=champion)
    keys = ("ModelPackageGroupName", "InferenceSpecification", "CustomerMetadataProperties")
    same = aws.sagemaker.create_model_package(**{key: package[key] for key in keys})
    challenger = same["ModelPackageArn"]
    with pytest.raises(AirflowFailException, match="they are equal, so the champion stays"):
        _gate(challenger, data, on_loss="fail").execute(context())
    assert _approval(aws, challenger)[0] == "Rejected"


def test_the_first_of_a_group_passes(
    aws: Aws, group: str, ranked: list[str], data: str, bucket: str
) -> None:
    """There is no champion; the challenger is scored all the same, on all rows of all objects."""

    def count(labels: Any, predictions: Any) -> float:
        assert labels.shape == predictions.shape
        return float(len(labels))

    _register(ranked[1], group, "Rejected")
    challenger = _register(ranked[0], group, "Approved")
    gate = _gate(challenger, data, metric=count, objective_type="Maximize")
    gate.render_template_fields(context())  # which calls what it finds to be a function
    result = gate.execute(context())
    assert (result["Verdict"], result["Champion"]) == ("NoChampion", None)
    assert result["Challenger"]["Value"] == 400
    assert _approval(aws, challenger)[0] == "Approved"
    _require_nothing_left(aws, group, bucket)


def test_probabilities_of_several_classes(aws: Aws, group: str) -> None:
    """A number for each class: the row comes back whole, and its end is what the model predicts."""
    bucket = aws.upload(_classes(300, seed=1), _classes(120, seed=2))
    static = {"objective": "multi:softprob", "num_class": "3", "num_round": "3"}
    request = changed(example(bucket), *STATIC, value={**static, "eval_metric": "mlogloss"})
    objective = {"MetricName": "validation:mlogloss", "Type": "Minimize"}
    request[CONFIG]["HyperParameterTuningJobObjective"] = objective
    request[CONFIG]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 2
    best, worst = _ranked(aws, aws.run(request), sign=1)
    _register(worst, group, "Approved")
    challenger = _register(best, group)
    result = _gate(challenger, f"s3://{bucket}/validation").execute(context())
    assert (result["Verdict"], result["MetricName"]) == ("Won", "mlogloss")
    assert result["Challenger"]["Value"] == pytest.approx(_tuned(aws, best), abs=1e-5)
    assert result["Champion"]["Value"] == pytest.approx(_tuned(aws, worst), abs=1e-5)


def _classes(count: int, seed: int) -> str:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 4))
    labels = np.clip(np.round(features[:, 0] + 0.3 * random.normal(size=count)) + 1, 0, 2)
    lines = np.column_stack([labels, features])
    return "".join(
        f"{int(row[0])}," + ",".join(f"{x:.5f}" for x in row[1:]) + "\n" for row in lines
    )


def test_data_that_no_model_can_read_is_an_error_of_the_task(
    aws: Aws, group: str, ranked: list[str], bucket: str
) -> None:
    """With what the transform job says; nobody wins, and a failure for good leaves nothing."""
    aws.s3.put_object(Bucket=bucket, Key="broken/0.csv", Body=b"1,2,3\n0,1,2\n")
    _register(ranked[0], group, "Approved")
    challenger = _register(ranked[-1], group)
    with pytest.raises(ScoringFailed, match="is Failed") as failed:
        _gate(challenger, f"s3://{bucket}/broken/").execute(context())
    assert "Feature size" in str(failed.value)
    assert _approval(aws, challenger)[0] == "PendingManualApproval"
    _require_nothing_left(aws, group, bucket)


def test_data_without_a_label_in_a_row_is_told_with_its_line(
    aws: Aws, group: str, ranked: list[str], bucket: str
) -> None:
    """The model does not see labels, so the gate is who finds out."""
    lines = rows(20, seed=5).splitlines()
    lines[6] = "," + lines[6].partition(",")[2]
    aws.s3.put_object(Bucket=bucket, Key="unlabelled/0.csv", Body="\n".join(lines).encode())
    challenger = _register(ranked[0], group)
    with pytest.raises(AirflowFailException, match=r"unlabelled/0\.csv, line 7: '' is no number"):
        _gate(challenger, f"s3://{bucket}/unlabelled/").execute(context())
    _require_nothing_left(aws, group, bucket)


def test_a_champion_whose_artifact_is_gone_is_an_error_of_the_task(
    aws: Aws, group: str, ranked: list[str], data: str
) -> None:
    """The challenger does not win by that."""
    champion = _register(ranked[-1], group, "Approved")
    package = aws.sagemaker.describe_model_package(ModelPackageName=champion)
    artifact = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    where = dict(zip(("Bucket", "Key"), artifact.removeprefix("s3://").split("/", 1), strict=True))
    kept = aws.read(artifact)
    aws.s3.delete_object(**where)
    try:
        challenger = _register(ranked[0], group)
        with pytest.raises(Exception, match="Could not find model data") as failed:
            _gate(challenger, data).execute(context())
    finally:
        aws.s3.put_object(**where, Body=kept)
    assert any(f"the champion {champion}" in note for note in failed.value.__notes__)
    assert _approval(aws, challenger)[0] == "PendingManualApproval"


class FakeSupervisor:
    """Tells, as Airflow's supervisor does, what has become of the task."""

    def __init__(self) -> None:
        self.state: str | None = "deferred"

    def send(self, message: Any) -> TaskStatesResult:
        states = {run: dict.fromkeys(message.task_ids, self.state) for run in message.run_ids}
        return TaskStatesResult(task_states=states)


def test_a_deferred_gate_ends_its_jobs_when_a_person_ends_the_task(
    aws: Aws, group: str, ranked: list[str], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From what the trigger serializes to, in the triggerer; a mere move of it stops nothing."""
    supervisor = FakeSupervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    large = rows(4000, seed=6) * 60
    aws.s3.put_object(Bucket=bucket, Key="large/0.csv", Body=large.encode())
    _register(ranked[-1], group, "Approved")
    challenger = _register(ranked[0], group)
    gate = _gate(challenger, f"s3://{bucket}/large/", deferrable=True, poll_interval=0.01)
    ti = FakeTaskInstance(task_id="gate")
    with pytest.raises(TaskDeferred) as deferred:
        gate.execute(context(ti))
    path, arguments = deferred.value.trigger.serialize()
    assert path.endswith(".SageMakerTransformPauseTrigger")
    trigger = SageMakerTransformPauseTrigger(**json.loads(json.dumps(arguments)))
    trigger.task_instance = cast("Any", ti)
    asyncio.run(trigger.on_kill())
    assert _jobs(aws, group) == ["InProgress", "InProgress"]
    supervisor.state = "failed"
    asyncio.run(trigger.on_kill())
    poll(
        lambda: {"statuses": _jobs(aws, group)},
        lambda seen: seen["statuses"] == ["Stopped", "Stopped"],
    )


def test_a_deferred_pause_ends_in_time() -> None:
    """At once where its moment has passed; the task gets to know again what it waits for."""

    async def first(trigger: SageMakerTransformPauseTrigger) -> Any:
        async for event in trigger.run():
            return event.payload
        raise AssertionError

    moment = "2026-01-01T00:00:00+00:00"
    trigger = SageMakerTransformPauseTrigger(transform_job_names=["job"], moment=moment)
    assert asyncio.run(asyncio.wait_for(first(trigger), timeout=300)) == ["job"]


def test_a_dag_with_a_function_as_metric_can_be_stored() -> None:
    """Airflow keeps what it can show of it; the worker has the function itself."""

    def mean(labels: Any, predictions: Any) -> float:
        return float(abs(labels - predictions).mean())

    with DAG("gate", schedule=None) as dag:
        _gate("{{ params.arn }}", "s3://bucket/test", metric=mean, objective_type="Minimize")
    document = json.dumps(DagSerialization.to_dict(dag), default=str)
    assert "params.arn" in document
