"""Rules of the strategies: Hyperband, Grid, and how much there is to choose from.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONFIG = "HyperParameterTuningJobConfig"
_HYPERBAND = f"{parts.API}HyperbandStrategyConfig.html"
_EARLY_STOPPING = f"{parts.API}HyperParameterTuningJobConfig.html"
_GRID = f"{parts.GUIDE}automatic-model-tuning-how-it-works.html#automatic-tuning-grid-search"
_CONSIDERATIONS = f"{parts.GUIDE}automatic-model-tuning-considerations.html"
_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""The static hyperparameters that MaxResource is inferred from."""
_MOST_EPOCHS = 20_000


def hyperband_stops_by_itself(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """Hyperband's settings are for Hyperband, which excludes the other early stopping."""
    strategy = parts.config(request, "Strategy")
    if not isinstance(strategy, str) or is_template(strategy):
        return
    if strategy != "Hyperband" and parts.config(request, "StrategyConfig"):
        yield Advice(
            f"{_CONFIG}.StrategyConfig",
            f"given with Strategy {strategy}",
            f"only if Hyperband is selected as the strategy ({_EARLY_STOPPING})",
        )
    if strategy == "Hyperband" and parts.config(request, "TrainingJobEarlyStoppingType") == "Auto":
        yield Violation(
            f"{_CONFIG}.TrainingJobEarlyStoppingType",
            "'Auto' with Strategy Hyperband",
            f"Off: Hyperband has an early stopping of its own ({_EARLY_STOPPING})",
        )


def hyperband_has_a_maximum(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """``MaxResource`` is given, or inferred from a static number of epochs."""
    if parts.config(request, "Strategy") != "Hyperband":
        return
    path = f"{_CONFIG}.StrategyConfig.HyperbandStrategyConfig"
    settings = parts.config(request, "StrategyConfig", "HyperbandStrategyConfig")
    if is_template(settings):
        return
    settings = settings if isinstance(settings, dict) else {}
    if "MaxResource" not in settings:
        yield from _not_inferred(path, request)
    low, high = (parts.integer(settings.get(key)) for key in ("MinResource", "MaxResource"))
    if high is not None and high > _MOST_EPOCHS:
        rule = f"at most {_MOST_EPOCHS} ({_HYPERBAND})"
        yield Violation(f"{path}.MaxResource", str(high), rule)
    if low is not None and high is not None and low > high:
        rule = f"MinResource must not be above MaxResource {high} ({_HYPERBAND})"
        yield Advice(f"{path}.MinResource", str(low), rule)


def grid_is_categorical(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Grid takes categorical ranges only."""
    if parts.config(request, "Strategy") == "Grid":
        for path, kind, _ in parts.ranges(request, *parts.RANGE_KINDS[:2]):
            rule = f"Grid takes CategoricalParameterRanges only ({_GRID})"
            yield Violation(path, f"one of {kind}, with Strategy Grid", rule)


def grid_is_complete(request: Mapping[str, Any]) -> Iterator[Advice]:
    """With Grid, the number of training jobs should be that of the combinations, or left out."""
    number = parts.integer(parts.config(request, "ResourceLimits", "MaxNumberOfTrainingJobs"))
    combinations = count_combinations(request)
    if parts.config(request, "Strategy") != "Grid" or number is None or combinations is None:
        return
    if not math.isinf(combinations) and number != combinations:
        yield Advice(
            f"{_CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs",
            f"{number}, with Strategy Grid over {combinations:.0f} combinations",
            f"{combinations:.0f}, or leave it out ({_GRID})",
        )


def combinations_suffice(request: Mapping[str, Any]) -> Iterator[Violation]:
    """There are at least as many combinations of values as training jobs.

    https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123
    """
    number = parts.integer(parts.config(request, "ResourceLimits", "MaxNumberOfTrainingJobs"))
    strategy = parts.config(request, "Strategy")
    combinations = count_combinations(request)
    if number is None or combinations is None or parts.is_autotuned(request):
        return
    if strategy != "Grid" and not is_template(strategy) and combinations < number:
        yield Violation(
            f"{_CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs",
            f"{number} is more than the {combinations:.0f} combinations of the ranges' values",
            f"at most {combinations:.0f}, or additional ranges ({_CONSIDERATIONS})",
        )


def _not_inferred(path: str, request: Mapping[str, Any]) -> Iterator[Violation]:
    for where, definition in parts.definitions(request):
        static = definition.get("StaticHyperParameters")
        if hides(static) or parts.is_autotuned(request):
            continue
        if not any(name in (static if isinstance(static, dict) else {}) for name in _EPOCHS):
            yield Violation(
                f"{path}.MaxResource",
                f"missing, and {where}.StaticHyperParameters has no number of epochs",
                f"give MaxResource, or one of {', '.join(_EPOCHS)} ({_HYPERBAND})",
            )


def count_combinations(request: Mapping[str, Any]) -> float | None:
    """Count the combinations of values; infinity with a continuous range, None where unknown."""
    definitions = [definition for _, definition in parts.definitions(request)]
    if len(definitions) != 1 or parts.hides_ranges(request, definitions[0]):
        return None
    combinations: float = 1
    for _, kind, item in parts.ranges_of(request, definitions[0]):
        if kind == "CategoricalParameterRanges":
            combinations *= len({str(value) for value in parts.items(item, "Values")})
            continue
        low, high = (parts.number(item.get(key)) for key in ("MinValue", "MaxValue"))
        if low is None or high is None or low > high:
            return None
        combinations *= _size(kind, low, high)
    return combinations


def _size(kind: str, low: float, high: float) -> float:
    if low == high:
        return 1
    return high - low + 1 if kind == "IntegerParameterRanges" else math.inf
