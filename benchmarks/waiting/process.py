"""The process that waits: all triggers of one side in one event loop, as in a triggerer.

Reads a `Plan` from standard input once it has said that it is ready, and writes a line for each
thing that has come to pass. What Airflow logs goes to standard error.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from typing import TYPE_CHECKING, TextIO

import greenback

from benchmarks.memory import kilobytes
from benchmarks.waiting import sides
from benchmarks.waiting.first_looks import FirstLooks
from benchmarks.waiting.heartbeat import Heartbeat
from benchmarks.waiting.messages import Ended, Plan, Quiet, Started

if TYPE_CHECKING:
    from benchmarks.waiting.messages import Message
    from benchmarks.waiting.sides import Side

READY = "ready"


def main() -> None:
    """Wait, on the side that the first argument names."""
    with os.fdopen(os.dup(1), "w", buffering=1) as told:
        os.dup2(2, 1)
        side = sides.load(sys.argv[1])
        print(READY, file=told)
        plan = Plan.read(sys.stdin.readline())
        os.environ["AWS_ENDPOINT_URL"] = plan.endpoint_url
        asyncio.run(Waits(side, plan, told).run())


class Waits:
    """All waits of a plan.

    Args:
        side: Whose triggers.
        plan: For what.
        told: Where it is told what has come to pass.
    """

    def __init__(self, side: Side, plan: Plan, told: TextIO) -> None:
        self._side = side
        self._plan = plan
        self._told = told
        self._fired: dict[str, float] = {}
        self._wrong: dict[str, str] = {}

    async def run(self) -> None:
        """Start them, watch them, see them end."""
        self._looks = FirstLooks(len(self._plan.arns), self._side.is_look)
        waits = await self._start()
        await self._watch()
        heartbeat = Heartbeat()
        async with heartbeat.beating():
            ending = [waits[name] for name in self._plan.ending]
            await asyncio.wait(ending, timeout=self._plan.most_seconds)
        self._tell(Ended(self._fired, self._wrong, heartbeat.longest_seconds))
        for each in waits.values():
            each.cancel()

    async def _start(self) -> dict[str, asyncio.Task[None]]:
        gc.collect()
        before = kilobytes("Pss")
        heartbeat = Heartbeat()
        async with heartbeat.beating():
            started, cpu = time.perf_counter(), time.process_time()
            waits = {
                name: asyncio.create_task(self._wait(name, arn))
                for name, arn in self._plan.arns.items()
            }
            await self._looks.all_made(self._plan.most_seconds)
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        gc.collect()
        grown = kilobytes("Pss") - before
        self._tell(Started(seconds, cpu, heartbeat.longest_seconds, grown, time.time()))
        return waits

    async def _watch(self) -> None:
        # Without a heartbeat, which would cost more than the waits.
        started, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(self._plan.quiet_seconds)
        self._tell(Quiet(time.perf_counter() - started, time.process_time() - cpu))

    async def _wait(self, name: str, arn: str) -> None:
        # As the triggerer does for each trigger.
        await greenback.ensure_portal()
        self._looks.enter(name)
        trigger = self._side.trigger(name, arn, self._plan.interval_seconds)
        try:
            async for event in trigger.run():
                self._fired[name] = time.time()
                if not self._side.is_completed(event.payload):
                    self._wrong[name] = str(event.payload)
        except Exception as error:  # noqa: BLE001 -- a triggerer survives it, its task does not
            self._wrong[name] = repr(error)
        self._looks.made(name)

    def _tell(self, message: Message) -> None:
        print(message.line(), file=self._told)


if __name__ == "__main__":
    main()
