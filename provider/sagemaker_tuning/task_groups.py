"""The chain from a tuning job to a model, as a task group that DAGs have once or by the dozen."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypeVar

from airflow.sdk import XComArg, task_group

from sagemaker_tuning.operators.base import DEFAULT_POLL_INTERVAL
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from sagemaker_tuning.operators.budget import OnCeiling

P = ParamSpec("P")
R = TypeVar("R")

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


@dataclass(frozen=True)
class MappableTaskGroup(Generic[P, R]):
    """A function as a task group, which is called, or mapped, as Airflow's ``@task_group`` is.

    Other than there, mapped arguments that stand in the DAG may hold templates, those that have a
    default need not be in the mappings of ``expand_kwargs``, and what cannot be mapped is said
    when the DAG is parsed.

    Args:
        function: Makes the tasks.
        mappable: Its parameters that become template fields of the tasks and nothing else.
        options: Arguments of Airflow's ``@task_group``.
        arguments: The function's that are given already.
    """

    function: Callable[P, R]
    mappable: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make the task group, in the DAG at hand."""
        result: R = self._factory()(*args, **{**self.arguments, **kwargs})
        return result

    def override(self, **options: Any) -> MappableTaskGroup[P, R]:
        """Give the same with other arguments of Airflow's ``@task_group``, such as ``group_id``."""
        return replace(self, options={**self.options, **options})

    def partial(self, **arguments: Any) -> MappableTaskGroup[P, R]:
        """Give the same with arguments that all of the mapped task groups have in common."""
        return replace(self, arguments={**self.arguments, **arguments})

    def expand(self, **kwargs: Any) -> R:
        """Make a task group for each combination of arguments.

        Raises:
            TypeError: One of them cannot be mapped.
        """
        self._refuse_unmappable(kwargs)
        literal = {name for name, value in kwargs.items() if not isinstance(value, XComArg)}
        result: R = self._factory(literal).partial(**self.arguments).expand(**kwargs)
        return result

    def expand_kwargs(self, kwargs: Sequence[Mapping[str, Any]] | XComArg) -> R:
        """Make a task group for each mapping of arguments.

        Args:
            kwargs: A list of mappings, or a task's output that is one.

        Raises:
            TypeError: It is neither, or an argument cannot be mapped.
        """
        common = {**self._defaults(), **self.arguments}
        if isinstance(kwargs, XComArg):
            mapped = set(self.mappable) - set(self.arguments)
        elif isinstance(kwargs, Sequence) and all(isinstance(one, Mapping) for one in kwargs):
            mapped = {name for one in kwargs for name in one}
            self._refuse_unmappable(mapped)
        else:
            msg = f"expand_kwargs() takes a list of mappings or a task's output, not {kwargs!r}"
            raise TypeError(msg)
        # Airflow wants every argument that is not partial in every mapping, defaults or not.
        absent = {name: value for name, value in common.items() if name in mapped}
        partial = {name: value for name, value in common.items() if name not in mapped}

        def whole(one: Mapping[str, Any]) -> dict[str, Any]:
            return {**absent, **one}

        several = kwargs.map(whole) if isinstance(kwargs, XComArg) else [*map(whole, kwargs)]
        literal = () if isinstance(kwargs, XComArg) else mapped
        result: R = self._factory(literal).partial(**partial).expand_kwargs(several)
        return result

    def _factory(self, literal: Collection[str] = ()) -> Any:
        @functools.wraps(self.function)
        def function(*args: Any, **kwargs: Any) -> R:
            rendered = {
                name: _Rendered(name, value) if name in literal else value
                for name, value in kwargs.items()
            }
            return self.function(*args, **rendered)  # type: ignore[arg-type] # by signature

        return task_group(**self.options)(function)

    def _defaults(self) -> dict[str, Any]:
        parameters = inspect.signature(self.function).parameters
        return {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.default is not parameter.empty
        }

    def _refuse_unmappable(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.mappable:
                msg = (
                    f"{name} cannot be mapped, these can: {', '.join(self.mappable)}; "
                    f"partial({name}=…) gives all the same one"
                )
                raise TypeError(msg)


@dataclass(frozen=True)
class _Rendered:
    """A mapped argument with its templates rendered, which Airflow leaves as they are."""

    name: str
    argument: Any = field(repr=False)

    def resolve(self, context: Context) -> Any:
        """Give the value for the task at hand; Airflow calls it so when it renders the task."""
        return context["task"].render_template(self.argument.resolve(context), context)


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
    poll_interval: float = DEFAULT_POLL_INTERVAL,
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
