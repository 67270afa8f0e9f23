"""Hyperband: random sets of hyperparameters, the worse of which are stopped on their way.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from sagemaker_tuning.local.definition import Definition
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.search.ranges import Parameter
from sagemaker_tuning.local.search.strategies import SampledSearch

_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
_COUNT = re.compile("0*[1-9][0-9]{0,8}")
_MOST_RESOURCES = 20_000
_REDUCTION_FACTOR = 3


@dataclass(frozen=True)
class Resources:
    """Between how many epochs a training job can be stopped.

    Attributes:
        minimum: None is stopped before so many reports.
        maximum: Each that goes on after so many is stopped.
    """

    minimum: int
    maximum: int


def resources(config: Mapping[str, Any], definition: Definition) -> Resources:
    """MinResource, 1 if not given, and MaxResource, given or inferred from static epochs.

    Raises:
        ApiError: ValidationException where they are no range from 1 to 20,000.
    """
    given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    static = definition.document.get("StaticHyperParameters", {})
    inferred = [int(static[name]) for name in _EPOCHS if _COUNT.fullmatch(static.get(name, ""))]
    if "MaxResource" not in given and not inferred:
        raise validation_error(
            "MaxResource parameter is not provided and could not be inferred from provided static"
            " hyperparameters of TrainingJobDefinition."
        )
    minimum: int = given.get("MinResource", 1)
    maximum: int = given.get("MaxResource", inferred[0] if inferred else 0)
    if maximum > _MOST_RESOURCES:
        raise validation_error(
            f"HyperbandStrategyConfig.MaxResource is {maximum}. It can be {_MOST_RESOURCES} at"
            " most."
        )
    if not minimum <= maximum:
        raise validation_error(
            f"HyperbandStrategyConfig.MinResource {minimum} is above MaxResource {maximum}."
            " MinResource must be less than or equal to MaxResource."
        )
    return Resources(minimum, maximum)


class HyperbandSearch(SampledSearch):
    """Optuna's random sampler and Hyperband pruner."""

    def __init__(
        self, tunable: Sequence[Parameter], resources: Resources, *, maximize: bool, seed: int
    ) -> None:
        pruner = optuna.pruners.HyperbandPruner(
            min_resource=resources.minimum,
            max_resource=resources.maximum,
            reduction_factor=_REDUCTION_FACTOR,
        )
        super().__init__(
            tunable, optuna.samplers.RandomSampler(seed=seed), maximize=maximize, pruner=pruner
        )
        self._resources = resources
        self._rungs: set[int] = set()
        rung = resources.minimum
        while rung < resources.maximum:
            self._rungs.add(rung)
            rung *= _REDUCTION_FACTOR

    def report(self, number: int, step: int, value: float) -> bool:
        """Whether the training job is past MaxResource, or worse than most that came so far."""
        if step >= self._resources.maximum:
            # One that ends here must be left to write its model, and nobody knows which does.
            return step > self._resources.maximum
        if step not in self._rungs:  # nothing is decided between them
            return False
        trial = self._trials[number]
        trial.report(value, step)
        return trial.should_prune()
