"""Hyperband: between which epochs training jobs are stopped."""

from collections.abc import Iterator

import pytest

from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.search.tuning import TuningSearch
from tests.unit.local.search.requests import ETA, request


def stops(search: TuningSearch, count: int, steps: int) -> Iterator[int]:
    """Where each of so many training jobs is stopped, the later ones being better."""
    for number in range(count):
        assert search.next() is not None
        for step in range(1, steps + 1):
            if search.report(number, step, 1 / (1 + (number * 7) % 10)):
                yield step
                break
        else:
            yield steps + 1
        search.tell(number, 0.5)


def search_between(**limits: int) -> TuningSearch:
    config = {"HyperbandStrategyConfig": limits}
    return TuningSearch(request("Hyperband", ETA, StrategyConfig=config, RandomSeed=1))


def test_none_goes_on_beyond_the_maximum_nor_is_stopped_before_the_minimum() -> None:
    """Some are stopped on their way at a power of three, the others when they go on after 20."""
    found = list(stops(search_between(MinResource=2, MaxResource=20), 60, 30))
    assert set(found) <= {2, 6, 18, 21}
    assert {2, 21} < set(found)


def test_the_same_reports_stop_the_same_training_jobs() -> None:
    """Which bracket a training job is in depends on its number alone."""
    first, second = (
        list(stops(search_between(MinResource=1, MaxResource=27), 40, 27)) for _ in range(2)
    )
    assert first == second


def test_a_training_job_that_ends_at_the_maximum_is_left_to_end() -> None:
    """It has its model to write; one that goes on is stopped."""
    search = search_between(MinResource=9, MaxResource=9)
    assert search.next() is not None
    assert not search.report(0, 9, 0.5)
    assert search.report(0, 10, 0.5)


@pytest.mark.parametrize("epochs", ["", "0", "-1", "ten", "1.5", "9" * 30])
def test_what_is_no_number_of_epochs_is_not_inferred_from(epochs: str) -> None:
    """One clear error, in AWS's words."""
    with pytest.raises(ApiError, match="could not be inferred"):
        TuningSearch(request("Hyperband", ETA, static={"epochs": epochs}))


def test_the_maximum_is_inferred() -> None:
    """From static epochs."""
    search = TuningSearch(request("Hyperband", ETA, static={"n_epochs": "4"}))
    assert search.next() is not None
    assert search.report(0, 5, 0.5)
