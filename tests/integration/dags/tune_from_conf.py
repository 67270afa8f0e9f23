"""One tuning job, waited for without a worker slot, as the run's conf has it."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator

with DAG(
    dag_id="tune_from_conf",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params={"tuning_job_config": {}, "training_job_definition": {}},
):
    SageMakerCreateTuningJobOperator(
        task_id="tune",
        tuning_job_config="{{ params.tuning_job_config | tojson }}",
        training_job_definition="{{ params.training_job_definition | tojson }}",
        deferrable=True,
        poll_interval=1,
    )
