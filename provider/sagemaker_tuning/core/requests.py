"""The request of CreateHyperParameterTuningJob as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_DESCRIBED = frozenset({"Tags"})
"""Fields of the request that Describe never shows."""


def differing_paths(request: Mapping[str, Any], description: Mapping[str, Any]) -> list[str]:
    """List the paths of the request whose value the description does not have.

    AWS adds fields to what was sent (metric definitions of built-in algorithms,
    ``_tuning_objective_metric``, defaults), so only what was sent is compared. A list of named
    things (parameter ranges, channels) is compared by name: AWS does not promise an order.
    """
    return [
        path
        for key, value in request.items()
        if key not in NOT_DESCRIBED
        for path in _differing(key, value, description.get(key))
    ]


def _differing(path: str, sent: Any, seen: Any) -> Iterator[str]:
    if isinstance(sent, dict):
        seen = seen if isinstance(seen, dict) else {}
        for key, value in sent.items():
            yield from _differing(f"{path}.{key}", value, seen.get(key))
    elif isinstance(sent, list) and _names(sent) is not None:
        by_name = _names(seen) if isinstance(seen, list) else None
        for name, value in (_names(sent) or {}).items():
            yield from _differing(f"{path}[{name}]", value, (by_name or {}).get(name))
        for name in (by_name or {}).keys() - (_names(sent) or {}).keys():
            if not path.endswith("MetricDefinitions"):
                yield f"{path}[{name}]"
    elif sent != seen and not (sent == [] and seen is None):
        yield path


def _names(items: list[Any]) -> dict[str, Any] | None:
    """Index a list by the member that names its items; None if they have none."""
    for key in ("Name", "ChannelName", "DefinitionName", "HyperParameterTuningJobName"):
        if items and all(isinstance(item, dict) and key in item for item in items):
            return {item[key]: item for item in items}
    return None
