"""Documents in files: JSON or YAML, with or without Jinja templates.

Templates are taken out before the text is read and put back as strings: where one stands without
quotes (``MaxNumberOfTrainingJobs: {{ params.jobs }}``), the text is no YAML before it is rendered.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_STATEMENT_LINE = re.compile(r"^\s*(\{%[^%]*%\}\s*)+$", re.MULTILINE)
_MARK = "\ue000"
"""Of the characters that Unicode gives to nobody; JSON and YAML take them as letters."""
_MOST_VALUES = 100_000
"""Many times what a request can have; a few lines of YAML aliases say billions."""
_PLACEHOLDER = re.compile(f"{_MARK}(\\d+){_MARK}")


class DocumentError(ValueError):
    """A text is no document; the message is one line that says where and why."""


def read_document(text: str) -> Any:
    """Give what a text in JSON or YAML says, templates as strings.

    Raises:
        DocumentError: It is neither, holds several documents, a key twice or itself, or has
            statements (``{% … %}``) on lines of their own, which decide what there is to read.
    """
    if _MARK in text:
        raise DocumentError("has a character U+E000, which stands for nothing")
    if _STATEMENT_LINE.search(text):
        raise DocumentError("statements {% … %} decide what is in it: render it first")
    templates: list[str] = []

    def hide(match: re.Match[str]) -> str:
        templates.append(match[0])
        return f"{_MARK}{len(templates) - 1}{_MARK}"

    hidden = _TEMPLATE.sub(hide, _COMMENT.sub("", text))
    try:
        found = _read(hidden, may_be_json=not templates)
        return _restored(found, templates, iter(range(_MOST_VALUES)))
    except RecursionError as error:
        raise DocumentError("nested too deeply, or in itself") from error
    except DocumentError:
        raise
    except ValueError as error:  # JSON, with a number of thousands of digits
        raise DocumentError(f"not JSON: {error}") from error


def _read(text: str, *, may_be_json: bool) -> Any:
    if text.lstrip().startswith(("{", "[")):
        try:
            return json.loads(text, object_pairs_hook=_distinct)
        except json.JSONDecodeError as error:
            if may_be_json and text.lstrip().startswith('{"'):
                where = f"line {error.lineno}, column {error.colno}"
                raise DocumentError(f"not JSON: {where}: {error.msg}") from error
        text = text.expandtabs()  # which JSON has between its tokens, and YAML must not
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise DocumentError(_one_line(error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise DocumentError(f"not YAML: {' '.join(str(error).split())}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DocumentError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


class _Loader(yaml.SafeLoader):
    """YAML without what would be lost in silence: a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 -- PyYAML's
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    problem = f"the key {key.value!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _restored(value: Any, templates: list[str], places: Iterator[int]) -> Any:
    if next(places, None) is None:
        raise DocumentError(
            f"has more than {_MOST_VALUES} values, aliases counted as often as used"
        )
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: templates[int(match[1])], value)
    if isinstance(value, dict):
        return {
            _restored(key, templates, places): _restored(item, templates, places)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_restored(item, templates, places) for item in value]
    return value


def _one_line(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"not YAML: {where}{', '.join(filter(None, (error.context, error.problem)))}"
