"""The chain from earlier tuning jobs to a version in the registry, as Airflow reads it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from sagemaker_tuning.task_groups.model_package import tune_and_register


def _tasks(request_document: dict[str, Any]) -> dict[str, Any]:
    with DAG("retrain", schedule=None) as dag:
        tune_and_register(
            tuning_job_config=request_document["HyperParameterTuningJobConfig"],
            training_job_definition=request_document["TrainingJobDefinition"],
            model_package_group_name="churn",
        )
    return {task.task_id.removeprefix("tune_and_register."): task for task in dag.tasks}


def test_each_task_comes_after_what_it_needs(request_document: dict[str, Any]) -> None:
    """From parents to the registry, in a row."""
    tasks = _tasks(request_document)
    after = {
        name: {each.task_id.rpartition(".")[2] for each in task.upstream_list}
        for name, task in tasks.items()
    }
    assert after == {
        "find_parents": set(),
        "tune": {"find_parents"},
        "best": {"tune"},
        "register": {"best"},
        "stop": {"find_parents", "tune"},
    }


def test_the_tuning_job_is_stopped_unless_all_was_skipped(request_document: dict[str, Any]) -> None:
    """The teardown asks for a setup that is done before anything can have been launched."""
    tasks = _tasks(request_document)
    assert tasks["stop"].is_teardown
    assert tasks["find_parents"].is_setup
    assert not tasks["tune"].is_setup
