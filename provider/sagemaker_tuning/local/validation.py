"""Constraints of the service model, in the words in which AWS reports a value that breaks one."""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

# Python's re has no Unicode classes. Letters and numbers are both \w here: every pattern that has
# the one has the other, and one of the two or the underscore besides.
_CLASSES = {
    "L": r"\w",
    "N": r"\w",
    "Z": " \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
    "Alnum": "a-zA-Z0-9",
}
_CLASS = re.compile(r"\\p\{(\w+)\}")
# Java writes what lies beyond 16 bits as pairs of surrogates.
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_BEYOND_16_BITS = r"\U00010000-\U0010ffff"
# The end, once or more often, which some patterns have where their length was meant.
_REPEATED_END = re.compile(r"\$\{\d+,\d+\}$")
_SHOWN_LENGTH = 256


def member_path(path: str, name: str) -> str:
    """The path of a structure's member as AWS writes it: `resourceConfig.instanceType`."""
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


def violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Every constraint that a value of the right types breaks, as one AWS sentence each."""
    if isinstance(shape, StructureShape):
        yield from _structure_violations(shape, value, path)
        return
    for constraint in _broken(shape, value):
        yield _sentence(value, path, constraint)
    if isinstance(shape, ListShape):
        for number, member in enumerate(value, start=1):
            yield from violations(shape.member, member, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from violations(shape.key, key, f"{path}.{key}.key")
            yield from violations(shape.value, member, f"{path}.{key}.member")


def _structure_violations(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        if name in value:
            yield from violations(member, value[name], member_path(path, name))
        elif name in shape.required_members:
            yield _sentence(None, member_path(path, name), "Member must not be null")
    for name in sorted(value.keys() - shape.members.keys()):
        known = ", ".join(shape.members)
        at = f"{path}.{name}" if path else name
        yield _sentence(value[name], at, f"Member must be one of [{known}]")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    has_length = shape.type_name in {"string", "list", "map"}
    size = len(value) if has_length else value
    kind = "length" if has_length else "value"
    if least is not None and size < least:
        yield f"Member must have {kind} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"Member must have {kind} less than or equal to {most}"
        return  # a pattern is not tried on a text of any length
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not compiled(pattern).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the service model (Java's dialect) as Python reads it."""
    pattern = pattern.replace(_SURROGATES, _BEYOND_16_BITS)
    pattern = _CLASS.sub(lambda found: _class(found[1]), pattern)
    return re.compile(_REPEATED_END.sub("$", pattern))


def _class(name: str) -> str:
    """What stands between the brackets for a class: a category's characters, as ranges."""
    if name in _CLASSES:
        return _CLASSES[name]
    ranges: list[list[int]] = []
    for point in range(sys.maxunicode + 1):
        if unicodedata.category(chr(point))[0] == name:
            if not ranges or ranges[-1][1] != point - 1:
                ranges.append([point, point])
            ranges[-1][1] = point
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _sentence(value: Any, path: str, constraint: str) -> str:
    if value is None:
        shown = "null"
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        shown = f"'{text[:_SHOWN_LENGTH]}{'...' if len(text) > _SHOWN_LENGTH else ''}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
