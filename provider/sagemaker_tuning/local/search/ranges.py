"""Parameter ranges: AWS's strings on one side, Optuna's distributions on the other.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

import math
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.wire import Document

# AWS does not say how Auto chooses. A range that spans this many times its smallest value is
# searched by orders of magnitude.
_AUTO_LOGARITHMIC_RATIO = 1000

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Every integer up to here is a float too, and the samplers count in floats.
_LARGEST = 2.0**53


@dataclass(frozen=True)
class Parameter:
    """One tunable hyperparameter: what is sampled, and how a sample is written for AWS."""

    name: str
    distribution: BaseDistribution
    to_text: Callable[[Any], str]
    from_text: Callable[[str], Any]
    """Undoes `to_text`; raises ValueError for what is no value within the range."""
    combinations: float
    """How many values it can take; infinite for a continuous one."""


def parameters(ranges: Document) -> list[Parameter]:
    """The tunable hyperparameters of `ParameterRanges`, in the request's order.

    Raises:
        ApiError: ValidationException for a range that cannot be searched, or a name given twice.
    """
    found: list[Parameter] = []
    for parameter in _parameters(ranges):
        if any(parameter.name == earlier.name for earlier in found):
            raise validation_error(
                f"The hyperparameter {parameter.name} is in the parameter ranges more than once."
                " Give each hyperparameter one range."
            )
        found.append(parameter)
    return found


def combinations(ranges: Document) -> float:
    """How many sets of values the ranges allow; infinite where one of them is continuous."""
    return math.prod(parameter.combinations for parameter in parameters(ranges))


def _parameters(ranges: Document) -> Iterator[Parameter]:
    for item in ranges.get("IntegerParameterRanges", ()):
        yield _integer(item)
    for item in ranges.get("ContinuousParameterRanges", ()):
        yield _continuous(item)
    for item in ranges.get("CategoricalParameterRanges", ()):
        values = item["Values"]
        if len(set(values)) < len(values):
            raise validation_error(
                f"The categorical hyperparameter {item['Name']} has a value more than once:"
                f" {values}. Give each value once."
            )
        distribution = CategoricalDistribution(values)
        yield Parameter(item["Name"], distribution, str, _within(str, values), len(values))


def _integer(item: Document) -> Parameter:
    low, high = _bounds(item, _INTEGER, "an integer")
    scaling = _scaling(item, low, high)
    if scaling == "ReverseLogarithmic":
        raise validation_error(
            f"The integer hyperparameter {item['Name']} has ScalingType ReverseLogarithmic, which"
            " is for continuous hyperparameters only."
        )
    distribution = IntDistribution(int(low), int(high), log=scaling == "Logarithmic")
    read = _within(int, range(int(low), int(high) + 1))
    return Parameter(item["Name"], distribution, str, read, high - low + 1)


def _continuous(item: Document) -> Parameter:
    low, high = _bounds(item, _NUMBER, "a number")
    scaling = _scaling(item, low, high)
    if scaling == "ReverseLogarithmic":
        # Searched by orders of magnitude of the distance to 1.
        distribution = FloatDistribution(1 - high, 1 - low, log=True)
        to_text, from_text = _reversed_text(low, high), _reversed(low, high)
    else:
        distribution = FloatDistribution(low, high, log=scaling == "Logarithmic")
        to_text, from_text = _text, _between(low, high)
    return Parameter(item["Name"], distribution, to_text, from_text, math.inf if low < high else 1)


def _reversed_text(low: float, high: float) -> Callable[[float], str]:
    return lambda distance: _text(min(max(1 - distance, low), high))


def _reversed(low: float, high: float) -> Callable[[str], float]:
    read = _between(low, high)
    # What is subtracted and added again is not always what it was.
    return lambda text: min(max(1 - read(text), 1 - high), 1 - low)


def _between(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(f"{text} is not from {low} to {high}")
        return value

    return read


def _within(kind: Callable[[str], Any], values: Container[Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if value not in values:
            raise ValueError(f"{text} is none of {values}")
        return value

    return read


def _text(value: float) -> str:
    # Optuna's may be one of NumPy's floats, which has a representation of its own.
    return repr(float(value))


def _bounds(item: Document, form: re.Pattern[str], kind: str) -> tuple[float, float]:
    low, high = (_number(item, key, form, kind) for key in ("MinValue", "MaxValue"))
    if low > high:
        raise validation_error(
            f"The hyperparameter {item['Name']} has MinValue {item['MinValue']} above MaxValue"
            f" {item['MaxValue']}. MinValue must be less than or equal to MaxValue."
        )
    return low, high


def _number(item: Document, key: str, form: re.Pattern[str], kind: str) -> float:
    text = item[key]
    value = float(text) if form.fullmatch(text) else math.nan
    if not abs(value) <= _LARGEST:
        raise validation_error(
            f"The hyperparameter {item['Name']} has {key} '{text}', which is not {kind} from"
            f" {-_LARGEST:g} to {_LARGEST:g}."
        )
    return value


def _scaling(item: Document, low: float, high: float) -> str:
    scaling: str = item.get("ScalingType", "Auto")
    if scaling == "Auto":
        wide = low > 0 and high / low >= _AUTO_LOGARITHMIC_RATIO
        return "Logarithmic" if wide else "Linear"
    if scaling == "Logarithmic" and low <= 0:
        raise validation_error(
            f"The hyperparameter {item['Name']} has ScalingType Logarithmic and MinValue"
            f" {item['MinValue']}. Logarithmic scaling needs values greater than 0."
        )
    if scaling == "ReverseLogarithmic" and not 0 <= low <= high < 1:
        raise validation_error(
            f"The hyperparameter {item['Name']} has ScalingType ReverseLogarithmic and the range"
            f" {item['MinValue']} to {item['MaxValue']}. ReverseLogarithmic scaling needs values"
            " from 0 to less than 1."
        )
    return scaling
