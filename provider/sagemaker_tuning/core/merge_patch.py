"""Documents that say what is to be other in a document: JSON Merge Patch, RFC 7396.

https://www.rfc-editor.org/rfc/rfc7396
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def merge_patch(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document with what another says: neither is changed.

    Args:
        target: What is there.
        patch: Objects are merged with those at their places, at any depth; null takes away what
            is there; anything else, a list too, takes its place as a whole.
    """
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            there = merged.get(key)
            merged[key] = merge_patch(there if isinstance(there, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def without_nulls(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document without the keys whose value is null, at any depth; lists keep theirs."""
    return {key: _without_nulls(value) for key, value in document.items() if value is not None}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return without_nulls(value)
    return [_without_nulls(item) for item in value] if isinstance(value, list | tuple) else value
