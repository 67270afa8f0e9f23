"""Rules about the objective metric.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.algorithms import built_in_algorithm
from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagemaker_tuning.core.algorithms import BuiltInAlgorithm

_SHARED = "HyperParameterTuningJobObjective"


def objective_is_emitted(request: Mapping[str, Any]) -> Iterator[Violation]:
    """The objective is a metric of the built-in algorithm, or has a metric definition."""
    for path, definition, metric in _objectives(request):
        defined = _defined_metrics(definition)
        algorithm = _algorithm(definition)
        if metric in defined or (algorithm is None and _is_unknowable(definition)):
            continue
        if algorithm is None:
            yield Violation(
                path,
                f"{metric!r} has no metric definition",
                "name it in AlgorithmSpecification.MetricDefinitions, with the regular "
                "expression that finds it in the training job's log",
            )
        elif metric not in algorithm.metrics:
            yield Violation(
                path,
                f"{algorithm.name} does not emit {metric!r}",
                f"one of {', '.join(sorted(algorithm.metrics))} ({algorithm.source})",
            )


def _objectives(
    request: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give each objective: path, its definition, metric."""
    shared = parts.mapping(request, "HyperParameterTuningJobConfig", _SHARED)
    for where, definition in parts.definitions(request):
        own = parts.mapping(definition, "TuningObjective")
        path = f"{where}.TuningObjective" if own else f"HyperParameterTuningJobConfig.{_SHARED}"
        objective = own or shared
        if isinstance(objective.get("MetricName"), str):
            yield f"{path}.MetricName", definition, objective["MetricName"]


def _defined_metrics(definition: Mapping[str, Any]) -> list[Any]:
    listed = parts.mapping(definition, "AlgorithmSpecification").get("MetricDefinitions")
    listed = listed if isinstance(listed, list) else []
    return [item.get("Name") for item in listed if isinstance(item, dict)]


def _algorithm(definition: Mapping[str, Any]) -> BuiltInAlgorithm | None:
    image = parts.mapping(definition, "AlgorithmSpecification").get("TrainingImage")
    return built_in_algorithm(image) if isinstance(image, str) else None


def _is_unknowable(definition: Mapping[str, Any]) -> bool:
    """Whether the metrics are defined elsewhere: by an algorithm resource, or by AWS's image."""
    specification = parts.mapping(definition, "AlgorithmSpecification")
    return "AlgorithmName" in specification or not specification.get("MetricDefinitions")
