"""AWS's advice about what to search, and on which scale.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-considerations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PAGE = f"{parts.GUIDE}automatic-model-tuning-considerations.html"
_SCALES = f"{parts.GUIDE}automatic-model-tuning-define-ranges.html#scaling-type"
_SEVERAL_ORDERS_OF_MAGNITUDE = 100
_NEAR_ONE = 0.99
_MANY = 10


def scales_fit_ranges(request: Mapping[str, Any]) -> Iterator[Advice]:
    """A range over several orders of magnitude is searched on a logarithmic scale."""
    for path, _, item in parts.ranges(request, *parts.RANGE_KINDS[:2]):
        low, high = (parts.number(item.get(key)) for key in ("MinValue", "MaxValue"))
        scaling = item.get("ScalingType", "Linear")
        if scaling != "Linear" or low is None or high is None or low <= 0:
            continue
        span = f"Linear from {item['MinValue']} to {item['MaxValue']}"
        if high / low >= _SEVERAL_ORDERS_OF_MAGNITUDE:
            rule = f"Logarithmic where the range spans several orders of magnitude ({_SCALES})"
            yield Advice(path, span, rule)
        elif low >= 1 / 2 and _NEAR_ONE <= high < 1:
            rule = f"ReverseLogarithmic where small changes close to 1 matter ({_SCALES})"
            yield Advice(path, span, rule)


def few_hyperparameters(request: Mapping[str, Any]) -> Iterator[Advice]:
    """Fewer hyperparameters make a search that converges sooner; none at all search nothing."""
    if parts.is_autotuned(request):
        return
    for where, definition in parts.definitions(request):
        count = sum(1 for _ in parts.ranges_of(request, definition))
        path = f"{where}.HyperParameterRanges"
        if "HyperParameterRanges" not in definition:
            path = "HyperParameterTuningJobConfig.ParameterRanges"
        if count > _MANY:
            rule = f"a smaller number converges more quickly ({_PAGE})"
            yield Advice(path, f"{count} hyperparameters to search over", rule)
        elif not count and not parts.hides_ranges(request, definition):
            yield Advice(path, "no ranges", f"what to search over ({_PAGE})")
