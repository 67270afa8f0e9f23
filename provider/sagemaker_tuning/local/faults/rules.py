"""Fault rules: what goes wrong, where and how often, read from JSON."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sagemaker_tuning.local import emulation
from sagemaker_tuning.local.errors import ApiError, validation_error
from sagemaker_tuning.local.wire import Document, service_model

EVERY_OPERATION = "*"
"""Every operation of the SageMaker API, `InvokeEndpoint` included."""

INVOKE = "InvokeEndpoint"
SAGEMAKER = "sagemaker"
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
    """One field of a rule: what it may be, in code and in words.

    Attributes:
        nearest: What is like a value that is not accepted, in a sentence; it may be empty.
    """

    accepts: Callable[[Any], bool]
    expected: str
    default: Any = _REQUIRED
    nearest: Callable[[Any], str] = lambda _: ""


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
    service, colon, name = str(value).rpartition(":")
    if not colon:
        return name in _of_sagemaker()
    # SageMaker's operations have no prefix.
    return service != SAGEMAKER and emulation.is_emulated(service) and name in _of_other(service)


def _nearest_operation(value: Any) -> str:
    """What was meant, as far as it can be told: what would be accepted."""
    if not isinstance(value, str):
        return ""
    service, _, name = value.rpartition(":")
    signed = emulation.signing_name(service) if service else SAGEMAKER
    if signed is None:
        return f" The endpoint emulates no service {service!r}."
    if signed == SAGEMAKER:
        return _like(name, _of_sagemaker())
    why = ""
    if service.lower() != signed:
        why = f" Requests to {service} are signed for {signed}."
    names = _of_other(signed)
    method = None if name in names else emulation.method_of(signed, name)
    if method is not None:
        why += f" {name} is a {method} of a REST API."
    return why + _like(method or name, names, f"{signed}:")


def _of_other(service: str) -> list[str]:
    return [EVERY_OPERATION, *emulation.operations(service)]


def _of_sagemaker() -> list[str]:
    return [EVERY_OPERATION, INVOKE, *service_model().operation_names]


def _is_instance_type(value: object) -> bool:
    return value in _instance_types()


def _instance_types() -> list[str]:
    found: list[str] = service_model().shape_for("TrainingInstanceType").metadata["enum"]
    return found


def _is_tuning_job(value: object) -> bool:
    name = service_model().shape_for("HyperParameterTuningJobName").metadata
    return (
        isinstance(value, str)
        and len(value) <= name["max"]
        and re.fullmatch(name["pattern"], value) is not None
    )


def _like(name: object, names: Collection[str], prefix: str = "") -> str:
    by_lower_case = {each.lower(): each for each in names}
    found = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f" Is it {prefix}{by_lower_case[found[0]]}?" if found else ""


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
        nearest=_nearest_operation,
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
            lambda value: value is None or _is_tuning_job(value),
            "a tuning job's name, of 1 to 32 letters, digits and hyphens, or null for any",
            None,
        ),
    },
    "quota": {
        "resource": _Field(
            lambda value: value == TUNING_JOBS or _is_instance_type(value),
            f"an instance type of training jobs, or {TUNING_JOBS}",
            nearest=lambda value: _like(value, [TUNING_JOBS, *_instance_types()]),
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
    if kind is None:
        raise validation_error(f"{path}.{_KIND} is missing. Give {_described()}.")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _wrong(f"{path}.{_KIND}", kind, f"one of {', '.join(_KINDS)}", _like(kind, _KINDS))
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
        raise _wrong(f"{path}.{name}", value, field.expected, field.nearest(value))
    return value


def _described() -> str:
    """Each kind with the fields that it must have."""
    return "; ".join(
        f"{kind} (with {' and '.join(required)})" if required else kind
        for kind, fields in _KINDS.items()
        for required in [[name for name in fields if fields[name].default is _REQUIRED]]
    )


def _wrong(path: str, value: Any, expected: str, nearest: str = "") -> ApiError:
    shown = repr(value)[:_LONGEST_TEXT]
    return validation_error(f"{path} is {shown}. Give {expected}.{nearest}")
