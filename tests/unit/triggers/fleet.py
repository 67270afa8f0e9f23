"""A service of many tuning jobs that a test moves, and waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

PAGE = 100
START = datetime(2026, 1, 1, tzinfo=UTC)
THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
DENIED = AwsCallFailed("not authorized to List", code="AccessDeniedException")


@dataclass
class Job:
    """A tuning job of the fake service."""

    name: str
    number: int
    status: str = "InProgress"
    completed: int = 0
    account: int = 1
    is_listed: bool | None = None
    """Whether a List has it, whatever its status; by its status if None."""
    listed_completed: int | None = None
    """What a List says that lags behind."""
    listed_status: str = "InProgress"

    def summary(self) -> dict[str, Any]:
        completed = self.completed if self.listed_completed is None else self.listed_completed
        return {**self._both(completed), "HyperParameterTuningJobStatus": self.listed_status}

    def description(self) -> dict[str, Any]:
        best = {
            "TrainingJobName": f"{self.name}-{self.completed}",
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "auc", "Value": 0.5},
        }
        whole = {**self._both(self.completed), "HyperParameterTuningJobConfig": {}}
        return whole | ({"BestTrainingJob": best} if self.completed else {})

    def _both(self, completed: int) -> dict[str, Any]:
        return {
            "HyperParameterTuningJobName": self.name,
            "HyperParameterTuningJobArn": f"arn:aws:sagemaker:us-east-1:{self.account}:"
            f"hyper-parameter-tuning-job/{self.name.lower()}",
            "HyperParameterTuningJobStatus": self.status,
            "TrainingJobStatusCounters": {"Completed": completed, "InProgress": 1},
            "ObjectiveStatusCounters": {"Succeeded": completed},
            "CreationTime": START + timedelta(seconds=self.number),
            "LastModifiedTime": START + timedelta(seconds=completed),
        }


@dataclass
class FakeService:
    """A hook over jobs that the test moves; counts the calls."""

    jobs: list[Job]
    calls: Counter[str] = field(default_factory=Counter)
    fails_at_page: int | None = None
    failure: Exception = THROTTLED
    is_list_denied: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> SageMakerTuningHook:
        return cast("SageMakerTuningHook", self)

    def tell_of_throttling(self, tell: Callable[[], None]) -> None:
        """Nobody throttles here."""

    def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
        with self.lock:
            self.calls["List"] += 1
        if self.is_list_denied:
            raise DENIED
        start = int(next_token or 0)
        if self.fails_at_page == start // PAGE:
            raise self.failure
        live = sorted(
            (
                job
                for job in self.jobs
                if (job.status == "InProgress" if job.is_listed is None else job.is_listed)
            ),
            key=lambda job: -job.number,
        )
        page = {
            "HyperParameterTuningJobSummaries": [
                job.summary() for job in live[start : start + PAGE]
            ]
        }
        is_last = start + PAGE >= len(live)
        return page if is_last else page | {"NextToken": str(start + PAGE)}

    def describe_tuning_job(self, name: str) -> dict[str, Any]:
        with self.lock:
            self.calls["Describe"] += 1
            self.calls[name] += 1
        for job in self.jobs:
            if job.name == name:
                return job.description()
        raise TuningJobNotFound(name)


class FakeLog:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, /, *args: Any) -> None:
        self.lines.append(event % args)

    warning = info


class Wait:
    """What one wait has seen."""

    def __init__(self, job: WatchedJob, *, is_decisive: Callable[[Snapshot], bool]) -> None:
        self.job = job
        self.is_decisive = is_decisive
        self.log = FakeLog()
        self.seen: list[Snapshot] = []

    async def run(self, watcher: Watcher) -> None:
        snapshots = watcher.subscribe(self.job, self.log, self.is_decisive)
        async with aclosing(snapshots):
            async for snapshot in snapshots:
                self.seen.append(snapshot)
                if snapshot.is_ended or self.is_decisive(snapshot):
                    return


def some_jobs(count: int, *, first: int = 0, prefix: str = "job") -> list[Job]:
    return [Job(f"{prefix}-{number}", number) for number in range(first, first + count)]


def waits_for(
    jobs: Iterable[Job],
    interval: float = 0.05,
    is_decisive: Callable[[Snapshot], bool] = lambda _: False,
) -> list[Wait]:
    return [Wait(WatchedJob(job.name, interval), is_decisive=is_decisive) for job in jobs]


def play(
    service: FakeService,
    waits: Sequence[Wait],
    scenario: Callable[[], Awaitable[None]],
    max_absent_seconds: float = 60,
) -> list[BaseException | None]:
    """Play the scenario beside the waits; give how each of them ended."""

    async def run() -> list[BaseException | None]:
        watcher = Watcher(service, max_absent_seconds)
        tasks = [asyncio.create_task(wait.run(watcher)) for wait in waits]
        try:
            await scenario()
            for job in service.jobs:
                job.status, job.is_listed = "Completed", None
            return await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            watcher.close()

    return asyncio.run(asyncio.wait_for(run(), timeout=300))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 -- what is waited for is told by nobody
        await asyncio.sleep(0.001)


def rounds(wait: Wait, count: int) -> Callable[[], Awaitable[None]]:
    return lambda: until(lambda: len(wait.seen) >= count)
