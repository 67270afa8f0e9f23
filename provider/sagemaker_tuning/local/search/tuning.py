"""The search of a tuning job: which of its definitions launches what next, and what is stopped."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from sagemaker_tuning.local.definition import Definition, definitions
from sagemaker_tuning.local.search.auto_parameters import searched_ranges
from sagemaker_tuning.local.search.convergence import Convergence
from sagemaker_tuning.local.search.early_stopping import MedianRule
from sagemaker_tuning.local.search.hyperband import HyperbandSearch, resources
from sagemaker_tuning.local.search.ranges import parameters
from sagemaker_tuning.local.search.strategies import (
    BayesianSearch,
    GridSearch,
    RandomSearch,
    Search,
)
from sagemaker_tuning.local.wire import Document


@dataclass(frozen=True)
class Proposal:
    """What the next training job is made of.

    Attributes:
        index: of its definition.
        hyperparameters: the values of the tunable ones.
    """

    index: int
    hyperparameters: Mapping[str, str]


@dataclass(frozen=True)
class Observation:
    """A training job of a parent, for a warm start.

    Attributes:
        hyperparameters: the values of all, static and tunable.
        objective: its final objective metric.
        index: of the definition that it tells something about.
    """

    hyperparameters: Mapping[str, str]
    objective: float
    index: int = 0


class TuningSearch:
    """The searches of all definitions of a tuning job, which take turns.

    Training jobs are numbered from 0 in the order of `next`. Not thread-safe.

    Args:
        request: the completed Create request.
        history: what a warm start knows from its parents; Bayesian learns from it.
    """

    def __init__(self, request: Document, history: Sequence[Observation] = ()) -> None:
        config = request["HyperParameterTuningJobConfig"]
        found = definitions(request)
        self._searches = [search_of(definition, config) for definition in found]
        self._convergence = [Convergence(maximize=each.maximize) for each in found]
        self._early_stopping = config.get("TrainingJobEarlyStoppingType") == "Auto"
        self._medians = [MedianRule(maximize=each.maximize) for each in found]
        self.wants_reports = self._early_stopping or config["Strategy"] == "Hyperband"
        self._turns = deque(range(len(found)))
        self._launched = 0
        # Of the running training jobs, by number: the definition, and the number within it.
        self._places: dict[int, tuple[int, int]] = {}
        for observation in history:
            self._searches[observation.index].learn(
                observation.hyperparameters, observation.objective
            )

    @property
    def exhausted(self) -> bool:
        """Whether no further set will ever come."""
        return all(search.exhausted for search in self._searches)

    def next(self) -> Proposal | None:
        """The next training job; None when results are waited for, or the space is used up."""
        while self._turns and self._searches[self._turns[0]].exhausted:
            self._turns.popleft()
        if not self._turns or not self._searches[self._turns[0]].ready():
            return None
        index = self._turns[0]
        self._take_turn(index)
        return Proposal(index, self._searches[index].ask())

    def report(self, number: int, step: int, value: float) -> bool:
        """Takes the objective metric of a training job as it runs.

        Args:
            number: the training job's.
            step: how many times it has reported, this time included.
            value: the objective metric.

        Returns:
            Whether the training job should be stopped now; False for one that has ended.
        """
        if number not in self._places:
            return False
        index, turn = self._places[number]
        if self._early_stopping:
            return self._medians[index].report(turn, step, value)
        return self._searches[index].report(turn, step, value)

    def tell(self, number: int, objective: float | None) -> None:
        """The final objective metric of a training job, None without one."""
        index, turn = self._places.pop(number)
        self._searches[index].tell(turn, objective)
        self._medians[index].end(turn, objective)
        if objective is not None:
            self._convergence[index].take(objective)

    def restore(
        self,
        number: int,
        index: int,
        hyperparameters: Mapping[str, str],
        objective: float | None,
        reports: Sequence[float],
    ) -> None:
        """Takes in a training job of before the endpoint was started again.

        Call it in the order of their numbers for all that have ended, before any `next`. A number
        that is left out stands for one that is still to end. With a seed, the sequence then goes
        on as it would have.
        """
        while self._launched < number and self.next() is not None:
            pass
        self.resume(index, hyperparameters)
        for step, value in enumerate(reports, start=1):
            self.report(number, step, value)
        self.tell(number, objective)

    def resume(self, index: int, hyperparameters: Mapping[str, str]) -> None:
        """Takes in the next training job of before the endpoint was started again, to run anew.

        It stands in the order of `restore`, and reports and results of it are to come.
        """
        self._take_turn(index)
        self._searches[index].repeat(hyperparameters)

    def converged(self) -> bool:
        """Whether the search of every definition has converged, as `Convergence` says."""
        return all(convergence.reached() for convergence in self._convergence)

    def _take_turn(self, index: int) -> None:
        self._places[self._launched] = (index, self._searches[index].asked)
        self._launched += 1
        self._turns.remove(index)
        self._turns.append(index)


def search_of(definition: Definition, config: Mapping[str, Any]) -> Search:
    """The search of one definition, by the HyperParameterTuningJobConfig.

    With `RandomSeed` the same request gives the same sequence of sets.
    """
    tunable = parameters(searched_ranges(definition))
    strategy, seed = config["Strategy"], config.get("RandomSeed")
    maximize = definition.maximize
    if strategy == "Grid":
        return GridSearch(tunable)
    # Optuna hands the seed to NumPy, which takes 32 bits: as many as `RandomSeed` has.
    sampler_seed: int = SystemRandom().getrandbits(32) if seed is None else seed
    if strategy == "Random":
        return RandomSearch(tunable, maximize=maximize, seed=sampler_seed)
    if strategy == "Hyperband":
        limits = resources(config, definition)
        return HyperbandSearch(tunable, limits, maximize=maximize, seed=sampler_seed)
    parallel: int = config["ResourceLimits"]["MaxParallelTrainingJobs"]
    lag = None if seed is None else parallel
    return BayesianSearch(tunable, maximize=maximize, seed=sampler_seed, lag=lag)
