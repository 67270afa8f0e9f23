"""The median rule of early stopping."""

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.search.early_stopping import MedianRule

CURVES = st.lists(st.lists(st.floats(-10, 10), min_size=1, max_size=6), min_size=1, max_size=8)


@settings(deadline=None)
@given(previous=CURVES, current=st.lists(st.floats(-10, 10), min_size=1, max_size=6))
def test_it_is_the_documented_rule(previous: list[list[float]], current: list[float]) -> None:
    """Worse than the median of the running averages of those that came as far."""
    rule = MedianRule(maximize=False)
    for number, curve in enumerate(previous):
        for step, value in enumerate(curve, start=1):
            rule.report(number, step, value)
        rule.end(number, curve[-1])
    for step, value in enumerate(current, start=1):
        averages = [sum(curve[:step]) / step for curve in previous if len(curve) >= step]
        stop = rule.report(-1, step, value)
        if not averages:
            assert not stop
        elif abs(value - statistics.median(averages)) > 1e-9:
            assert stop == (value > statistics.median(averages))


def test_those_that_run_or_have_no_objective_do_not_count() -> None:
    """Nor is the first training job ever stopped."""
    rule = MedianRule(maximize=True)
    assert not rule.report(0, 1, 0.9)
    assert not rule.report(1, 1, 0.1)
    rule.end(0, None)
    assert not rule.report(2, 1, 0.1)
    rule.end(3, 0.5)  # without ever having reported
    assert not rule.report(4, 1, 0.1)


def test_another_attempt_begins_anew() -> None:
    """What the attempt before had reported is forgotten, as far as it is reported again."""
    rule = MedianRule(maximize=True)
    for value in (0.1, 0.9):
        rule.report(0, 1, value)
        rule.report(0, 2, value)
    rule.end(0, 0.9)
    assert rule.report(1, 1, 0.8)


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_what_is_no_number_is_the_worst(value: float) -> None:
    """Training that has diverged is stopped, and spoils no median."""
    rule = MedianRule(maximize=True)
    for number, other in enumerate((0.5, 0.6, value)):
        rule.report(number, 1, other)
        rule.report(number, 2, other)
        rule.end(number, 0.5)
    assert rule.report(3, 1, value)
    assert rule.report(4, 2, 0.4)
    assert not rule.report(5, 2, 0.5)
