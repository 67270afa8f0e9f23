"""How long to wait for room in a service quota."""

from __future__ import annotations

import random
from datetime import timedelta

_SHORTEST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=10)
_JITTER = 0.2


def quota_pause(waited: timedelta) -> timedelta:
    """Give the time until the next try: as long as was waited so far, 30 s to 10 min.

    Up to a fifth is taken off at random, so that tasks that began together do not ask together.

    Args:
        waited: Since the first try.
    """
    bounded = min(max(waited, _SHORTEST), _LONGEST)
    return bounded * (1 - random.uniform(0, _JITTER))  # noqa: S311 -- jitter
