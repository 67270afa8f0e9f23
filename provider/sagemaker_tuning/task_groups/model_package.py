"""From the tuning jobs of earlier runs to a new version in the model registry, as a task group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagemaker_tuning.operators.model_package import SageMakerRegisterModelPackageOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.operators.warm_start import SageMakerFindWarmStartParentsOperator
from sagemaker_tuning.task_groups.mapping import MappableTaskGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Asset, XComArg

    from sagemaker_tuning.task_groups.tuning_job import Document

_CSV = ("text/csv",)


class RegisteredModel(NamedTuple):
    """The outputs of the chain's tasks, for the tasks that come after them.

    Each is what the operator returns. All together they may stand in ``ready >> registered``.
    """

    parents: XComArg
    """``WarmStartConfig``, ``Parents``, ``Refused``"""
    tuning_job: XComArg
    """``HyperParameterTuningJobName``, counters, ``BestTrainingJob``, …"""
    best_training_job: XComArg
    """``TrainingJobName``, ``FinalHyperParameterTuningJobObjectiveMetric``, …"""
    model_package: Any
    """``ModelPackageArn``, ``ModelPackageVersion``, …"""


def _tune_and_register(
    *,
    tuning_job_config: Document,
    training_job_definition: Document,
    model_package_group_name: str | XComArg,
    content_types: Sequence[str] = _CSV,
    response_types: Sequence[str] = _CSV,
    max_cost: float | str | XComArg | None = None,
    hourly_rates: Document | None = None,
    outlets: Sequence[Asset] = (),
) -> RegisteredModel:
    """Tune, warm from the DAG's last tuning jobs that fit, and register the best model.

    The tasks are ``find_parents``, ``tune``, ``best``, ``register``, and ``stop``, a teardown that
    stops the tuning job when ``tune`` has ended in whichever way.

        >>> from airflow.sdk import DAG
        >>> with DAG("churn", schedule="@weekly"):
        ...     registered = tune_and_register(
        ...         tuning_job_config="tuning_job_config.yaml",
        ...         training_job_definition="training_job_definition.yaml",
        ...         model_package_group_name="churn",
        ...     )
        >>> registered.model_package["ModelPackageArn"].operator.task_id
        'tune_and_register.register'

    Args:
        tuning_job_config: As ``SageMakerCreateTuningJobOperator``'s, and so is the next.
        training_job_definition: …
        model_package_group_name: As ``SageMakerRegisterModelPackageOperator``'s, and so are the
            next two.
        content_types: …
        response_types: …
        max_cost: As ``SageMakerCreateTuningJobOperator``'s, and so is the next.
        hourly_rates: …
        outlets: Assets that get an event when the model is registered.

    Returns:
        The outputs of the tasks.
    """
    request: dict[str, Any] = {
        "tuning_job_config": tuning_job_config,
        "training_job_definition": training_job_definition,
    }
    find_parents = SageMakerFindWarmStartParentsOperator(task_id="find_parents", **request)
    parents: Any = find_parents.output
    budget: dict[str, Any] = {"max_cost": max_cost, "hourly_rates": hourly_rates}
    tuning_job: Any = SageMakerCreateTuningJobOperator(
        task_id="tune",
        **request,
        **budget,
        warm_start_config=parents["WarmStartConfig"],
        deferrable=True,
    ).output
    name = tuning_job["HyperParameterTuningJobName"]
    best: Any = SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=name).output
    group: Any = model_package_group_name
    register = SageMakerRegisterModelPackageOperator(
        task_id="register",
        training_job_name=best["TrainingJobName"],
        model_package_group_name=group,
        content_types=content_types,
        response_types=response_types,
        outlets=[*outlets],
    )
    # Of a task before the one that launches, which has to succeed for a teardown to run: so it runs
    # also when that has failed, and not where all of this is skipped.
    stop = SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name)
    stop.as_teardown(setups=find_parents)
    return RegisteredModel(parents, tuning_job, best, register.output)


tune_and_register = MappableTaskGroup(
    _tune_and_register,
    mappable=(
        "tuning_job_config",
        "training_job_definition",
        "model_package_group_name",
        "max_cost",
        "hourly_rates",
    ),
    options={
        "group_id": "tune_and_register",
        "tooltip": "A tuning job, warm from earlier runs' ones, and its best model in the registry",
    },
)
