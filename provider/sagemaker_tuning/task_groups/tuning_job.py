"""The chain from a tuning job to a model, as a task group that DAGs have once or by the dozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import XComArg

from sagemaker_tuning.operators.base import DEFAULT_POLL_INTERVAL
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.task_groups.mapping import MappableTaskGroup

if TYPE_CHECKING:
    from sagemaker_tuning.core.poll_interval import PollInterval
    from sagemaker_tuning.operators.budget import OnCeiling

Document = Mapping[str, Any] | str | XComArg
Documents = Sequence[Mapping[str, Any]] | str | XComArg


class TunedModel(NamedTuple):
    """The outputs of the chain's tasks, for the tasks that come after them.

    Each is what the operator returns, and ``tuned.model["ModelName"]`` a key of it. All together
    they may stand in ``ready >> tuned >> done``. Behind a mapped task group each is the list of
    what its tasks returned, without those that failed.
    """

    tuning_job: XComArg
    """``HyperParameterTuningJobName``, counters, ``BestTrainingJob``, …"""
    best_training_job: XComArg
    """``TrainingJobName``, ``FinalHyperParameterTuningJobObjectiveMetric``, …"""
    model: XComArg
    """``ModelName``, ``ModelArn``, ``PrimaryContainer``, …"""


def _tune_and_create_model(
    *,
    tuning_job_config: Document,
    training_job_definition: Document | None = None,
    training_job_definitions: Documents | None = None,
    warm_start_config: Document | None = None,
    additional_fields: Document | None = None,
    tags: Documents | None = None,
    model_name: str | XComArg | None = None,
    hourly_rates: Document | None = None,
    max_cost: float | str | XComArg | None = None,
    dry_run: bool | str | XComArg = False,
    on_ceiling: OnCeiling = "refuse",
    deferrable: bool = True,
    poll_interval: PollInterval = DEFAULT_POLL_INTERVAL,
    check_inputs: bool = False,
    fail_fast: int | None = None,
) -> TunedModel:
    """Launch a tuning job and wait for it, fetch its best training job, create a model of that.

    The tasks are ``tune``, ``best``, ``model``, and ``stop``, a teardown that stops the tuning job
    when ``tune`` has ended in whichever way: nothing outlives the task group. What all operators
    of Airflow have goes into ``default_args``: ``retries``, ``aws_conn_id``, and
    ``max_active_tis_per_dagrun``, which limits how many tuning jobs a run has at once.

        >>> from airflow.sdk import DAG
        >>> with DAG("churn", schedule=None):
        ...     tuned = tune_and_create_model(
        ...         tuning_job_config="tuning_job_config.yaml",
        ...         training_job_definition="training_job_definition.yaml",
        ...     )
        ...     several = (
        ...         tune_and_create_model.override(
        ...             group_id="regions", default_args={"max_active_tis_per_dagrun": 2}
        ...         )
        ...         .partial(tuning_job_config="tuning_job_config.yaml")
        ...         .expand(training_job_definition=["north.yaml", "south.yaml"])
        ...     )
        >>> tuned.model["ModelName"].operator.task_id
        'tune_and_create_model.model'

    Args:
        tuning_job_config: As ``SageMakerCreateTuningJobOperator``'s, and so are the next four.
        training_job_definition: …
        training_job_definitions: …
        warm_start_config: …
        additional_fields: …
        tags: ``Tags`` of the tuning job and of the model.
        model_name: ``ModelName``; the best training job's name if not given.
        hourly_rates: As ``SageMakerCreateTuningJobOperator``'s, and so are the next two.
        max_cost: …
        dry_run: …
        on_ceiling: As ``SageMakerCreateTuningJobOperator``'s, and so are the others. They are the
            same for all task groups of a mapped one.
        deferrable: …
        poll_interval: …
        check_inputs: …
        fail_fast: …

    Returns:
        The outputs of the tasks.
    """
    rendered: dict[str, Any] = {
        "tuning_job_config": tuning_job_config,
        "training_job_definition": training_job_definition,
        "training_job_definitions": training_job_definitions,
        "warm_start_config": warm_start_config,
        "additional_fields": additional_fields,
        "tags": tags,
        "hourly_rates": hourly_rates,
        "max_cost": max_cost,
        "dry_run": dry_run,
    }
    tune = SageMakerCreateTuningJobOperator(
        task_id="tune",
        **rendered,
        on_ceiling=on_ceiling,
        deferrable=deferrable,
        poll_interval=poll_interval,
        check_inputs=check_inputs,
        fail_fast=fail_fast,
    )
    tuning_job: Any = tune.output
    name = tuning_job["HyperParameterTuningJobName"]
    best = SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=name)
    best_training_job: Any = best.output
    of_model: dict[str, Any] = {"model_name": model_name, "tags": tags}
    model = SageMakerCreateModelFromTrainingJobOperator(
        task_id="model", training_job_name=best_training_job["TrainingJobName"], **of_model
    )
    # The operator stops its tuning job itself, but for one whose worker is lost in the last try.
    # So this is not the teardown of a setup, which would have to succeed.
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).as_teardown()
    return TunedModel(tuning_job, best_training_job, model.output)


tune_and_create_model = MappableTaskGroup(
    _tune_and_create_model,
    mappable=(
        "tuning_job_config",
        "training_job_definition",
        "training_job_definitions",
        "warm_start_config",
        "additional_fields",
        "tags",
        "model_name",
        "hourly_rates",
        "max_cost",
        "dry_run",
    ),
    options={
        "group_id": "tune_and_create_model",
        "tooltip": "A tuning job, its best training job, and a model of that",
    },
)
