"""Requests drawn from the service model: of the right types, and mostly within its constraints."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import strategies as st

from sagemaker_tuning.local import wire

_LARGEST = 2**31 - 1


def requests(operation: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Request documents of an operation; free texts are drawn from `texts`."""
    shape = wire.service_model().operation_model(operation).input_shape
    assert shape is not None
    return _values(shape, texts)


def _values(shape: Shape, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        return _structures(shape, texts)
    least = shape.metadata.get("min", 0)
    if isinstance(shape, ListShape):
        member = st.deferred(lambda: _values(shape.member, texts))
        return st.lists(member, min_size=least, max_size=least + 2)
    if isinstance(shape, MapShape):
        return st.dictionaries(
            _values(shape.key, texts), _values(shape.value, texts), min_size=least, max_size=2
        )
    if isinstance(shape, StringShape):
        return st.sampled_from(shape.enum) if shape.enum else texts
    return _scalars(shape.type_name, least, shape.metadata.get("max", _LARGEST))


def _structures(shape: StructureShape, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    members = {
        name: st.deferred(lambda member=member: _values(member, texts))  # type: ignore[misc]
        for name, member in shape.members.items()
    }
    required = {name: members[name] for name in shape.required_members}
    optional = sorted(members.keys() - required.keys())
    if not optional:
        return st.fixed_dictionaries(required)
    return st.sets(st.sampled_from(optional), max_size=4).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {**required, **{name: members[name] for name in sorted(chosen)}}
        )
    )


def _scalars(kind: str, least: int, most: int) -> st.SearchStrategy[Any]:
    if kind == "boolean":
        return st.booleans()
    if kind in {"integer", "long"}:
        return st.integers(least, min(most, _LARGEST))
    return st.integers(0, 2 * 10**9) | st.floats(0, 1)
