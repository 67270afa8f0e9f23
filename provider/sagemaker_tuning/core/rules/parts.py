"""Parts of a request, found where they are and skipped where they are not.

Rules run on requests with mistakes in them too, so that one run names every mistake; a part of
the wrong type has been named by its shape already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RANGE_KINDS = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")


def mapping(document: Any, *keys: str) -> dict[str, Any]:
    """Follow the keys to a mapping; an empty one where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def definitions(request: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each training job definition with its path."""
    single = request.get("TrainingJobDefinition")
    if isinstance(single, dict):
        yield "TrainingJobDefinition", single
    several = request.get("TrainingJobDefinitions")
    for index, definition in enumerate(several if isinstance(several, list) else []):
        if isinstance(definition, dict):
            yield f"TrainingJobDefinitions[{index}]", definition


def range_sets(request: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each set of parameter ranges with its path."""
    path = "HyperParameterTuningJobConfig.ParameterRanges"
    yield path, mapping(request, *path.split("."))
    for where, definition in definitions(request):
        yield f"{where}.HyperParameterRanges", mapping(definition, "HyperParameterRanges")


def ranges(request: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each parameter range of these kinds: its path, its kind, itself."""
    for path, range_set in range_sets(request):
        yield from ranges_in(path, range_set, *kinds)


def ranges_in(
    path: str, range_set: Mapping[str, Any], *kinds: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each parameter range of one set that has a name."""
    for kind in kinds:
        listed = range_set.get(kind)
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and isinstance(item.get("Name"), str):
                yield f"{path}.{kind}[{item['Name']}]", kind, item
