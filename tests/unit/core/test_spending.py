"""What a tuning job has cost, and how seldom that is looked up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.rates import HourlyRates
from sagemaker_tuning.core.spending import SpendingWatch, consumed, spending_line

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_RATES = HourlyRates.from_document({"ml.cheap": 1, "ml.dear": "3600"})


def _job(parallel: int = 4) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": parallel}},
        "TrainingJobDefinitions": [
            {
                "DefinitionName": name,
                "ResourceConfig": {"InstanceType": f"ml.{name}", "InstanceCount": 1},
            }
            for name in ("cheap", "dear")
        ],
    }


def _training_job(name: str | None, started: float | None, ended: float | None) -> dict[str, Any]:
    times = {"TrainingStartTime": started, "TrainingEndTime": ended}
    found: dict[str, Any] = {
        key: _NOW + timedelta(seconds=seconds)
        for key, seconds in times.items()
        if seconds is not None
    }
    return found if name is None else found | {"TrainingJobDefinitionName": name}


def test_a_training_job_costs_from_its_start_to_its_end_or_to_now() -> None:
    """By its own definition; one that has not started, nothing; one of no known one, the most."""
    jobs = [
        _training_job("cheap", -3600, -1800),
        _training_job("dear", -10, None),
        _training_job("dear", None, None),
        _training_job("dear", 5, None),
        _training_job(None, -2.5, 0),
    ]
    assert consumed(_job(), jobs, _RATES, _NOW) == Fraction("0.5") + 10 + Fraction("2.5")


def test_nothing_costs_nothing() -> None:
    """A tuning job that has launched none yet is no error."""
    assert consumed(_job(), [], _RATES, _NOW) == 0


def test_the_line_says_that_it_is_an_estimate() -> None:
    """With the limit, where there is one."""
    assert spending_line(Fraction(1, 3), None) == "estimate: 0.3334 consumed"
    assert spending_line(Fraction(7), Decimal(50)) == "estimate: 7.00 of max_cost 50.00 consumed"


@st.composite
def _loads(draw: st.DrawFn) -> tuple[int, list[int]]:
    """How many may run at once, and how many do from one look to the next."""
    parallel = draw(st.integers(1, 5))
    return parallel, draw(st.lists(st.integers(0, parallel), min_size=1, max_size=60))


@given(_loads(), st.integers(1, 200_000), st.integers(1, 600))
def test_no_crossing_is_missed(load: tuple[int, list[int]], limit: int, interval: int) -> None:
    """At the first look after the limit was passed, it is listed and known."""
    parallel, running = load
    watch = SpendingWatch(_job(parallel), _RATES, Decimal(limit))
    cost, now = Fraction(), _NOW
    for count in running:
        if watch.is_due(now):
            watch.listed(cost, now)
        assert watch.is_over is (cost > limit)
        if watch.is_over:
            break
        cost, now = cost + count * interval, now + timedelta(seconds=interval)


def test_listings_are_few() -> None:
    """About log(looks) of them, at half of the load that is possible."""
    limit = 10**6
    watch = SpendingWatch(_job(4), _RATES, Decimal(limit))
    cost, now, listings, looks = 0, _NOW, 0, 0
    while not watch.is_over:
        looks += 1
        if watch.is_due(now):
            listings += 1
            watch.listed(Fraction(cost), now)
        cost, now = cost + 2 * 30, now + timedelta(seconds=30)
    assert looks > 10_000
    assert listings < 20


def test_where_nothing_says_how_many_run_at_once_it_may_be_a_hundred() -> None:
    """Autotune chooses it: the limit may be passed that much sooner."""
    job = _job()
    del job["HyperParameterTuningJobConfig"]["ResourceLimits"]
    watch = SpendingWatch(job, _RATES, Decimal(1000))
    watch.listed(Fraction(), _NOW)
    assert not watch.is_due(_NOW + timedelta(seconds=10))
    assert watch.is_due(_NOW + timedelta(seconds=11))


def test_a_clock_that_is_set_back_costs_nothing() -> None:
    """Time that was not there is not subtracted."""
    watch = SpendingWatch(_job(1), _RATES, Decimal(10))
    watch.listed(Fraction(10), _NOW)
    assert not watch.is_due(_NOW - timedelta(hours=1))
    assert watch.is_due(_NOW + timedelta(seconds=1))
