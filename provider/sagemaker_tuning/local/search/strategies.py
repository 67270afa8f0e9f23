"""Search strategies: which hyperparameters the next training job gets.

Bayesian is Optuna's TPE (AWS's is a Gaussian process), Random its random sampler, Grid every
combination once.
"""

import itertools
import random
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler

from sagemaker_tuning.local.search.ranges import Parameter, parameters
from sagemaker_tuning.local.wire import Document

optuna.logging.set_verbosity(optuna.logging.WARNING)
# Some of TPE's options are marked experimental by the older of the supported versions.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)

_STARTUP_TRIALS = 10

Hyperparameters = Mapping[str, str]


class Search(ABC):
    """A sequence of hyperparameters, number by number from 0.

    Not thread-safe: the tuning job's own thread asks and tells.
    """

    def ready(self) -> bool:
        """Whether the next set can be had without waiting for more results."""
        return True

    @abstractmethod
    def ask(self) -> Hyperparameters:
        """The next set; call it only when `ready`."""

    def tell(self, number: int, objective: float | None) -> None:  # noqa: B027 -- most strategies learn nothing from results
        """The result of set `number`: its final objective metric, or None if it has none."""


class GridSearch(Search):
    """Every combination of categorical values, once, in the order of the request."""

    def __init__(self, tunable: Sequence[Parameter]) -> None:
        values = [
            p.distribution.choices if isinstance(p.distribution, CategoricalDistribution) else ()
            for p in tunable
        ]
        names = [p.name for p in tunable]
        self._combinations = (
            dict(zip(names, map(str, combination), strict=True))
            for combination in itertools.product(*values)
        )

    def ask(self) -> Hyperparameters:
        """The next combination."""
        return next(self._combinations)


class SampledSearch(Search):
    """Optuna's sampler, asked and told.

    What a sampler proposes for set n depends on which results it has been told by then. For the
    sequence to be the same whatever ends first, `lag` results are withheld: set n is asked for
    when exactly the results up to n - lag have been told, in their order, and the trials in
    between count as running. With `lag` None every result is told as it comes.
    """

    def __init__(
        self,
        tunable: Sequence[Parameter],
        sampler: BaseSampler,
        *,
        maximize: bool,
        lag: int | None,
        unaffected: int,
    ) -> None:
        self._tunable = tunable
        self._distributions = {p.name: p.distribution for p in tunable}
        self._study = optuna.create_study(
            sampler=sampler, direction="maximize" if maximize else "minimize"
        )
        self._lag = lag
        self._unaffected = unaffected
        self._asked = 0
        self._told = 0
        self._results: dict[int, float | None] = {}

    def ready(self) -> bool:
        """Whether every result that the next set has to take into account is there."""
        return all(number in self._results for number in self._due())

    def ask(self) -> Hyperparameters:
        """The next sample, every value written as a string."""
        for number in self._due():
            self._tell_study(number, self._results.pop(number))
            self._told = number + 1
        trial = self._study.ask(self._distributions)
        self._asked += 1
        return {p.name: p.to_text(trial.params[p.name]) for p in self._tunable}

    def tell(self, number: int, objective: float | None) -> None:
        """Keeps the result until its turn; without `lag` its turn is now."""
        if self._lag is None:
            self._tell_study(number, objective)
        else:
            self._results[number] = objective

    def _due(self) -> range:
        if self._lag is None or self._asked < self._unaffected:
            return range(0)
        return range(self._told, self._asked - self._lag + 1)

    def _tell_study(self, number: int, objective: float | None) -> None:
        if objective is None:
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(number, objective)


def search(
    strategy: str, ranges: Document, *, maximize: bool, seed: int | None, parallel: int
) -> Search:
    """The search of one training job definition.

    Args:
        strategy: AWS's `Strategy`.
        ranges: the definition's `ParameterRanges`.
        maximize: whether a higher objective metric is better.
        seed: `RandomSeed`; with it, the same request gives the same sequence of sets.
        parallel: training jobs at a time, which bounds how many results can be outstanding.
    """
    tunable = parameters(ranges)
    if strategy == "Grid":
        return GridSearch(tunable)
    # Optuna hands the seed to NumPy, which takes 32 bits: as many as `RandomSeed` has.
    sampler_seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    if strategy == "Random":
        sampler: BaseSampler = optuna.samplers.RandomSampler(seed=sampler_seed)
        # Its samples depend on no result, so that there is nothing to wait for.
        return SampledSearch(tunable, sampler, maximize=maximize, lag=None, unaffected=0)
    sampler = optuna.samplers.TPESampler(
        seed=sampler_seed,
        n_startup_trials=_STARTUP_TRIALS,
        multivariate=True,
        # Running trials count as bad ones, which keeps parallel samples apart.
        constant_liar=True,
    )
    return SampledSearch(
        tunable,
        sampler,
        maximize=maximize,
        lag=None if seed is None else parallel,
        # Until it has been told so many results TPE samples at random, whatever they are: no
        # training job has to be waited for.
        unaffected=_STARTUP_TRIALS + parallel - 1,
    )
