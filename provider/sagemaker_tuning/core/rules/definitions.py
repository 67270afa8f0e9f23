"""Rules about training job definitions.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CREATE = f"{parts.API}CreateHyperParameterTuningJob.html"
_DEFINITION = f"{parts.API}HyperParameterTrainingJobDefinition.html"
_SEVERAL = f"{parts.GUIDE}multiple-algorithm-hpo-create-tuning-jobs.html"
_SPECIFICATION = f"{parts.API}HyperParameterAlgorithmSpecification.html"


def one_or_several(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Either ``TrainingJobDefinition`` or ``TrainingJobDefinitions``, never both."""
    given = [key for key in ("TrainingJobDefinition", "TrainingJobDefinitions") if request.get(key)]
    if len(given) != 1:
        yield Violation(
            "TrainingJobDefinition",
            "given together with TrainingJobDefinitions" if given else "missing",
            f"give either TrainingJobDefinition or TrainingJobDefinitions ({_CREATE})",
        )


def several_are_complete(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """Each of several definitions has its own name and objective, and ranges "when required".

    Whether an objective, or ranges, of the whole tuning job serve instead, no page says.
    """
    shared = parts.config(request, "HyperParameterTuningJobObjective")
    kinds: dict[str, type[Violation | Advice]] = {
        "DefinitionName": Violation,
        "TuningObjective": Advice if shared else Violation,
        **({} if parts.is_autotuned(request) else {"HyperParameterRanges": Advice}),
    }
    for path, definition in parts.definitions(request):
        for key, kind in kinds.items() if path != "TrainingJobDefinition" else ():
            if key not in definition:
                rule = f"required in each of TrainingJobDefinitions ({_SEVERAL})"
                yield kind(f"{path}.{key}", "missing", rule)


def names_are_distinct(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Each of several definitions has a name of its own."""
    found = [definition for _, definition in parts.definitions(request)]
    for name, count in _repeated(found, "DefinitionName"):
        yield Violation(
            "TrainingJobDefinitions",
            f"{count} definitions are named {name!r}",
            f"a DefinitionName of its own for each ({_DEFINITION})",
        )


def one_algorithm(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Either ``TrainingImage`` or ``AlgorithmName``."""
    for path, definition in parts.definitions(request):
        specification = definition.get("AlgorithmSpecification")
        if not isinstance(specification, dict):
            continue
        given = [key for key in ("TrainingImage", "AlgorithmName") if specification.get(key)]
        if len(given) != 1:
            yield Violation(
                f"{path}.AlgorithmSpecification.TrainingImage",
                "given together with AlgorithmName" if given else "missing",
                f"give either TrainingImage or AlgorithmName ({_SPECIFICATION})",
            )


def channel_names_are_distinct(request: Mapping[str, Any]) -> Iterator[Advice]:
    """Each channel of a definition has a name of its own, which is its folder's too."""
    for path, definition in parts.definitions(request):
        for name, count in _repeated(parts.items(definition, "InputDataConfig"), "ChannelName"):
            yield Advice(
                f"{path}.InputDataConfig",
                f"{count} channels are named {name!r}",
                f"a ChannelName of its own for each ({parts.API}Channel.html)",
            )


def tag_keys_are_distinct(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Each tag has a key of its own."""
    for key, count in _repeated(parts.items(request, "Tags"), "Key"):
        yield Violation(
            "Tags", f"{count} tags have the key {key!r}", f"one tag a key ({parts.API}Tag.html)"
        )


def _repeated(items: Iterable[Any], field: str) -> Iterator[tuple[str, int]]:
    """Give each value that a field has in several items, and in how many."""
    values = (item.get(field) for item in items if isinstance(item, dict))
    for value, count in Counter(value for value in values if isinstance(value, str)).items():
        if count > 1 and not is_template(value):
            yield value, count
