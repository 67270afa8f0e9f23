"""How often a tuning job is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import timedelta

PollInterval = float | Literal["adaptive"]
"""Seconds between two looks, above 0; or a tenth of the tuning job's age, 5 to 60 seconds.

Either way, looks vary by a tenth, so that not everybody's come at the same time.
"""

_PART_OF_AGE = 0.1
_SHORTEST_SECONDS = 5.0
_LONGEST_SECONDS = 60.0


def checked(poll_interval: PollInterval) -> PollInterval:
    """Give it back if it is one.

    Raises:
        ValueError: At it, a tuning job would be looked at without pause, or never.
    """
    if poll_interval == "adaptive":
        return poll_interval
    if isinstance(poll_interval, str) or not 0 < poll_interval < float("inf"):
        msg = f'poll_interval is {poll_interval!r}: give seconds, above 0, or "adaptive"'
        raise ValueError(msg)
    return poll_interval


def interval_seconds(poll_interval: PollInterval, age: timedelta | None) -> float:
    """Give the seconds between two looks at a tuning job of an age; None if that is not known."""
    if poll_interval != "adaptive":
        return poll_interval
    if age is None:
        return _SHORTEST_SECONDS
    return min(max(_PART_OF_AGE * age.total_seconds(), _SHORTEST_SECONDS), _LONGEST_SECONDS)
