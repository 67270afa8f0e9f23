"""Rules about training job definitions.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def one_or_several(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Either ``TrainingJobDefinition`` or ``TrainingJobDefinitions``, never both."""
    given = [key for key in ("TrainingJobDefinition", "TrainingJobDefinitions") if request.get(key)]
    if len(given) != 1:
        yield Violation(
            "TrainingJobDefinition",
            "given together with TrainingJobDefinitions" if given else "missing",
            "give either TrainingJobDefinition or TrainingJobDefinitions",
        )


def several_are_complete(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Each of several definitions has its own name, objective and ranges."""
    for path, definition in parts.definitions(request):
        if path == "TrainingJobDefinition":
            continue
        for key in ("DefinitionName", "TuningObjective", "HyperParameterRanges"):
            if key not in definition:
                yield Violation(
                    f"{path}.{key}", "missing", "required in each of TrainingJobDefinitions"
                )


def one_resource_config(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Either ``ResourceConfig`` or ``HyperParameterTuningResourceConfig``."""
    for path, definition in parts.definitions(request):
        given = [
            key
            for key in ("ResourceConfig", "HyperParameterTuningResourceConfig")
            if key in definition
        ]
        if len(given) != 1:
            yield Violation(
                f"{path}.ResourceConfig",
                "given together with HyperParameterTuningResourceConfig" if given else "missing",
                "give either ResourceConfig or HyperParameterTuningResourceConfig",
            )
