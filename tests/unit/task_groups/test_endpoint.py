"""The chain from a registered version to the endpoint that serves it, as Airflow reads it."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from sagemaker_tuning.operators.model_package import SageMakerRegisterModelPackageOperator
from sagemaker_tuning.task_groups.endpoint import put_into_service


@pytest.fixture
def dag() -> DAG:
    with DAG("serve", schedule=None) as dag:
        register = SageMakerRegisterModelPackageOperator(
            task_id="register",
            training_job_name="job",
            model_package_group_name="churn",
            content_types=["text/csv"],
            response_types=["text/csv"],
        )
        package: Any = register.output
        put_into_service.override(group_id="serve")(
            model_package_name=package["ModelPackageArn"],
            endpoint_name="churn",
            test_data="s3://bucket/test/",
            role="SageMakerServing",
            instance_type="ml.m5.large",
            s3_output_path="s3://bucket/scores",
        )
    return dag


@pytest.fixture
def tasks(dag: DAG) -> dict[str, Any]:
    return {task.task_id.removeprefix("serve."): task for task in dag.tasks}


def test_each_task_comes_after_what_it_needs(tasks: dict[str, Any]) -> None:
    """What is better is asked about; either answer has a way, and only a deployment is undone."""
    after = {
        name: {each.removeprefix("serve.") for each in task.upstream_task_ids}
        for name, task in tasks.items()
    }
    assert after == {
        "register": set(),
        "is_better": {"register"},
        "approve": {"is_better"},
        "deploy": {"approve", "register"},
        "reject": {"approve", "register"},
        "predict": {"deploy"},
        "make_champion": {"predict", "register"},
        "roll_back": {"deploy", "predict"},
    }


def test_what_is_skipped_or_fails_leads_on_to_a_rollback_alone(tasks: dict[str, Any]) -> None:
    """So a challenger that lost keeps the gate's reason; what is skipped is no failure."""
    rules = {name: task.trigger_rule.value for name, task in tasks.items()}
    assert rules.pop("roll_back") == "one_failed"
    assert set(rules.values()) == {"all_success"}


def test_each_answer_leads_to_a_task(dag: DAG, tasks: dict[str, Any]) -> None:
    """By its whole id, in whichever task group; no answer is a no."""
    approve = tasks["approve"]
    assert approve.options_mapping == {"Approve": "serve.deploy", "Reject": "serve.reject"}
    assert set(approve.options_mapping.values()) == approve.downstream_task_ids
    assert set(approve.options) == set(approve.options_mapping)
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout.days == 3
    read = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert {task.task_id for task in read.tasks} == set(dag.task_dict)
