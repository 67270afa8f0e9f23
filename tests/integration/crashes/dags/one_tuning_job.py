"""One tuning job each, waited for in every way that there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG

from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator

SECONDS_BEFORE_TIMEOUT = 15


def one_tuning_job(dag_id: str, *, dagrun_timeout: timedelta | None = None, **task: Any) -> None:
    """Define a DAG of one task; its training jobs end when the file `gate` is there."""
    with DAG(
        dag_id=dag_id,
        schedule=None,
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        dagrun_timeout=dagrun_timeout,
        params={"gate": "", "training_jobs": 1},
    ):
        SageMakerCreateTuningJobOperator(
            task_id="tune",
            tuning_job_config="tuning_job_config.json",
            training_job_definition="training_job_definition.json",
            poll_interval=0.5,
            retry_delay=timedelta(seconds=0.1),
            **{"retries": 1, **task},
        )


TIMEOUT = timedelta(seconds=SECONDS_BEFORE_TIMEOUT)

one_tuning_job("in_worker", deferrable=False)
one_tuning_job("deferred", deferrable=True)
one_tuning_job("in_worker_for_seconds", deferrable=False, execution_timeout=TIMEOUT, retries=0)
one_tuning_job("deferred_for_seconds", deferrable=True, execution_timeout=TIMEOUT, retries=0)
one_tuning_job("deferred_in_short_run", deferrable=True, dagrun_timeout=TIMEOUT)
one_tuning_job("by_connection", deferrable=True, aws_conn_id="aws_crashes")
