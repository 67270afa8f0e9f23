"""The search of a tuning job: turns, restarts, warm start and the end."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.search.tuning import Observation, Proposal, TuningSearch
from sagemaker_tuning.local.wire import Document
from tests.unit.local.search.requests import ETA, request

DEPTH = {"CategoricalParameterRanges": [{"Name": "depth", "Values": ["1", "2", "3"]}]}
BOOSTER = {"CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree"]}]}


def objective(number: int) -> float | None:
    """A made-up result; every seventh training job fails."""
    return None if number % 7 == 3 else math.sin(number)


def following(search: TuningSearch, numbers: range) -> list[Proposal]:
    """The proposals of these numbers, each ended before the next is asked for."""
    found = []
    for number in numbers:
        proposal = search.next()
        assert proposal is not None
        found.append(proposal)
        search.tell(number, objective(number))
    return found


def test_definitions_take_turns_until_each_is_used_up() -> None:
    """A grid that has ended is passed over; when all have, nothing is left."""
    search = TuningSearch(request("Grid", DEPTH, BOOSTER))
    proposals: list[tuple[int | str, ...]] = []
    while (proposal := search.next()) is not None:
        assert not search.exhausted or len(proposals) == 3
        proposals.append((proposal.index, *proposal.hyperparameters.values()))
    assert proposals == [(0, "1"), (1, "gbtree"), (0, "2"), (0, "3")]
    assert search.exhausted


def test_a_finite_space_ends_a_search_by_sampling_too() -> None:
    """As many sets as it has combinations."""
    search = TuningSearch(request("Random", DEPTH))
    assert len(following(search, range(3))) == 3
    assert search.exhausted
    assert search.next() is None


@pytest.mark.parametrize("strategy", ["Bayesian", "Random", "Hyperband"])
@settings(deadline=None, max_examples=40)
@given(ended=st.integers(0, 16), running=st.integers(0, 3))
def test_with_a_seed_a_restart_changes_nothing(strategy: str, ended: int, running: int) -> None:
    """The sets after it are those that would have come, wherever it happened."""
    hyperband = {"HyperbandStrategyConfig": {"MaxResource": 9}}
    document = request(strategy, ETA, DEPTH | ETA, RandomSeed=7, StrategyConfig=hyperband)
    whole = TuningSearch(document)
    expected = following(whole, range(24))
    again = TuningSearch(document)
    for number, proposal in enumerate(expected[:ended]):
        tuned = proposal.hyperparameters
        again.restore(number, proposal.index, tuned, objective(number), [0.5, 0.6])
    for proposal in expected[ended : ended + running]:
        again.resume(proposal.index, proposal.hyperparameters)
    for number in range(ended, ended + running):
        again.tell(number, objective(number))
    assert following(again, range(ended + running, 24)) == expected[ended + running :]


@settings(deadline=None, max_examples=40)
@given(gaps=st.sets(st.integers(0, 10), max_size=2))
def test_what_is_left_out_of_a_restart_still_runs(gaps: set[int]) -> None:
    """With a seed, the sets that have not ended are known from the sequence."""
    document = request("Bayesian", ETA, RandomSeed=7)
    expected = following(TuningSearch(document), range(16))
    again = TuningSearch(document)
    for number in sorted({*range(12)} - gaps):
        tuned = expected[number].hyperparameters
        again.restore(number, 0, tuned, objective(number), [])
    for number in gaps:
        again.tell(number, objective(number))
    assert following(again, range(12, 16)) == expected[12:]


def nearness(search: TuningSearch, first: int) -> float:
    """How far from eta 0.9 the next twelve sets are on average."""
    distances = []
    for number in range(first, first + 12):
        proposal = search.next()
        assert proposal is not None
        distances.append(abs(float(proposal.hyperparameters["eta"]) - 0.9))
        search.tell(number, -distances[-1])
    return sum(distances) / len(distances)


def restored(document: Document) -> TuningSearch:
    search = TuningSearch(document)
    for number in range(30):
        eta = number / 30
        search.restore(number, 0, {"eta": str(eta)}, -abs(eta - 0.9), [])
    return search


def warm(document: Document) -> TuningSearch:
    return TuningSearch(
        document,
        [Observation({"eta": str(n / 30), "gamma": "1"}, -abs(n / 30 - 0.9)) for n in range(30)],
    )


@pytest.mark.parametrize(("start", "first"), [(restored, 30), (warm, 0)])
@pytest.mark.parametrize("config", [{}, {"RandomSeed": 3}])
def test_results_of_before_are_learned_from(
    start: Callable[[Document], TuningSearch], first: int, config: dict[str, Any]
) -> None:
    """After a restart whose sets nobody could foresee, and in a warm start: near the optimum."""
    assert nearness(start(request("Bayesian", ETA, **config)), first) < 0.25


def test_what_lies_outside_the_ranges_is_passed_over() -> None:
    """Nothing is known of it here; the search is as it would be without."""
    outside = [Observation({"eta": "1.5"}, 1), Observation({}, 1), Observation({"eta": "low"}, 1)]
    document = request("Bayesian", ETA, RandomSeed=3)
    expected = following(TuningSearch(document), range(14))
    assert following(TuningSearch(document, outside), range(14)) == expected


def test_a_warm_start_with_a_seed_waits_from_the_first_set_that_results_decide() -> None:
    """Ten results of parents are what sampling at random would have been for."""
    history = [Observation({"eta": "0.5"}, 0.5)] * 10
    search = TuningSearch(request("Bayesian", ETA, RandomSeed=3), history)
    assert all(search.next() for _ in range(3))
    assert search.next() is None
    search.tell(1, 0.5)
    assert search.next() is None
    search.tell(0, 0.5)
    assert search.next() is not None


def test_reports_are_wanted_where_something_is_decided_by_them() -> None:
    """Early stopping and Hyperband; the rest need not be scraped as it comes."""
    hyperband = {"HyperbandStrategyConfig": {"MaxResource": 9}}
    assert TuningSearch(request("Hyperband", ETA, StrategyConfig=hyperband)).wants_reports
    assert TuningSearch(request("Random", ETA, TrainingJobEarlyStoppingType="Auto")).wants_reports
    assert not TuningSearch(
        request("Random", ETA, TrainingJobEarlyStoppingType="Off")
    ).wants_reports


@pytest.mark.parametrize("kind", ["Maximize", "Minimize"])
def test_early_stopping_compares_within_a_definition(kind: str) -> None:
    """What another algorithm has reached says nothing; one that has ended is not stopped again."""
    document = request("Random", ETA, ETA, kind=kind, TrainingJobEarlyStoppingType="Auto")
    better, worse = (0.9, 0.5) if kind == "Maximize" else (0.5, 0.9)
    search = TuningSearch(document)
    for _ in range(4):
        assert search.next() is not None
    assert not search.report(0, 1, better)
    search.tell(0, better)
    assert not search.report(0, 2, worse)
    assert not search.report(1, 1, worse)
    assert search.report(2, 1, worse)
    assert not search.report(3, 1, worse)


def test_early_stopping_goes_on_after_a_restart() -> None:
    """What the training jobs of before had reported counts."""
    search = TuningSearch(request("Random", ETA, TrainingJobEarlyStoppingType="Auto"))
    search.restore(0, 0, {"eta": "0.5"}, 0.9, [0.8, 0.9])
    assert search.next() is not None
    assert not search.report(1, 1, 0.8)
    assert search.report(1, 2, 0.84)


def test_a_search_has_converged_when_every_definition_has() -> None:
    """With 20 results of each that do not improve."""
    search = TuningSearch(request("Random", ETA, ETA))
    for number in range(39):
        assert search.next() is not None
        search.tell(number, 0.5)
        assert not search.converged()
    assert search.next() is not None
    search.tell(39, 0.5)
    assert search.converged()
