"""Search strategies: which hyperparameters the next training job of a definition gets.

Bayesian is Optuna's TPE (AWS's is a Gaussian process), Random its random sampler, Grid every
combination once. Hyperband has its own file.
"""

import itertools
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from sagemaker_tuning.local.search.ranges import Parameter

optuna.logging.set_verbosity(optuna.logging.WARNING)
# Some of TPE's options are marked experimental by the older of the supported versions.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)

_STARTUP_TRIALS = 10

Hyperparameters = Mapping[str, str]


class Search(ABC):
    """A sequence of sets of hyperparameters, counted from 0.

    Not thread-safe: the tuning job's own thread asks and tells.

    Args:
        tunable: the definition's; a finite space gives as many sets as it has combinations.
    """

    def __init__(self, tunable: Sequence[Parameter]) -> None:
        self.asked = 0
        self._combinations = math.prod(parameter.combinations for parameter in tunable)

    @property
    def exhausted(self) -> bool:
        """Whether no further set will ever come."""
        return self.asked >= self._combinations

    def ready(self) -> bool:
        """Whether the next set can be had without waiting for more results."""
        return True

    @abstractmethod
    def ask(self) -> Hyperparameters:
        """The next set; call it only when `ready` and not `exhausted`."""

    def report(self, number: int, step: int, value: float) -> bool:  # noqa: ARG002 -- most strategies judge no running training job
        """Whether the training job with set `number` should be stopped after its step-th report."""
        return False

    def tell(self, number: int, objective: float | None) -> None:  # noqa: B027 -- most strategies learn nothing from results
        """The result of set `number`: its final objective metric, or None if it has none."""

    def learn(self, hyperparameters: Hyperparameters, objective: float) -> None:  # noqa: B027 -- most strategies learn nothing from results
        """Takes in a result of another tuning job; one outside the ranges is passed over."""

    def repeat(self, hyperparameters: Hyperparameters) -> None:  # noqa: ARG002 -- most strategies give the same set again, or learn nothing from it
        """Asks once more for a set that was given before the endpoint was started again."""
        self.ask()


class GridSearch(Search):
    """Every combination of categorical values, once, in the order of the request."""

    def __init__(self, tunable: Sequence[Parameter]) -> None:
        super().__init__(tunable)
        values = [
            p.distribution.choices if isinstance(p.distribution, CategoricalDistribution) else ()
            for p in tunable
        ]
        names = [p.name for p in tunable]
        self._sets = (
            dict(zip(names, map(str, combination), strict=True))
            for combination in itertools.product(*values)
        )

    def ask(self) -> Hyperparameters:
        """The next combination."""
        self.asked += 1
        return next(self._sets)


class SampledSearch(Search):
    """One of Optuna's samplers, asked and told."""

    def __init__(
        self,
        tunable: Sequence[Parameter],
        sampler: BaseSampler,
        *,
        maximize: bool,
        pruner: BasePruner | None = None,
    ) -> None:
        super().__init__(tunable)
        self._tunable = tunable
        self._distributions = {p.name: p.distribution for p in tunable}
        self._study = optuna.create_study(
            sampler=sampler,
            pruner=pruner or optuna.pruners.NopPruner(),
            direction="maximize" if maximize else "minimize",
            # Which bracket of Hyperband a trial is in depends on it.
            study_name="tuning",
        )
        self._trials: dict[int, optuna.Trial] = {}

    def ask(self) -> Hyperparameters:
        """The next sample, every value written as a string."""
        trial = self._study.ask(self._distributions)
        self._trials[self.asked] = trial
        self.asked += 1
        return {p.name: p.to_text(trial.params[p.name]) for p in self._tunable}

    def tell(self, number: int, objective: float | None) -> None:
        """Ends the set's trial."""
        trial = self._trials.pop(number)
        if objective is None:
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, objective)


class RandomSearch(SampledSearch):
    """Optuna's random sampler, whose samples depend on no result: none has to be waited for."""

    def __init__(self, tunable: Sequence[Parameter], *, maximize: bool, seed: int) -> None:
        sampler = optuna.samplers.RandomSampler(seed=seed)
        super().__init__(tunable, sampler, maximize=maximize)


class BayesianSearch(SampledSearch):
    """Optuna's TPE.

    What it proposes for set n depends on which results it has been told by then. For the
    sequence to be the same whatever ends first, `lag` results are withheld: set n is asked for
    when exactly the results up to n - lag have been told, in their order, and the trials in
    between count as running. With `lag` None every result is told as it comes.
    """

    def __init__(
        self, tunable: Sequence[Parameter], *, maximize: bool, seed: int, lag: int | None
    ) -> None:
        sampler = optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=_STARTUP_TRIALS,
            multivariate=True,
            # Running trials count as bad ones, which keeps parallel samples apart.
            constant_liar=True,
        )
        super().__init__(tunable, sampler, maximize=maximize)
        self._lag = lag
        self._told = 0
        self._learned = 0
        self._results: dict[int, float | None] = {}

    def ready(self) -> bool:
        """Whether every result that the next set has to take into account is there."""
        return all(number in self._results for number in self._due())

    def ask(self) -> Hyperparameters:
        """The next sample, every value written as a string."""
        for number in self._due():
            super().tell(number, self._results.pop(number))
            self._told = number + 1
        return super().ask()

    def tell(self, number: int, objective: float | None) -> None:
        """Keeps the result until its turn; without `lag` its turn is now."""
        if self._lag is None:
            super().tell(number, objective)
        else:
            self._results[number] = objective

    def learn(self, hyperparameters: Hyperparameters, objective: float) -> None:
        """Takes in a result as if it were one of this search.

        One outside the ranges is passed over: moved to their edge, it would say of the edge what
        was never measured there.
        """
        sample = self._sample(hyperparameters)
        if sample is not None:
            self._learned += 1
            self._study.add_trial(
                optuna.trial.create_trial(
                    params=sample, distributions=self._distributions, value=objective
                )
            )

    def repeat(self, hyperparameters: Hyperparameters) -> None:
        """With a seed the sequence is gone through again; without, the set is put into it."""
        if self._lag is not None:
            if self.ask() == hyperparameters:
                return
            # Not the set of then, as when a parent of a warm start has been deleted since.
            self.asked -= 1
            super().tell(self.asked, None)
        sample = self._sample(hyperparameters)
        if sample is not None:
            self._study.enqueue_trial(sample)
        self.ask()

    def _sample(self, hyperparameters: Hyperparameters) -> dict[str, Any] | None:
        try:
            return {p.name: p.from_text(hyperparameters[p.name]) for p in self._tunable}
        except (KeyError, ValueError):
            return None

    def _due(self) -> range:
        # Until it has so many results TPE samples at random, whatever they are: no training job
        # has to be waited for.
        unaffected = max(0, _STARTUP_TRIALS - self._learned)
        if self._lag is None or self.asked < unaffected + self._lag - 1:
            return range(0)
        return range(self._told, self.asked - self._lag + 1)
