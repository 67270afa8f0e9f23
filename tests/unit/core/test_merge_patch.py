"""JSON Merge Patch, by the cases of RFC 7396 that have objects on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.merge_patch import merge_patch, without_nulls


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": "c"}}, {"a": {"b": "c"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_cases_of_the_standard(
    target: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A patch does what RFC 7396 says, and changes neither document."""
    before = repr((target, patch))
    assert merge_patch(target, patch) == expected
    assert repr((target, patch)) == before


def test_nulls_are_as_not_given() -> None:
    """At any depth of objects, those in lists included; a list keeps its items."""
    document = {"a": None, "b": {"c": None, "d": 0}, "e": [None, {"g": None, "h": [[{"i": None}]]}]}
    expected: dict[str, Any] = {"b": {"d": 0}, "e": [None, {"h": [[{}]]}]}
    assert without_nulls(document | {"f": ""}) == expected | {"f": ""}
