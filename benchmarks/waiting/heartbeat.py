"""How long an event loop did nothing for anybody else."""

import asyncio
import time

_BEAT_SECONDS = 0.005


class Heartbeat:
    """A coroutine that wants to run every 5 ms, and the longest that it was kept from it."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    async def beat(self) -> None:
        """Go on until cancelled."""
        while True:
            slept = time.perf_counter()
            await asyncio.sleep(_BEAT_SECONDS)
            block = time.perf_counter() - slept - _BEAT_SECONDS
            self.longest_seconds = max(self.longest_seconds, block)

    def reset(self) -> None:
        """Forget what was."""
        self.longest_seconds = 0.0
