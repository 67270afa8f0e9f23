"""Rules about parameter ranges.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMERIC = ("IntegerParameterRanges", "ContinuousParameterRanges")


def bounds_are_ordered(request: Mapping[str, Any]) -> Iterator[Violation]:
    """``MinValue`` is a number not above ``MaxValue``; whole numbers in an integer range."""
    for path, kind, item in parts.ranges(request, *_NUMERIC):
        wanted = "a whole number" if kind == "IntegerParameterRanges" else "a number"
        bounds = {key: _number(item.get(key), kind) for key in ("MinValue", "MaxValue")}
        for key, number in bounds.items():
            if number is None and isinstance(item.get(key), str):
                yield Violation(f"{path}.{key}", repr(item[key]), f"must be {wanted}")
        low, high = bounds.values()
        if low is not None and high is not None and low > high:
            yield Violation(
                path,
                f"MinValue {item['MinValue']} is above MaxValue {item['MaxValue']}",
                "MinValue must not be above MaxValue",
            )


def scaling_fits_bounds(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Logarithmic wants values above 0; ReverseLogarithmic is for continuous 0 <= x < 1."""
    for path, kind, item in parts.ranges(request, *_NUMERIC):
        scaling = item.get("ScalingType")
        low, high = (_number(item.get(key), kind) for key in ("MinValue", "MaxValue"))
        if scaling == "Logarithmic" and low is not None and low <= 0:
            yield Violation(
                path, f"Logarithmic from MinValue {item['MinValue']}", "values above 0, or Linear"
            )
        if scaling != "ReverseLogarithmic":
            continue
        if kind == "IntegerParameterRanges":
            yield Violation(path, "ReverseLogarithmic", "for continuous ranges only")
        elif low is not None and high is not None and (low < 0 or high >= 1):
            yield Violation(
                path,
                f"ReverseLogarithmic from {item['MinValue']} to {item['MaxValue']}",
                "within 0 <= x < 1",
            )


def names_are_distinct(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A hyperparameter is tuned once, and not static as well."""
    for path, range_set in parts.range_sets(request):
        ranges = parts.ranges_in(path, range_set, *parts.RANGE_KINDS)
        names = Counter(item["Name"] for _, _, item in ranges)
        for name, count in names.items():
            if count > 1:
                yield Violation(path, f"{name} has {count} ranges", "one range per hyperparameter")
    for path, definition in parts.definitions(request):
        static = parts.mapping(definition, "StaticHyperParameters")
        for _, _, item in _ranges_of(request, definition):
            if item["Name"] in static:
                yield Violation(
                    f"{path}.StaticHyperParameters.{item['Name']}",
                    f"{static[item['Name']]!r}, and it is tuned as well",
                    "either static or tuned",
                )


def _ranges_of(
    request: Mapping[str, Any], definition: Mapping[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    own = parts.mapping(definition, "HyperParameterRanges")
    shared = parts.mapping(request, "HyperParameterTuningJobConfig", "ParameterRanges")
    return parts.ranges_in("", own or shared, *parts.RANGE_KINDS)


def _number(value: Any, kind: str) -> float | None:
    try:
        return int(value) if kind == "IntegerParameterRanges" else float(value)
    except (TypeError, ValueError):
        return None
