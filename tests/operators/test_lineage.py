"""What OpenLineage is told, asked as its provider asks."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.utils.state import TaskInstanceState

from sagemaker_tuning.operators.leaderboard import SageMakerTuningJobLeaderboardOperator
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from tests.contract import serving
from tests.operators.task import (
    BUCKET,
    FakeTaskInstance,
    context,
    fire,
    tuning_operator,
    tuning_request,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.aws import Aws, Document

_Datasets = set[tuple[str, str]]
_READ = {(f"s3://{BUCKET}", "train"), (f"s3://{BUCKET}", "validation")}
_PATH = (f"s3://{BUCKET}", "output")


def _told(
    task: Any, state: TaskInstanceState, ti: FakeTaskInstance | None = None
) -> tuple[_Datasets, _Datasets]:
    ti = ti or FakeTaskInstance()
    told = ExtractorManager().extract_metadata(  # type: ignore[no-untyped-call]
        dagrun=SimpleNamespace(run_id=ti.run_id),
        task=task,
        task_instance_state=state,
        task_instance=ti,
    )
    inputs, outputs = (
        {(each.namespace, each.name) for each in datasets}
        for datasets in (told.inputs, told.outputs)
    )
    return inputs, outputs


def test_a_tuning_job_reads_channels_and_writes_the_best_artifact(client: Any) -> None:
    """Known as soon as it starts but for the artifact, which a deferred wait does not lose."""
    ti = FakeTaskInstance()
    before = tuning_operator(deferrable=True)
    assert _told(before, TaskInstanceState.RUNNING) == (_READ, {_PATH})
    with pytest.raises(TaskDeferred) as deferred:
        before.execute(context(ti))
    after = tuning_operator(deferrable=True)
    result = after.execute_complete(context(ti), fire(deferred.value.trigger))
    best = client.describe_training_job(
        TrainingJobName=result["BestTrainingJob"]["TrainingJobName"]
    )
    artifact = best["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    assert _told(after, TaskInstanceState.SUCCESS, ti) == (
        _READ,
        {_PATH, (f"s3://{BUCKET}", artifact)},
    )


def test_a_task_that_only_launches_says_what_its_job_reads(tmp_path: Path) -> None:
    """Also a mapped one, whose files Airflow does not read: once it has run, not before."""
    request = tuning_request()
    (tmp_path / "definition.yaml").write_text(json.dumps(request["training_job_definition"]))
    with DAG("mapped", template_searchpath=str(tmp_path), schedule=None):
        task = tuning_operator(
            request, training_job_definition="definition.yaml", wait_for_completion=False
        )
    assert _told(task, TaskInstanceState.RUNNING) == (set(), set())
    task.execute(context())
    assert _told(task, TaskInstanceState.SUCCESS) == (_READ, {_PATH})


def test_a_task_that_failed_before_the_launch_says_what_it_would_have_read() -> None:
    """OpenLineage asks of failed tasks too; a document that is none is no second failure."""
    task = tuning_operator()
    task.tuning_job_name = "a name that cannot be"  # as a template may render
    with pytest.raises(AirflowFailException):
        task.execute(context())
    assert _told(task, TaskInstanceState.FAILED) == (_READ, {_PATH})
    unread = tuning_operator()
    unread.training_job_definition = "{neither: JSON: nor YAML"
    with pytest.raises(AirflowFailException):
        unread.execute(context())
    assert _told(unread, TaskInstanceState.FAILED) == (set(), set())


def test_a_leaderboard_in_s3_is_an_output() -> None:
    """The file where there is one; none, and so no lineage, where the result is all."""
    uri = f"s3://{BUCKET}/boards/churn.csv"
    for s3_uri, outputs in ((uri, {(f"s3://{BUCKET}", "boards/churn.csv")}), (None, set())):
        task = SageMakerTuningJobLeaderboardOperator(
            task_id="leaderboard", tuning_job_name="churn", s3_uri=s3_uri
        )
        for state in (TaskInstanceState.RUNNING, TaskInstanceState.SUCCESS):
            assert _told(task, state) == (set(), outputs)


def test_a_model_is_made_of_the_artifact_that_tuning_wrote(aws: Aws, completed: Document) -> None:
    """Both tasks call it the same, so that the two are linked; the model goes by its ARN."""
    task = SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model",
        training_job_name=completed["BestTrainingJob"]["TrainingJobName"],
        model_name=serving.unique("model"),
    )
    assert _told(task, TaskInstanceState.RUNNING) == (set(), set())
    namespace, _, model = task.execute(context())["ModelArn"].rpartition(":")
    bucket, _, key = serving.artifact_of(aws, completed).removeprefix("s3://").partition("/")
    assert _told(task, TaskInstanceState.SUCCESS) == (
        {(f"s3://{bucket}", key)},
        {(namespace, model)},
    )
