"""Rules about parameter ranges.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMERIC = ("IntegerParameterRanges", "ContinuousParameterRanges")
_PAGE = f"{parts.GUIDE}automatic-model-tuning-define-ranges.html"
_RANGES = 30
_HYPERPARAMETERS = 100
_ADDED = "_tuning_objective_metric"
"""What the service adds to the static hyperparameters."""


def bounds_are_ordered(request: Mapping[str, Any]) -> Iterator[Violation]:
    """``MinValue`` is a number not above ``MaxValue``; whole numbers in an integer range."""
    for path, kind, item in parts.ranges(request, *_NUMERIC):
        wanted = "a whole number" if kind == "IntegerParameterRanges" else "a finite number"
        bounds = {key: _bound(item.get(key), kind) for key in ("MinValue", "MaxValue")}
        for key, number in bounds.items():
            if number is None and isinstance(item.get(key), str) and not is_template(item[key]):
                yield Violation(f"{path}.{key}", repr(item[key]), f"must be {wanted} ({_PAGE})")
        low, high = bounds.values()
        if low is not None and high is not None and low > high:
            yield Violation(
                path,
                f"MinValue {item['MinValue']} is above MaxValue {item['MaxValue']}",
                f"MinValue must not be above MaxValue ({_PAGE})",
            )


def scaling_fits_bounds(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Logarithmic wants values above 0; ReverseLogarithmic is for continuous 0 <= x < 1."""
    for path, kind, item in parts.ranges(request, *_NUMERIC):
        scaling = item.get("ScalingType")
        low, high = (_bound(item.get(key), kind) for key in ("MinValue", "MaxValue"))
        if scaling == "Logarithmic" and low is not None and low <= 0:
            yield Violation(
                path,
                f"Logarithmic from MinValue {item['MinValue']}",
                f"values above 0, or Linear ({_PAGE}#scaling-type)",
            )
        if scaling != "ReverseLogarithmic":
            continue
        if kind == "IntegerParameterRanges":
            rule = f"for continuous ranges only ({_PAGE}#scaling-type)"
            yield Violation(path, "ReverseLogarithmic", rule)
        elif (low is not None and low < 0) or (high is not None and high >= 1):
            yield Violation(
                path,
                f"ReverseLogarithmic from {item.get('MinValue')} to {item.get('MaxValue')}",
                f"within 0 <= x < 1 ({_PAGE}#scaling-type)",
            )


def names_are_distinct(request: Mapping[str, Any]) -> Iterator[Advice]:
    """A hyperparameter is tuned once, and not static as well."""
    for path, range_set in parts.range_sets(request):
        ranges = parts.ranges_in(path, range_set, *parts.RANGE_KINDS, "AutoParameters")
        names = Counter(item["Name"] for _, _, item in ranges)
        for name, count in names.items():
            if count > 1 and not is_template(name):
                rule = f"one range per hyperparameter ({_PAGE})"
                yield Advice(path, f"{name} has {count} ranges", rule)
    for path, definition in parts.definitions(request):
        static = parts.mapping(definition, "StaticHyperParameters")
        for _, _, item in parts.ranges_of(request, definition):
            if item["Name"] in static:
                yield Advice(
                    f"{path}.StaticHyperParameters.{item['Name']}",
                    f"{static[item['Name']]!r}, and it is tuned as well",
                    f"either static or tuned ({_PAGE})",
                )


def ranges_are_within_limits(request: Mapping[str, Any]) -> Iterator[Violation]:
    """At most 30 hyperparameters are tuned, and 100 are given, static ones included."""
    for path, range_set in parts.range_sets(request):
        count = sum(len(parts.items(range_set, kind)) for kind in parts.RANGE_KINDS)
        if count > _RANGES:
            rule = f"at most {_RANGES} of all kinds together ({_PAGE})"
            yield Violation(path, f"{count} ranges", rule)
    for path, definition in parts.definitions(request):
        static = parts.mapping(definition, "StaticHyperParameters")
        tuned = {item["Name"] for _, _, item in parts.ranges_of(request, definition)}
        names = {_ADDED, *static, *tuned}
        if len(names) > _HYPERPARAMETERS and not hides(list(names)):
            yield Violation(
                f"{path}.StaticHyperParameters",
                f"{len(names)} hyperparameters, tuned ones and {_ADDED} included",
                f"at most {_HYPERPARAMETERS} ({_PAGE})",
            )


def _bound(value: Any, kind: str) -> float | None:
    number = parts.number(value)
    if number is not None and kind == "IntegerParameterRanges" and not number.is_integer():
        return None
    return number
