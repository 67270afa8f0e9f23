"""Many waits cost few calls, and none of them believes a List that says more than it may."""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict, TuningJobNotFound
from sagemaker_tuning.triggers.poller import describe_budget
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Watcher
from tests.unit.triggers.fleet import (
    PAGE,
    FakeService,
    Wait,
    play,
    rounds,
    some_jobs,
    until,
    waits_for,
)

if TYPE_CHECKING:
    from collections import Counter


def test_a_fleet_is_listed_a_hundred_at_a_time() -> None:
    """Rounds in which nothing ends cost a List per hundred jobs in progress, and no Describe."""
    service = FakeService(some_jobs(120))
    waits = waits_for(service.jobs)
    lists: list[int] = []

    async def five_rounds() -> None:
        await until(lambda: all(len(wait.seen) >= 5 for wait in waits))
        lists.append(service.calls["List"])
        assert service.calls["Describe"] == 0

    play(service, waits, five_rounds)
    most = max(len(wait.seen) for wait in waits)
    assert lists[0] <= ceil(120 / PAGE) * most
    assert service.calls["Describe"] == 120  # each once, when all have ended
    assert all(wait.seen[-1].status == "Completed" for wait in waits)


def test_one_job_is_described_and_two_are_listed() -> None:
    """Whichever takes fewer calls."""
    single, pair = FakeService(some_jobs(1)), FakeService(some_jobs(2))
    for service in (single, pair):
        waits = waits_for(service.jobs)
        play(service, waits, rounds(waits[0], 5))
    assert single.calls["List"] == 0
    assert pair.calls["Describe"] == 2


def test_foreign_jobs_are_not_paged_through_for_a_few_of_ours() -> None:
    """Ours are found on the pages of their time; where that is many pages, each is described."""
    foreign = some_jobs(3000, prefix="foreign")
    old, new = some_jobs(3, first=-3, prefix="old"), some_jobs(3, first=5000, prefix="new")
    for ours, most_lists in ((new, 1), (old, 10)):
        service = FakeService(foreign + ours)
        waits = waits_for(ours)
        calls: list[Counter[str]] = []

        async def ten_rounds(
            waits: list[Wait] = waits,
            service: FakeService = service,
            calls: list[Counter[str]] = calls,
        ) -> None:
            await until(lambda: len(waits[0].seen) >= 10)
            calls.append(service.calls.copy())

        play(service, waits, ten_rounds)
        assert calls[0]["List"] <= most_lists * len(waits[0].seen)
        assert calls[0]["List"] + calls[0]["Describe"] <= 31 + 3 * len(waits[0].seen)
        for job in foreign:
            job.status = "InProgress"


def test_a_list_ends_no_wait() -> None:
    """A job that a List has lost is described, and waited for while it is in progress."""
    service = FakeService(some_jobs(3))
    lost = service.jobs[0]
    lost.is_listed = False
    waits = waits_for(service.jobs)
    play(service, waits, rounds(waits[0], 3))
    assert [snapshot.status for snapshot in waits[0].seen[:3]] == ["InProgress"] * 3
    assert service.calls[lost.name] >= 3


def test_what_the_list_still_has_is_in_progress_until_described() -> None:
    """A job that has ended is noticed once it has left the list, and by Describe."""
    service = FakeService(some_jobs(3))
    waits = waits_for(service.jobs)

    async def end_late() -> None:
        await until(lambda: bool(waits[0].seen))
        service.jobs[0].status, service.jobs[0].is_listed = "Failed", True
        count = len(waits[0].seen)
        await until(lambda: len(waits[0].seen) >= count + 2)
        assert waits[0].seen[-1].status == "InProgress"
        service.jobs[0].is_listed = None

    play(service, waits, end_late)
    assert waits[0].seen[-1].status in {"Failed", "Completed"}
    assert waits[0].seen[-1].is_described


def test_what_decides_is_asked_of_describe() -> None:
    """Counters that a List says are reached are described before anything hangs on them."""
    service = FakeService(some_jobs(3))
    waits = waits_for(service.jobs, is_decisive=lambda seen: seen.counters.completed >= 2)

    async def complete_two() -> None:
        await until(lambda: bool(waits[0].seen))
        service.jobs[0].completed = 2
        await until(lambda: waits[0].seen[-1].counters.completed == 2)

    play(service, waits, complete_two)
    deciding = next(seen for seen in waits[0].seen if seen.counters.completed == 2)
    assert deciding.is_described
    assert deciding.best is not None


def test_a_list_that_lags_behind_takes_nothing_back() -> None:
    """Counters of before the last Describe are not shown again."""
    service = FakeService(some_jobs(3))
    waits = waits_for(service.jobs)

    async def lag() -> None:
        await until(lambda: bool(waits[0].seen))
        service.jobs[0].completed = 5
        await until(lambda: waits[0].seen[-1].best is not None)
        service.jobs[0].listed_completed = 3
        count = len(waits[0].seen)
        await until(lambda: len(waits[0].seen) >= count + 3)

    play(service, waits, lag)
    completed = [snapshot.counters.completed for snapshot in waits[0].seen]
    assert completed == sorted(completed)


def test_the_best_so_far_has_a_budget_and_an_age() -> None:
    """Of many that move a twentieth is described a round; the others say how old theirs is."""
    service = FakeService(some_jobs(100))
    waits = waits_for(service.jobs, interval=0.2)
    described: list[int] = []

    async def move_all_twice() -> None:
        for completed in (1, 2):
            await until(lambda: all(wait.seen for wait in waits))
            before = service.calls["Describe"]
            for job in service.jobs:
                job.completed = completed
            await rounds(waits[0], len(waits[0].seen) + 3)()
            described.append(service.calls["Describe"] - before)
        await until(lambda: any(wait.seen[-1].best_as_of for wait in waits))

    play(service, waits, move_all_twice)
    assert all(budget <= 5 * describe_budget(100) for budget in described)
    assert sum(described) >= 3 * describe_budget(100)


def test_a_page_that_fails_discards_the_list() -> None:
    """Nobody takes for ended what stood on a page that was not read."""
    service = FakeService(some_jobs(101), fails_at_page=1)
    waits = waits_for(service.jobs)

    async def fail_and_recover() -> None:
        await until(lambda: bool(waits[0].log.lines))
        assert service.calls["Describe"] == 0
        service.fails_at_page = None
        await until(lambda: all(wait.seen for wait in waits))

    play(service, waits, fail_and_recover)
    assert all("Rate exceeded; looking again in" in wait.log.lines[0] for wait in waits)


def test_where_listing_is_denied_jobs_are_described_in_turn() -> None:
    """Within the same budget, each now and then; each log says once why its news are late."""
    service = FakeService(some_jobs(40), is_list_denied=True)
    waits = waits_for(service.jobs)
    play(service, waits, lambda: until(lambda: all(wait.seen for wait in waits)))
    assert service.calls["List"] == 1
    for wait in waits:
        assert sum("not authorized to List; describing" in line for line in wait.log.lines) == 1


def test_a_denied_describe_ends_its_own_wait_alone() -> None:
    """A role that may see some jobs goes on seeing those."""
    service = FakeService(some_jobs(3))
    denied = AwsCallFailed("denied", code="AccessDeniedException")

    class Denying(FakeService):
        def describe_tuning_job(self, name: str) -> dict[str, Any]:
            if name == "job-0":
                raise denied
            return super().describe_tuning_job(name)

    denying = Denying(service.jobs)
    denying.jobs[0].is_listed = False
    waits = waits_for(denying.jobs)
    ended = play(denying, waits, rounds(waits[1], 2))
    assert [type(error) for error in ended] == [AwsCallFailed, type(None), type(None)]


def test_the_lists_own_arn_is_checked() -> None:
    """A job of the same name in another account is no news of this one."""
    service = FakeService(some_jobs(2))
    service.jobs[0].account = 2
    arn = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job-0"
    waits = [
        Wait(WatchedJob("job-0", 0.05, arn), is_decisive=lambda _: False),
        *waits_for(service.jobs[1:]),
    ]
    ended = play(service, waits, rounds(waits[1], 2))
    assert isinstance(ended[0], TuningJobConflict)
    assert waits[0].seen == []


def test_a_deleted_job_ends_its_wait_after_a_while() -> None:
    """Absence is lag at first; what stays absent is an error, of that wait alone."""
    service = FakeService(some_jobs(3))
    waits = waits_for(service.jobs)

    async def delete() -> None:
        await until(lambda: bool(waits[0].seen))
        del service.jobs[0]
        await until(lambda: service.calls["job-0"] >= 3)

    ended = play(service, waits, delete, max_absent_seconds=0.1)
    assert isinstance(ended[0], TuningJobNotFound)
    assert ended[1:] == [None, None]


def test_a_newcomer_is_seen_with_the_others() -> None:
    """It causes no look of its own, and an impatient one does not have the others listed."""
    service = FakeService(some_jobs(50))
    waits = waits_for(service.jobs[:49], interval=2.0)
    impatient = Wait(WatchedJob("job-49", 0.02), is_decisive=lambda _: False)

    async def join() -> None:
        watcher = Watcher(service)
        tasks = [asyncio.create_task(wait.run(watcher)) for wait in waits]
        await until(lambda: all(wait.seen for wait in waits))
        lists = service.calls["List"]
        tasks.append(asyncio.create_task(impatient.run(watcher)))
        await until(lambda: len(impatient.seen) >= 10)
        assert service.calls["List"] <= lists + 1
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        watcher.close()

    asyncio.run(asyncio.wait_for(join(), timeout=300))
    assert service.calls["job-49"] >= 10
    assert service.calls["Describe"] == service.calls["job-49"]


def test_a_defect_ends_the_waits_rather_than_leaving_them_hanging() -> None:
    """What nobody has thought of is raised in every wait."""
    service = FakeService(some_jobs(3))

    class Broken(FakeService):
        def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
            raise ZeroDivisionError(next_token)

    waits = waits_for(service.jobs)
    ended = play(Broken(service.jobs), waits, lambda: until(lambda: True))
    assert [type(error) for error in ended] == [ZeroDivisionError] * 3
