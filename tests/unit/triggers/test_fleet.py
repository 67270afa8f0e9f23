"""Many waits cost few calls, and none of them believes a List that says more than it may."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict, TuningJobNotFound
from sagemaker_tuning.triggers.pace import Pace
from sagemaker_tuning.triggers.poller import describe_budget
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_PAGE = 100
_START = datetime(2026, 1, 1, tzinfo=UTC)
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_DENIED = AwsCallFailed("not authorized to List", code="AccessDeniedException")


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

    def summary(self) -> dict[str, Any]:
        completed = self.completed if self.listed_completed is None else self.listed_completed
        return {**self._both(completed), "HyperParameterTuningJobStatus": "InProgress"}

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
            "CreationTime": _START + timedelta(seconds=self.number),
            "LastModifiedTime": _START + timedelta(seconds=completed),
        }


@dataclass
class FakeService:
    """A hook over jobs that the test moves; counts the calls."""

    jobs: list[Job]
    calls: Counter[str] = field(default_factory=Counter)
    lists_fail: list[Exception] = field(default_factory=list)
    fails_at_page: int | None = None
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
            raise _DENIED
        start = int(next_token or 0)
        if self.fails_at_page == start // _PAGE:
            raise _THROTTLED
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
                job.summary() for job in live[start : start + _PAGE]
            ]
        }
        is_last = start + _PAGE >= len(live)
        return page if is_last else page | {"NextToken": str(start + _PAGE)}

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


def _jobs(count: int, *, first: int = 0, prefix: str = "job") -> list[Job]:
    return [Job(f"{prefix}-{number}", number) for number in range(first, first + count)]


def _waits(
    jobs: Iterable[Job],
    interval: float = 0.05,
    is_decisive: Callable[[Snapshot], bool] = lambda _: False,
) -> list[Wait]:
    return [Wait(WatchedJob(job.name, interval), is_decisive=is_decisive) for job in jobs]


def _run(
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

    return asyncio.run(asyncio.wait_for(run(), timeout=60))


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 -- what is waited for is told by nobody
        await asyncio.sleep(0.001)


def _rounds(wait: Wait, count: int) -> Callable[[], Awaitable[None]]:
    return lambda: _until(lambda: len(wait.seen) >= count)


def test_a_fleet_is_listed_a_hundred_at_a_time() -> None:
    """Rounds in which nothing ends cost a List per hundred jobs in progress, and no Describe."""
    service = FakeService(_jobs(120))
    waits = _waits(service.jobs)
    lists: list[int] = []

    async def five_rounds() -> None:
        await _until(lambda: all(len(wait.seen) >= 5 for wait in waits))
        lists.append(service.calls["List"])
        assert service.calls["Describe"] == 0

    _run(service, waits, five_rounds)
    rounds = max(len(wait.seen) for wait in waits)
    assert lists[0] <= ceil(120 / _PAGE) * rounds
    assert service.calls["Describe"] == 120  # each once, when all have ended
    assert all(wait.seen[-1].status == "Completed" for wait in waits)


def test_one_job_is_described_and_two_are_listed() -> None:
    """Whichever takes fewer calls."""
    single, pair = FakeService(_jobs(1)), FakeService(_jobs(2))
    for service in (single, pair):
        waits = _waits(service.jobs)
        _run(service, waits, _rounds(waits[0], 5))
    assert single.calls["List"] == 0
    assert pair.calls["Describe"] == 2


def test_foreign_jobs_are_not_paged_through_for_a_few_of_ours() -> None:
    """Ours are found on the pages of their time; where that is many pages, each is described."""
    foreign = _jobs(3000, prefix="foreign")
    old, new = _jobs(3, first=-3, prefix="old"), _jobs(3, first=5000, prefix="new")
    for ours, most_lists in ((new, 1), (old, 10)):
        service = FakeService(foreign + ours)
        waits = _waits(ours)
        calls: list[Counter[str]] = []

        async def ten_rounds(
            waits: list[Wait] = waits,
            service: FakeService = service,
            calls: list[Counter[str]] = calls,
        ) -> None:
            await _until(lambda: len(waits[0].seen) >= 10)
            calls.append(service.calls.copy())

        _run(service, waits, ten_rounds)
        assert calls[0]["List"] <= most_lists * len(waits[0].seen)
        assert calls[0]["List"] + calls[0]["Describe"] <= 31 + 3 * len(waits[0].seen)
        for job in foreign:
            job.status = "InProgress"


def test_a_list_ends_no_wait() -> None:
    """A job that a List has lost is described, and waited for while it is in progress."""
    service = FakeService(_jobs(3))
    lost = service.jobs[0]
    lost.is_listed = False
    waits = _waits(service.jobs)
    _run(service, waits, _rounds(waits[0], 3))
    assert [snapshot.status for snapshot in waits[0].seen[:3]] == ["InProgress"] * 3
    assert service.calls[lost.name] >= 3


def test_what_the_list_still_has_is_in_progress_until_described() -> None:
    """A job that has ended is noticed once it has left the list, and by Describe."""
    service = FakeService(_jobs(3))
    waits = _waits(service.jobs)

    async def end_late() -> None:
        await _until(lambda: bool(waits[0].seen))
        service.jobs[0].status, service.jobs[0].is_listed = "Failed", True
        count = len(waits[0].seen)
        await _until(lambda: len(waits[0].seen) >= count + 2)
        assert waits[0].seen[-1].status == "InProgress"
        service.jobs[0].is_listed = None

    _run(service, waits, end_late)
    assert waits[0].seen[-1].status in {"Failed", "Completed"}
    assert waits[0].seen[-1].is_described


def test_what_decides_is_asked_of_describe() -> None:
    """Counters that a List says are reached are described before anything hangs on them."""
    service = FakeService(_jobs(3))
    waits = _waits(service.jobs, is_decisive=lambda seen: seen.counters.completed >= 2)

    async def complete_two() -> None:
        await _until(lambda: bool(waits[0].seen))
        service.jobs[0].completed = 2
        await _until(lambda: waits[0].seen[-1].counters.completed == 2)

    _run(service, waits, complete_two)
    deciding = next(seen for seen in waits[0].seen if seen.counters.completed == 2)
    assert deciding.is_described
    assert deciding.best is not None


def test_a_list_that_lags_behind_takes_nothing_back() -> None:
    """Counters of before the last Describe are not shown again."""
    service = FakeService(_jobs(3))
    waits = _waits(service.jobs)

    async def lag() -> None:
        await _until(lambda: bool(waits[0].seen))
        service.jobs[0].completed = 5
        await _until(lambda: waits[0].seen[-1].best is not None)
        service.jobs[0].listed_completed = 3
        count = len(waits[0].seen)
        await _until(lambda: len(waits[0].seen) >= count + 3)

    _run(service, waits, lag)
    completed = [snapshot.counters.completed for snapshot in waits[0].seen]
    assert completed == sorted(completed)


def test_the_best_so_far_has_a_budget_and_an_age() -> None:
    """Of many that move a twentieth is described a round; the others say how old theirs is."""
    service = FakeService(_jobs(100))
    waits = _waits(service.jobs, interval=0.2)
    described: list[int] = []

    async def move_all_twice() -> None:
        for completed in (1, 2):
            await _until(lambda: all(wait.seen for wait in waits))
            before = service.calls["Describe"]
            for job in service.jobs:
                job.completed = completed
            await _rounds(waits[0], len(waits[0].seen) + 3)()
            described.append(service.calls["Describe"] - before)
        await _until(lambda: any(wait.seen[-1].best_as_of for wait in waits))

    _run(service, waits, move_all_twice)
    assert all(budget <= 5 * describe_budget(100) for budget in described)
    assert sum(described) >= 3 * describe_budget(100)


def test_a_page_that_fails_discards_the_list() -> None:
    """Nobody takes for ended what stood on a page that was not read."""
    service = FakeService(_jobs(101), fails_at_page=1)
    waits = _waits(service.jobs)

    async def fail_and_recover() -> None:
        await _until(lambda: bool(waits[0].log.lines))
        assert service.calls["Describe"] == 0
        service.fails_at_page = None
        await _until(lambda: all(wait.seen for wait in waits))

    _run(service, waits, fail_and_recover)
    assert all("Rate exceeded; looking again in" in wait.log.lines[0] for wait in waits)


def test_where_listing_is_denied_jobs_are_described_in_turn() -> None:
    """Within the same budget, each now and then; each log says once why its news are late."""
    service = FakeService(_jobs(40), is_list_denied=True)
    waits = _waits(service.jobs)
    _run(service, waits, lambda: _until(lambda: all(wait.seen for wait in waits)))
    assert service.calls["List"] == 1
    for wait in waits:
        assert sum("not authorized to List; describing" in line for line in wait.log.lines) == 1


def test_a_denied_describe_ends_its_own_wait_alone() -> None:
    """A role that may see some jobs goes on seeing those."""
    service = FakeService(_jobs(3))
    denied = AwsCallFailed("denied", code="AccessDeniedException")

    class Denying(FakeService):
        def describe_tuning_job(self, name: str) -> dict[str, Any]:
            if name == "job-0":
                raise denied
            return super().describe_tuning_job(name)

    denying = Denying(service.jobs)
    denying.jobs[0].is_listed = False
    waits = _waits(denying.jobs)
    ended = _run(denying, waits, _rounds(waits[1], 2))
    assert [type(error) for error in ended] == [AwsCallFailed, type(None), type(None)]


def test_the_lists_own_arn_is_checked() -> None:
    """A job of the same name in another account is no news of this one."""
    service = FakeService(_jobs(2))
    service.jobs[0].account = 2
    arn = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job-0"
    waits = [
        Wait(WatchedJob("job-0", 0.05, arn), is_decisive=lambda _: False),
        *_waits(service.jobs[1:]),
    ]
    ended = _run(service, waits, _rounds(waits[1], 2))
    assert isinstance(ended[0], TuningJobConflict)
    assert waits[0].seen == []


def test_a_deleted_job_ends_its_wait_after_a_while() -> None:
    """Absence is lag at first; what stays absent is an error, of that wait alone."""
    service = FakeService(_jobs(3))
    waits = _waits(service.jobs)

    async def delete() -> None:
        await _until(lambda: bool(waits[0].seen))
        del service.jobs[0]
        await _until(lambda: service.calls["job-0"] >= 3)

    ended = _run(service, waits, delete, max_absent_seconds=0.1)
    assert isinstance(ended[0], TuningJobNotFound)
    assert ended[1:] == [None, None]


def test_a_newcomer_is_seen_with_the_others() -> None:
    """It causes no look of its own, and an impatient one does not have the others listed."""
    service = FakeService(_jobs(50))
    waits = _waits(service.jobs[:49], interval=2.0)
    impatient = Wait(WatchedJob("job-49", 0.02), is_decisive=lambda _: False)

    async def join() -> None:
        watcher = Watcher(service)
        tasks = [asyncio.create_task(wait.run(watcher)) for wait in waits]
        await _until(lambda: all(wait.seen for wait in waits))
        lists = service.calls["List"]
        tasks.append(asyncio.create_task(impatient.run(watcher)))
        await _until(lambda: len(impatient.seen) >= 10)
        assert service.calls["List"] <= lists + 1
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        watcher.close()

    asyncio.run(asyncio.wait_for(join(), timeout=60))
    assert service.calls["job-49"] >= 10
    assert service.calls["Describe"] == service.calls["job-49"]


def test_a_defect_ends_the_waits_rather_than_leaving_them_hanging() -> None:
    """What nobody has thought of is raised in every wait."""
    service = FakeService(_jobs(3))

    class Broken(FakeService):
        def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
            raise ZeroDivisionError(next_token)

    waits = _waits(service.jobs)
    ended = _run(Broken(service.jobs), waits, lambda: _until(lambda: True))
    assert [type(error) for error in ended] == [ZeroDivisionError] * 3


@pytest.mark.parametrize(("throttled", "seconds"), [(0, 0.04), (1, 0.08), (2, 0.16), (99, 2.0)])
def test_calls_are_spaced_out_further_when_aws_throttles(throttled: int, seconds: float) -> None:
    """25 a second at most, half of it after each throttling, one in two seconds at least."""
    pace = Pace()
    for _ in range(throttled):
        pace.throttled()
    turns = [pace.reserve(10.0) for _ in range(3)]
    assert turns == pytest.approx([10.0, 10.0 + seconds, 10.0 + 2 * seconds])
    assert pace.reserve(100.0) == 100.0


def test_answers_bring_the_pace_back() -> None:
    """One that is no longer throttled is at full speed after 25 answers."""
    pace, fresh = Pace(), Pace()
    for _ in range(99):
        pace.throttled()
    for _ in range(25):
        pace.answered()
    assert vars(pace) == vars(fresh)
