"""How many calls a second all waits of a connection make together."""

from __future__ import annotations

import asyncio

_MOST_A_SECOND = 25.0
_LEAST_A_SECOND = 0.5
_REGAINED_BY_AN_ANSWER = 1.0


class Pace:
    """Spaces calls out; further when AWS throttles, closer again when it answers.

    AWS does not publish how many calls of SageMaker it takes, and everybody of an account shares
    that: whoever is throttled halves its rate, and gets it back step by step.
    """

    def __init__(self) -> None:
        self._rate = _MOST_A_SECOND
        self._last = float("-inf")
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until another call may be made."""
        # By the rate of when it is the next one's turn: who queued up in a storm of throttling does
        # not wait for as long when it is over, and who has left keeps nobody waiting.
        async with self._queue:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(self.reserve(now) - now)

    def reserve(self, now: float) -> float:
        """Give the time at which the next call may be made, now at the earliest, and take it."""
        self._last = max(now, self._last + 1 / self._rate)
        return self._last

    def throttled(self) -> None:
        """Slow down, to one call in two seconds at the slowest. May be called by any thread."""
        self._rate = max(_LEAST_A_SECOND, self._rate / 2)

    def answered(self) -> None:
        """Speed up again, to 25 calls a second at the fastest."""
        self._rate = min(_MOST_A_SECOND, self._rate + _REGAINED_BY_AN_ANSWER)
