"""Rules about the objective metric.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.algorithms import is_built_in_image
from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagemaker_tuning.core.algorithms import BuiltInAlgorithm

_SHARED = "HyperParameterTuningJobObjective"
_DIRECTIONS = ("Maximize", "Minimize")
_PAGE = f"{parts.GUIDE}automatic-model-tuning-define-metrics-variables.html"


def objective_is_given(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A tuning job has an objective metric: of its own, or of its only definition."""
    single = request.get("TrainingJobDefinition")
    if not isinstance(single, dict) or request.get("TrainingJobDefinitions"):
        return
    if not single.get("TuningObjective") and not parts.config(request, _SHARED):
        yield Violation(
            f"HyperParameterTuningJobConfig.{_SHARED}",
            "missing",
            f"the objective metric, and whether to Maximize or Minimize it ({_PAGE})",
        )


def objective_is_emitted(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """The objective is a metric of the built-in algorithm, or has a metric definition."""
    for path, definition, objective in _objectives(request):
        metric, where = objective["MetricName"], f"{path}.MetricName"
        if _is_unknowable(definition) or metric in _defined_metrics(definition):
            continue
        algorithm = parts.algorithm_of(definition)
        if algorithm is None or not algorithm.is_image:
            yield Violation(
                where,
                f"{metric!r} has no metric definition",
                "name it in AlgorithmSpecification.MetricDefinitions, with the regular "
                f"expression that finds it in the training job's log ({_PAGE})",
            )
        elif metric not in algorithm.metrics:
            yield _not_emitted(where, metric, algorithm)


def direction_fits_metric(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """A metric of a built-in algorithm is maximized or minimized as AWS's page says."""
    for path, definition, objective in _objectives(request):
        algorithm = parts.algorithm_of(definition)
        right = algorithm.metrics.get(objective["MetricName"]) if algorithm else None
        given = objective.get("Type")
        if algorithm and right and given in [each for each in _DIRECTIONS if each != right]:
            kind = Violation if algorithm.is_image else Advice
            yield kind(
                f"{path}.Type",
                f"{given} {objective['MetricName']}",
                f"a metric of {algorithm.name} to {right} ({algorithm.sources[0]})",
            )


def directions_are_alike(request: Mapping[str, Any]) -> Iterator[Advice]:
    """The best training job of all definitions has the best objective in one direction."""
    given = {
        objective["Type"]: path
        for path, _, objective in _objectives(request)
        if objective.get("Type") in list(_DIRECTIONS)
    }
    if len(given) > 1:
        path = given["Minimize"]
        problem = f"Minimize, and Maximize at {given['Maximize']}"
        yield Advice(f"{path}.Type", problem, f"none of them is the best of all ({_PAGE})")


def definitions_are_the_algorithms(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A built-in algorithm brings its metric definitions; a request cannot have others.

    https://github.com/aws/sagemaker-xgboost-container/issues/121
    """
    for where, definition in parts.definitions(request):
        algorithm = parts.algorithm_of(definition)
        if algorithm and algorithm.is_image and _defined_metrics(definition):
            yield Violation(
                f"{where}.AlgorithmSpecification.MetricDefinitions",
                f"given for {algorithm.name}",
                f"leave it out: those of built-in algorithms can't be overridden ({_PAGE})",
            )


def _not_emitted(where: str, metric: str, algorithm: BuiltInAlgorithm) -> Violation | Advice:
    right = f"one of {', '.join(sorted(algorithm.metrics))} ({algorithm.sources[0]})"
    if algorithm.is_complete:
        return Violation(where, f"{algorithm.name} does not emit {metric!r}", right)
    # Algorithms emit more than their pages list: other measures, channels and moments.
    return Advice(where, f"{metric!r} is not on AWS's page of {algorithm.name}", right)


def _objectives(
    request: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give each objective whose metric is known: path, its definition, itself."""
    shared = parts.config(request, _SHARED)
    for where, definition in parts.definitions(request):
        own = definition.get("TuningObjective")
        path = f"{where}.TuningObjective" if own else f"HyperParameterTuningJobConfig.{_SHARED}"
        objective = own or shared
        metric = objective.get("MetricName") if isinstance(objective, dict) else None
        if isinstance(metric, str) and not is_template(metric):
            yield path, definition, objective


def _defined_metrics(definition: Mapping[str, Any]) -> list[Any]:
    listed = parts.items(definition, "AlgorithmSpecification", "MetricDefinitions")
    return [item.get("Name") for item in listed if isinstance(item, dict)]


def _is_unknowable(definition: Mapping[str, Any]) -> bool:
    """Whether the metrics are defined elsewhere, or hidden."""
    specification = definition.get("AlgorithmSpecification")
    if not isinstance(specification, dict) or hides(specification):
        return True
    image = specification.get("TrainingImage")
    return (
        "AlgorithmName" in specification
        or not isinstance(image, str)
        or (
            is_built_in_image(image)
            and parts.algorithm_of(definition) is None
            and not specification.get("MetricDefinitions")
        )
    )
