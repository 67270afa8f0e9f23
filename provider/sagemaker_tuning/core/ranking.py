"""The order of a tuning job's training jobs, the best first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RANKED_STATUSES = frozenset({"Completed", "Stopped"})
"""Only these have a final metric and an artifact; a job stopped early has both."""

_TYPES = ("Maximize", "Minimize")


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric, and whether more or less of it is better.

    Attributes:
        metric_name: ``MetricName``.
        type: ``Maximize`` or ``Minimize``.
    """

    metric_name: str
    type: str

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read a ``HyperParameterTuningJobObjective`` that a user gives.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobObjective.html

        Raises:
            InvalidTuningRequest: It is none.
        """
        rule = '{"MetricName": "validation:auc", "Type": "Maximize"}, or "Minimize"'
        if not isinstance(document, dict):
            raise InvalidTuningRequest([Violation("objective", repr(document), rule)])
        name, kind = document.get("MetricName"), document.get("Type")
        violations = [
            Violation(f"objective.{key}", "no such field", rule)
            for key in document.keys() - {"MetricName", "Type"}
        ]
        if not isinstance(name, str) or not name:
            violations.append(Violation("objective.MetricName", repr(name), "a metric's name"))
        if kind not in _TYPES:
            violations.append(Violation("objective.Type", repr(kind), " or ".join(_TYPES)))
        if violations:
            raise InvalidTuningRequest(violations)
        return cls(str(name), str(kind))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A training job and its value.

    Attributes:
        summary: Its ``HyperParameterTrainingJobSummary``.
        value: Of the metric by which it is ranked; None if it has none.
    """

    summary: Mapping[str, Any]
    value: float | None

    @property
    def is_ranked(self) -> bool:
        """Whether it has ended with a value that can be compared."""
        return (
            self.value is not None
            and math.isfinite(self.value)
            and self.summary["TrainingJobStatus"] in RANKED_STATUSES
        )


def rank(
    candidates: Iterable[Candidate], objective: Objective, first: str | None = None
) -> list[Candidate]:
    """Put training jobs in order, the best first; those without a rank come last.

    The order is total and does not depend on the order given: of equal values the training job
    created first is the better one, then the one whose name comes first.

    Args:
        candidates: Each training job once.
        objective: Which values are better.
        first: ``TrainingJobName`` of the one that SageMaker calls the best, which leads whatever
            the values say.
    """
    sign = -1 if objective.type == "Maximize" else 1

    def key(candidate: Candidate) -> tuple[Any, ...]:
        name = candidate.summary["TrainingJobName"]
        value = sign * candidate.value if candidate.is_ranked and candidate.value else 0.0
        age = candidate.summary["CreationTime"]
        return (not candidate.is_ranked, name != first, value, age, name)

    return sorted(candidates, key=key)


def tuning_objective(tuning_job: Mapping[str, Any], definition_name: str | None) -> Objective:
    """Give what a tuning job optimizes, by its own word.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        definition_name: One of several training job definitions; None for all of them.

    Raises:
        InvalidTuningRequest: There is no such definition, or the definitions optimize in opposite
            directions, so that no training job is the best of all.
    """
    definitions = {
        definition.get("DefinitionName"): definition
        for definition in tuning_job.get("TrainingJobDefinitions", ())
    }
    if definition_name is not None and definition_name not in definitions:
        known = ", ".join(map(str, definitions)) or "none: the tuning job has one definition only"
        raise InvalidTuningRequest(
            [Violation("definition_name", repr(definition_name), f"one of {known}")]
        )
    shared = tuning_job["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective")
    documents = [
        definition.get("TuningObjective", shared)
        for name, definition in definitions.items()
        if definition_name in {None, name}
    ] or [shared]
    objectives = [Objective(doc["MetricName"], doc["Type"]) for doc in documents if doc]
    if len({objective.type for objective in objectives}) != 1:
        said = ", ".join(f"{o.type} {o.metric_name}" for o in objectives) or "no objective"
        problem = f"the training job definitions have {said}"
        rule = "the name of one of them, or an objective that is common to all"
        raise InvalidTuningRequest([Violation("definition_name", problem, rule)])
    return objectives[0]
