"""The chain as a task group, mapped over what stands in the DAG and over what a task gives."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import DAG, get_current_context, task

from sagemaker_tuning.task_groups.tuning_job import tune_and_create_model


@task
def requests() -> list[dict[str, Any]]:
    """Two requests, one of which has a name for its model."""
    given = get_current_context()["params"]["request"]
    return [given, {**given, "model_name": "mapped-by-output"}]


with DAG(
    dag_id="mapped_chains",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    render_template_as_native_obj=True,
    params={"request": {}},
    # Airflow itself may fail a task whose deferred wait is over at once, if the machine is busy.
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=1)},
):
    tune_and_create_model.override(group_id="by_output").partial(poll_interval=1).expand_kwargs(
        requests()
    )
    tune_and_create_model.override(group_id="by_literal").partial(
        poll_interval=1, tuning_job_config="{{ params.request.tuning_job_config }}"
    ).expand(
        training_job_definition=["{{ params.request.training_job_definition }}"],
        additional_fields=[
            {"HyperParameterTuningJobConfig": {"RandomSeed": seed}} for seed in (1, 2)
        ],
        model_name=["literal-{{ ti.map_index }}"],
    )
