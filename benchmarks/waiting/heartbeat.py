"""How long an event loop did nothing for anybody else."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

_BEAT_SECONDS = 0.005


class Heartbeat:
    """A coroutine that wants to run every 5 ms, and the longest that it was kept from it."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Measure what is within, from its first turn of the loop to its last."""
        beats = asyncio.create_task(self._beat())
        await asyncio.sleep(2 * _BEAT_SECONDS)
        yield
        # For a block that has not ended yet.
        await asyncio.sleep(2 * _BEAT_SECONDS)
        beats.cancel()

    async def _beat(self) -> None:
        while True:
            slept = time.perf_counter()
            await asyncio.sleep(_BEAT_SECONDS)
            block = time.perf_counter() - slept - _BEAT_SECONDS
            self.longest_seconds = max(self.longest_seconds, block)
