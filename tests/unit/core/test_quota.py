"""How long to wait for room in a quota."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.quota import quota_pause

_MONTH = timedelta(days=31)


@given(st.timedeltas(timedelta(days=-1), _MONTH))
def test_a_pause_is_neither_a_hammer_nor_a_day(waited: timedelta) -> None:
    """24 s to 10 min, whatever was waited and however wrong the clock is."""
    assert timedelta(seconds=24) <= quota_pause(waited) <= timedelta(minutes=10)


@given(st.timedeltas(timedelta(seconds=30), timedelta(minutes=10)))
def test_a_pause_is_about_as_long_as_the_wait_so_far(waited: timedelta) -> None:
    """So tries become rarer."""
    assert waited * 0.8 <= quota_pause(waited) <= waited


def test_tasks_that_began_together_do_not_ask_together() -> None:
    """Equal waits give different pauses."""
    assert len({quota_pause(timedelta(minutes=1)) for _ in range(20)}) > 10
