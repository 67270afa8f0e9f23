"""One tuning job that is launched and not waited for, as the run's conf has it."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator

with DAG(
    dag_id="launch_from_conf",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params={"tuning_job_config": {}, "training_job_definition": {}},
):
    SageMakerCreateTuningJobOperator(
        task_id="launch",
        tuning_job_config="{{ params.tuning_job_config | tojson }}",
        training_job_definition="{{ params.training_job_definition | tojson }}",
        wait_for_completion=False,
    )
