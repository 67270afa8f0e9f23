"""Fault rules: what goes wrong, where and how often, read from JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sagemaker_tuning.local.errors import ApiError, validation_error
from sagemaker_tuning.local.wire import Document, service_model

EVERY_OPERATION = "*"
"""Every operation of the SageMaker API, `InvokeEndpoint` included."""

INVOKE = "InvokeEndpoint"
TUNING_JOBS = "tuning-jobs"
"""The quota of tuning jobs that are not in a terminal status."""

_LONGEST_SECONDS = 3600
_LONGEST_TEXT = 1024
# What XML can carry, as some protocols have their errors in it.
_TEXT = re.compile(rf"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]{{1,{_LONGEST_TEXT}}}")
# It is a header too.
_CODE = re.compile(r"[A-Za-z0-9.]{1,128}")
_STATUSES = frozenset(HTTPStatus)
_REQUIRED = object()


@dataclass(frozen=True)
class _Field:
    """One field of a rule: what it may be, in code and in words."""

    accepts: Callable[[Any], bool]
    expected: str
    default: Any = _REQUIRED


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _is_operation(value: object) -> bool:
    if not _is_text(value):
        return False
    service, _, name = str(value).rpartition(":")
    if service:
        return bool(name)
    return name in {EVERY_OPERATION, INVOKE} or name in service_model().operation_names


_HOW_OFTEN = {
    "times": _Field(
        lambda value: value is None or _is_whole(value, 1),
        "a whole number from 1, or null for ever",
        1,
    ),
    "skip": _Field(lambda value: _is_whole(value, 0), "a whole number from 0", 0),
    "probability": _Field(
        lambda value: _is_number(value) and 0 < value <= 1, "a number above 0 up to 1", 1
    ),
    "seed": _Field(
        lambda value: value is None or _is_whole(value, 0), "a whole number from 0, or null", None
    ),
}
_REQUESTS = {
    "operation": _Field(
        _is_operation,
        "an operation of SageMaker, '*' for each of them, or <service>:<operation> for another"
        " service, <service>:* for all of it",
    ),
    **_HOW_OFTEN,
}
_ERROR = {
    **_REQUESTS,
    "code": _Field(
        _is_code, "an error code of letters, digits and dots, 1 to 128", "InternalFailure"
    ),
    "message": _Field(
        _is_text,
        "a text of 1 to 1024 characters",
        "We encountered an internal error. Please try again.",
    ),
    "status": _Field(
        lambda value: _is_whole(value, 400) and value in _STATUSES,
        "an HTTP status of an error, 400 to 511",
        int(HTTPStatus.INTERNAL_SERVER_ERROR),
    ),
}
_KINDS: Mapping[str, Mapping[str, _Field]] = {
    "throttle": _REQUESTS,
    "error": _ERROR,
    "error_after": _ERROR,
    "latency": {
        **_REQUESTS,
        "seconds": _Field(
            lambda value: _is_number(value) and 0 <= value <= _LONGEST_SECONDS,
            f"a number from 0 to {_LONGEST_SECONDS}",
        ),
    },
    "drop_before": _REQUESTS,
    "drop_after": _REQUESTS,
    "training_job_error": {
        **_HOW_OFTEN,
        "tuning_job": _Field(
            lambda value: value is None or _is_text(value),
            "a tuning job's name, or null for any",
            None,
        ),
    },
    "quota": {
        "resource": _Field(
            lambda value: value == TUNING_JOBS or (_is_text(value) and value.startswith("ml.")),
            f"an instance type, or {TUNING_JOBS}",
        ),
        "limit": _Field(lambda value: _is_whole(value, 0), "a whole number from 0"),
    },
}
_KIND = "kind"


def read(given: Any) -> list[Document]:
    """The rules of a JSON list, each with the defaults of what it leaves out.

    Raises:
        ApiError: ValidationException for the first field that is wrong, with its path.
    """
    if not isinstance(given, list):
        raise validation_error("The body is no list. Give a JSON list of fault rules.")
    return [_read_one(rule, f"rules[{number}]") for number, rule in enumerate(given)]


def _read_one(rule: Any, path: str) -> Document:
    if not isinstance(rule, dict):
        raise _wrong(path, rule, "a JSON object")
    kind = rule.get(_KIND)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _wrong(f"{path}.{_KIND}", kind, f"one of {', '.join(_KINDS)}")
    fields = _KINDS[kind]
    for name in rule:
        if name not in fields and name != _KIND:
            raise validation_error(
                f"{path}.{name} is not a field of a {kind} rule. It has {', '.join(fields)}."
            )
    return {
        _KIND: kind,
        **{name: _value(rule, name, field, path) for name, field in fields.items()},
    }


def _value(rule: Document, name: str, field: _Field, path: str) -> Any:
    value = rule.get(name, field.default)
    if value is _REQUIRED:
        raise validation_error(f"{path}.{name} is missing. Give {field.expected}.")
    if not field.accepts(value):
        raise _wrong(f"{path}.{name}", value, field.expected)
    return value


def _wrong(path: str, value: Any, expected: str) -> ApiError:
    shown = repr(value)[:_LONGEST_TEXT]
    return validation_error(f"{path} is {shown}. Give {expected}.")
