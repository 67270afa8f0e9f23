"""What a target of an EventBridge rule is sent of an event: all, a part, or a text of its own.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from jsonpath_ng import JSONPath
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse

from sagemaker_tuning.local.errors import ApiError, validation_error
from sagemaker_tuning.local.wire import Document

_KINDS = ("Input", "InputPath", "InputTransformer")
_PREDEFINED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event",
    "aws.events.event.json",
    "aws.events.event.ingestion-time",
)
_VARIABLE = re.compile(r"<([^<>]*)>")
# What a template has variables in: texts, and between them the variables alone.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>', re.DOTALL)


def check(target: Document) -> None:
    """Refuses what no input can be made by, as PutTargets does; what it accepts can be made.

    Args:
        target: one that keeps the constraints of the service model.

    Raises:
        ApiError: ValidationException, in AWS's words where they are known.
    """
    name = target["Id"]
    if len(target.keys() & _KINDS) > 1:
        raise validation_error(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if "Input" in target:
        try:
            json.loads(target["Input"])
        except (ValueError, RecursionError) as error:
            raise validation_error(
                f"Input for target {name} is not a valid JSON text: {error}."
            ) from error
    if "InputPath" in target:
        _check_paths(name, [target["InputPath"]])
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        paths = transformer.get("InputPathsMap", {})
        _check_paths(name, paths.values())
        _check_template(name, transformer["InputTemplate"], {*paths, *_PREDEFINED})


def made(target: Document, event: Document, *, rule_name: str, rule_arn: str) -> str:
    """The JSON text that a target is sent; one of several JSON texts, a line each, as written.

    Args:
        target: one that `check` accepts.
        event: the event, `time` as AWS writes it.
        rule_name: the name of the rule whose target it is.
        rule_arn: the ARN of the rule.
    """
    if "Input" in target:
        text: str = target["Input"]
        return text
    if "InputPath" in target:
        return json.dumps(_found(target["InputPath"], event, None))
    if "InputTransformer" not in target:
        return json.dumps(event)
    transformer = target["InputTransformer"]
    values = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        # AWS writes its names in another way here, as a recorded answer of it shows.
        "aws.events.event": {
            "detailType" if name == "detail-type" else name: value
            for name, value in event.items()
            if name != "detail"
        },
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event["time"],
    }
    for name, path in transformer.get("InputPathsMap", {}).items():
        values[name] = _found(path, event, "")
    return _filled(transformer["InputTemplate"], values)


def _check_paths(target: str, paths: Iterable[str]) -> None:
    for path in paths:
        try:
            _parsed(path)
        except JSONPathError as error:
            raise validation_error(
                f"Invalid InputPath for target {target} : [{path}]. It is not a JSON path in dot"
                f" notation, such as $.detail.TrainingJobName: {error}."
            ) from error


def _check_template(target: str, template: str, known: Iterable[str]) -> None:
    values = dict.fromkeys(known, "")
    for token in _TOKEN.finditer(template):
        names = _VARIABLE.findall(token[0])
        for name in names:
            if name not in values:
                raise validation_error(
                    f"InputTemplate for target {target} contains invalid placeholder {name}."
                )
        if names and template[token.end() :].lstrip().startswith(":"):
            raise _invalid_template(target, f"the placeholder <{names[0]}> is an object's key")
    try:
        _filled(template, values)
    except (ValueError, RecursionError) as error:
        raise _invalid_template(
            target, f"it is neither JSON nor texts in double quotes, one on each line: {error}"
        ) from error


def _invalid_template(target: str, reason: str) -> ApiError:
    return validation_error(f"Invalid InputTemplate for target {target} : [{reason}].")


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """The template with its variables' values, minified.

    Raises:
        ValueError: it is no JSON, whatever the values.
    """
    text = _TOKEN.sub(lambda token: _with_values(token[0], values), template)
    try:
        return _minified(json.loads(text))
    except ValueError:
        lines = [json.loads(line) for line in text.split("\n") if line.strip()]
        if not all(isinstance(line, str) for line in lines):
            raise
        return "\n".join(map(_minified, lines))


def _with_values(token: str, values: Mapping[str, Any]) -> str:
    if token.startswith("<"):
        return _minified(values[token[1:-1]])
    return _VARIABLE.sub(lambda found: _in_text(values[found[1]]), token)


def _in_text(value: Any) -> str:
    """A value within a text, where AWS leaves out an object's own quotes."""
    text = value if isinstance(value, str) else _minified(value).replace('"', "")
    return json.dumps(text)[1:-1]


def _minified(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _found(path: str, event: Document, default: object) -> Any:
    """What is at a path; the first of several things."""
    return next((each.value for each in _parsed(path).find(event)), default)


@lru_cache(256)
def _parsed(path: str) -> JSONPath:
    return parse(path)
