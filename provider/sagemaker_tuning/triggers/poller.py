"""The one loop that looks at tuning jobs, for all waits of an event loop and a connection.

A List tells of a hundred tuning jobs what changes while they run, so a fleet costs a call or a few
per interval, however many wait. It is a hint: whatever ends a wait is asked of Describe.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from contextlib import suppress
from contextvars import Context
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.triggers.calls import AT_ONCE, may_pass
from sagemaker_tuning.triggers.listing import Listing
from sagemaker_tuning.triggers.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagemaker_tuning.triggers.calls import Calls
    from sagemaker_tuning.triggers.subscription import Subscription

MAX_ABSENT_SECONDS = 300.0
_MAX_BACKOFF_SECONDS = 600.0
_MAX_DOUBLINGS = 10
_REJECTIONS_BELIEVED = 3
_SLACK = 0.2
"""What is due within this part of its interval is looked at too."""
_AS_OFTEN = 2
"""Jobs are looked at together if their intervals differ by this factor at most."""
_LEAST_BUDGET = 4
_JOBS_PER_DESCRIBE = 20


def describe_budget(jobs: int) -> int:
    """Give how many Describes an interval has for what can wait, such as the best so far."""
    return max(_LEAST_BUDGET, ceil(jobs / _JOBS_PER_DESCRIBE))


def delay_seconds(interval: float, setbacks: int) -> float:
    """Give seconds until the next look; longer, up to ten minutes, after setbacks."""
    doubled = interval * 2.0 ** min(setbacks, _MAX_DOUBLINGS)
    return min(doubled, max(interval, _MAX_BACKOFF_SECONDS))


class Poller:
    """Looks at the jobs of all its subscriptions, in rounds.

    Args:
        calls: Makes the calls.
        max_absent_seconds: How long a job may not be found: one that was created a moment ago
            may not be seen yet.
    """

    def __init__(self, calls: Calls, max_absent_seconds: float) -> None:
        self._calls = calls
        self._max_absent_seconds = max_absent_seconds
        self._watches: dict[str, Watch] = {}
        self._task: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()
        self._listing = Listing(calls)
        self._is_looking = False
        self._setbacks = 0
        self._rejections = 0

    def join(self, subscription: Subscription) -> None:
        """Look at its job too: with the next round, or at once if there is no other."""
        job = subscription.job
        now = asyncio.get_running_loop().time()
        next_round = self._next_round(now)
        watch = self._watches.setdefault(job.name.lower(), Watch(job.name))
        watch.subscriptions.add(subscription)
        watch.due_at = min(next_round, watch.due_at, now + watch.interval)
        if self._task is None or self._task.done():
            # In no task's context: what it logs belongs to none of those that subscribe.
            self._task = asyncio.create_task(self._run(), context=Context())
        self._joined.set()

    def leave(self, subscription: Subscription) -> None:
        """Look at its job no longer, if nobody else waits on it."""
        watch = self._watches.get(subscription.job.name.lower())
        if watch is None:
            return  # it has failed
        watch.subscriptions.discard(subscription)
        if not watch.subscriptions:
            self._forget(watch)

    def close(self) -> None:
        """Look at nothing any more."""
        if self._task is not None:
            self._task.cancel()

    def _next_round(self, now: float) -> float:
        if self._is_looking and self._watches:
            return float("inf")  # what the round under way is for is still due
        return min((each.due_at for each in self._watches.values()), default=now)

    async def _run(self) -> None:
        try:
            while True:
                await self._until_due()
                await self._round()
        except Exception as error:  # noqa: BLE001 -- each wait raises it
            self._fail_all(error)

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_at = min((each.due_at for each in self._watches.values()), default=None)
            if due_at is not None and due_at <= loop.time():
                return
            self._joined.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_at):
                    await self._joined.wait()

    async def _round(self) -> None:
        start = asyncio.get_running_loop().time()
        watches = list(self._watches.values())
        due = [each for each in watches if each.due_at <= start + _SLACK * each.interval]
        setback = None
        self._is_looking = True
        try:
            looked = await self._look(watches, due)
            self._setbacks = self._rejections = 0
        except AwsCallFailed as error:
            looked, setback = watches, error
            self._setbacks += 1
            # Rotated keys are refused until they are looked up anew.
            self._rejections += error.is_credential and not error.is_transient
            if self._rejections >= _REJECTIONS_BELIEVED:
                self._rejections = 0
                self._fail_all(error)
                return
        finally:
            self._is_looking = False
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 -- no secret
        for watch in looked:
            if not watch.subscriptions:
                continue  # all have left meanwhile
            delay = delay_seconds(watch.interval, self._setbacks) * jitter
            watch.due_at = start + delay
            if setback is not None:
                watch.warn(f"{setback}; looking again in {delay:.0f} s")

    async def _look(self, watches: Sequence[Watch], due: Sequence[Watch]) -> Sequence[Watch]:
        """Look by as few calls as that takes; give those that it need not be looked at again."""
        shortest = min(each.interval for each in due)
        as_often = [each for each in watches if each.interval <= _AS_OFTEN * shortest]
        in_turn = sorted(due, key=attrgetter("looked_at"))
        if self._listing.is_dearer_than(len({*due, *as_often})):
            await self._describe(in_turn)
            return due
        listed = await self._listing.summaries(watches)
        if listed is None:
            await self._describe(in_turn[: describe_budget(len(watches))])
            return due
        await self._describe(self._take(watches, listed), is_answered=True)
        return watches

    def _take(
        self, watches: Sequence[Watch], listed: Mapping[str, Mapping[str, Any]]
    ) -> list[Watch]:
        """Give news to the waits; give what has to be described, in that order."""
        now = asyncio.get_running_loop().time()
        taken: list[Watch] = []
        undecided: list[Watch] = []
        for watch in watches:
            summary = listed.get(watch.name.lower())
            is_taken = summary is not None and _is_taken(watch, summary, now)
            (taken if is_taken else undecided).append(watch)
        undecided.sort(key=attrgetter("looked_at"))
        unsure = [each for each in taken if each.unsure_since is not None]
        unsure.sort(key=attrgetter("unsure_since"))
        del unsure[describe_budget(len(watches)) :]
        for watch in set(taken).difference(unsure):
            watch.publish()
        return undecided + unsure

    async def _describe(self, watches: Iterable[Watch], *, is_answered: bool = False) -> None:
        """Describe a few at a time.

        Failures that do not concern one job alone are raised, and leave the rest: so many of them,
        or any where AWS has answered nothing else.
        """
        left = deque(watches)
        failed: list[tuple[Watch, AwsCallFailed]] = []

        async def describe() -> None:
            nonlocal is_answered
            while left and len(failed) < AT_ONCE:
                watch = left.popleft()
                try:
                    await self._describe_one(watch)
                    is_answered = True
                except AwsCallFailed as error:
                    failed.append((watch, error))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(left))):
                group.create_task(describe())
        if failed and (len(failed) >= AT_ONCE or not is_answered):
            raise failed[0][1]
        for watch, error in failed:
            watch.warn(f"{error}; looking again with the others")
            watch.publish()

    async def _describe_one(self, watch: Watch) -> None:
        if not watch.subscriptions:
            return  # all have left meanwhile
        now = watch.looked_at = asyncio.get_running_loop().time()
        try:
            description = await self._calls.make(lambda hook: hook.describe_tuning_job(watch.name))
            watch.take_description(Snapshot.from_description(description), now)
        except TuningJobNotFound as error:
            if watch.absent_seconds(now) >= self._max_absent_seconds:
                self._fail(watch, error)
        except Exception as error:
            if may_pass(error):
                raise
            self._fail(watch, error)  # this one's wait alone

    def _fail_all(self, error: Exception) -> None:
        for watch in list(self._watches.values()):
            self._fail(watch, error)

    def _fail(self, watch: Watch, error: Exception) -> None:
        self._forget(watch)
        watch.fail(error)

    def _forget(self, watch: Watch) -> None:
        key = watch.name.lower()
        if self._watches.get(key) is watch:
            del self._watches[key]


def _is_taken(watch: Watch, summary: Mapping[str, Any], now: float) -> bool:
    try:
        return watch.take_summary(summary, now)
    except Exception:  # noqa: BLE001 -- a Describe decides, and ends this wait alone if it must
        return False
