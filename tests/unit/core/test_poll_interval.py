"""How often a tuning job is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sagemaker_tuning.core.poll_interval import checked, interval_seconds


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(None, 5), (0, 5), (1, 6), (5, 30), (10, 60), (60 * 24 * 30, 60)]
)
def test_an_adaptive_interval_is_a_tenth_of_the_age(minutes: int | None, seconds: float) -> None:
    """A short job's end is noticed soon, a long job is not hammered."""
    age = None if minutes is None else timedelta(minutes=minutes)
    assert interval_seconds("adaptive", age) == seconds


def test_seconds_do_not_depend_on_the_age() -> None:
    """What a user fixed stays fixed."""
    assert interval_seconds(30.0, timedelta(days=3)) == 30.0


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan"), float("inf"), "often", "30"])
def test_what_is_no_interval_is_refused(wrong: Any) -> None:
    """The message has the value, and what would be right."""
    with pytest.raises(ValueError, match="seconds, above 0, or") as caught:
        checked(wrong)
    assert f"poll_interval is {wrong!r}" in str(caught.value)
