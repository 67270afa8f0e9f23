"""The chain from a model package to an endpoint, as Airflow reads it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from sagemaker_tuning.operators.model_package import SageMakerRegisterModelPackageOperator
from sagemaker_tuning.task_groups.endpoint import put_into_service


def test_gate_and_deployment_take_what_their_operators_take() -> None:
    """What the task group has no parameter for can be given all the same."""
    with DAG("retrain", schedule=None) as dag:
        registered: Any = SageMakerRegisterModelPackageOperator(
            task_id="register",
            training_job_name="best",
            model_package_group_name="churn",
            content_types=["text/csv"],
            response_types=["text/csv"],
        ).output
        put_into_service(
            model_package_name=registered["ModelPackageArn"],
            endpoint_name="churn",
            test_data="s3://bucket/test/",
            role="SageMakerTuning",
            instance_type="ml.m5.large",
            s3_output_path="s3://bucket/scores",
            gate_arguments={"metric": "rmse"},
            deployment_arguments={"adopt_endpoint": True},
        )
    gate: Any = dag.get_task("put_into_service.is_better")
    deploy: Any = dag.get_task("put_into_service.deploy")
    assert gate.metric == "rmse"
    assert deploy.adopt_endpoint is True
