"""The amazon provider's own operators, from a tuning job to an endpoint in service."""

from __future__ import annotations

import pendulum
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerTuningOperator,
)
from airflow.providers.amazon.aws.sensors.sagemaker import SageMakerTuningSensor
from airflow.sdk import DAG, task

DEFINITION = "params.request.TrainingJobDefinition"
BEST = "ti.xcom_pull(task_ids='best')"


@task
def best(tuning_job: str) -> str:
    """The provider has no operator for this."""
    hook = SageMakerHook()  # type: ignore[no-untyped-call]  # it has no types of its own
    name: str = hook.describe_tuning_job(tuning_job)["BestTrainingJob"]["TrainingJobName"]
    return name


with DAG(
    dag_id="amazon_provider",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    render_template_as_native_obj=True,
    params={"request": {}},
):
    tune = SageMakerTuningOperator(
        task_id="tune",
        config={
            name: "{{ params.request." + name + " }}"
            for name in (
                "HyperParameterTuningJobName",
                "HyperParameterTuningJobConfig",
                "TrainingJobDefinition",
            )
        },
        wait_for_completion=False,
    )
    wait = SageMakerTuningSensor(
        task_id="wait", job_name="{{ params.request.HyperParameterTuningJobName }}", poke_interval=1
    )
    model = SageMakerModelOperator(
        task_id="model",
        config={
            "ModelName": "{{ " + BEST + " }}",
            "ExecutionRoleArn": "{{ " + DEFINITION + ".RoleArn }}",
            "PrimaryContainer": {
                "Image": "{{ " + DEFINITION + ".AlgorithmSpecification.TrainingImage }}",
                "ModelDataUrl": "{{ " + DEFINITION + ".OutputDataConfig.S3OutputPath }}"
                "/{{ " + BEST + " }}/output/model.tar.gz",
            },
        },
    )
    endpoint_config = SageMakerEndpointConfigOperator(
        task_id="endpoint_config",
        config={
            "EndpointConfigName": "{{ " + BEST + " }}",
            "ProductionVariants": [
                {
                    "VariantName": "all",
                    "ModelName": "{{ " + BEST + " }}",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
        },
    )
    endpoint = SageMakerEndpointOperator(
        task_id="endpoint",
        config={
            "EndpointName": "{{ params.request.HyperParameterTuningJobName }}",
            "EndpointConfigName": "{{ " + BEST + " }}",
        },
        wait_for_completion=True,
        check_interval=1,
    )
    best_training_job = best("{{ params.request.HyperParameterTuningJobName }}")
    tune >> wait >> best_training_job >> model >> endpoint_config >> endpoint
