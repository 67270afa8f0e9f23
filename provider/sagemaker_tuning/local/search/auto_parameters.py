"""Ranges that the request leaves to the service: `AutoParameters`, and all of them with Autotune.

AWS documents that it selects a range where a hyperparameter is eligible, and not which. Here
built-in XGBoost's tunable hyperparameters have their recommended ranges, widened to the
`ValueHint`; those of other algorithms, a range around it.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoParameter.html
"""

import re

from sagemaker_tuning.local.definition import CATEGORICAL_RANGES, NUMERIC_RANGES, Definition
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.training.xgboost import ranges as xgboost
from sagemaker_tuning.local.wire import Document

_INTEGER = re.compile("[0-9]{1,14}")
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_AROUND = 10
_WIDEST = 1e14
_INTEGERS, _CONTINUOUS = NUMERIC_RANGES


def searched_ranges(definition: Definition) -> Document:
    """A definition's `ParameterRanges` with a range for each of its `AutoParameters`.

    Raises:
        ApiError: ValidationException for a hyperparameter that no range can be chosen for.
    """
    ranges = definition.ranges
    found: Document = {
        name: list(ranges.get(name, ())) for name in (*NUMERIC_RANGES, CATEGORICAL_RANGES)
    }
    choose = _recommended if _is_xgboost(definition.document) else _around
    for number, parameter in enumerate(ranges.get("AutoParameters", ()), start=1):
        path = f"AutoParameters.{number}"
        kind, low, high = choose(path, parameter["Name"], parameter["ValueHint"])
        found[kind].append(_range(parameter["Name"], low, high))
    return found


def chosen_ranges(definition: Document) -> Document:
    """The ranges that Autotune chooses for a training job definition without any.

    They are the recommended ones of built-in XGBoost's tunable hyperparameters that have no
    static value; empty for other algorithms.
    """
    if not _is_xgboost(definition):
        return {}
    static = definition.get("StaticHyperParameters", {})
    return {
        kind: [_range(name, *bounds) for name, bounds in table.items() if name not in static]
        for kind, table in ((_INTEGERS, xgboost.INTEGER), (_CONTINUOUS, xgboost.CONTINUOUS))
    }


def _is_xgboost(definition: Document) -> bool:
    # In script mode the hyperparameters are the script's.
    own = "sagemaker_program" in definition.get("StaticHyperParameters", {})
    image = definition["AlgorithmSpecification"].get("TrainingImage", "")
    return not own and XGBOOST.image.fullmatch(image) is not None


def _range(name: str, low: str, high: str) -> Document:
    return {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": "Auto"}


def _recommended(path: str, name: str, hint: str) -> tuple[str, str, str]:
    for kind, table, form in (
        (_INTEGERS, xgboost.INTEGER, _INTEGER),
        (_CONTINUOUS, xgboost.CONTINUOUS, _NUMBER),
    ):
        if name in table:
            low, high = table[name]
            _check(path, name, hint, form)
            return kind, min(low, hint, key=float), max(high, hint, key=float)
    raise validation_error(
        f"{path}.Name {name} is not a tunable hyperparameter of built-in XGBoost. AutoParameters"
        f" can be {', '.join(sorted([*xgboost.INTEGER, *xgboost.CONTINUOUS]))}."
    )


def _around(path: str, name: str, hint: str) -> tuple[str, str, str]:
    _check(path, name, hint, _NUMBER)
    value = float(hint)
    if value == 0:
        raise validation_error(
            f"{path}.ValueHint {hint} of {name} is 0. Provide a number greater than 0, which a"
            " range can be chosen around, or a range."
        )
    if _INTEGER.fullmatch(hint):
        return _INTEGERS, str(max(1, int(hint) // _AROUND)), str(int(hint) * _AROUND)
    # What is a fraction may be one that has to stay so.
    high = min(value * _AROUND, 1.0) if value < 1 else value * _AROUND
    return _CONTINUOUS, repr(value / _AROUND), repr(high)


def _check(path: str, name: str, hint: str, form: re.Pattern[str]) -> None:
    if not form.fullmatch(hint) or float(hint) > _WIDEST:
        kind = "an integer" if form is _INTEGER else "a number"
        raise validation_error(
            f"{path}.ValueHint '{hint}' of {name} is not {kind} from 0 to {_WIDEST:g}. Provide an"
            " example value, or one of the other ranges."
        )
