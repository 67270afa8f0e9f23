"""What one job or one wait does, the others do not pay for."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Watcher
from tests.unit.triggers.fleet import FakeService, Wait, play, rounds, some_jobs, until, waits_for

if TYPE_CHECKING:
    import pytest

_FAULT = AwsCallFailed("InternalFailure", code="InternalFailure", is_transient=True)
_BAD_TOKEN = AwsCallFailed("the token has expired", code="ValidationException")


def test_an_impatient_wait_has_the_others_listed() -> None:
    """When the others' time comes together with its own, they are not described one by one."""
    service = FakeService(some_jobs(50))
    waits = [*waits_for(service.jobs[:49], 0.5), *waits_for(service.jobs[49:], 0.02)]

    async def three_rounds_of_the_others() -> None:
        await until(lambda: len(waits[0].seen) >= 3 and len(waits[49].seen) >= 20)
        assert service.calls["job-49"] > 0
        assert service.calls["Describe"] == service.calls["job-49"]

    play(service, waits, three_rounds_of_the_others)


def test_who_comes_during_a_round_is_looked_at_in_the_next_one() -> None:
    """Tasks that start one after another do not have a fleet listed without pause."""

    @dataclass
    class Slow(FakeService):
        go_on: threading.Event = field(default_factory=threading.Event)

        def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
            page = super().live_tuning_jobs(next_token)
            self.go_on.wait()
            return page

    service = Slow(some_jobs(4))
    waits = waits_for(service.jobs, 3.0)
    is_later = asyncio.Event()

    async def come_during_a_round() -> None:
        watcher = Watcher(service)
        tasks = [asyncio.create_task(wait.run(watcher)) for wait in waits[:3]]
        await until(lambda: service.calls["List"] == 1)
        tasks.append(asyncio.create_task(waits[3].run(watcher)))
        asyncio.get_running_loop().call_later(0.5, is_later.set)
        await asyncio.sleep(0)
        service.go_on.set()
        await until(lambda: bool(waits[3].seen))
        assert is_later.is_set()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        watcher.close()

    asyncio.run(asyncio.wait_for(come_during_a_round(), timeout=300))


def test_an_end_that_a_list_tells_is_asked_of_describe() -> None:
    """Whatever status a List gives, it ends no wait."""
    service = FakeService(some_jobs(3))
    service.jobs[0].is_listed, service.jobs[0].listed_status = True, "Completed"
    waits = waits_for(service.jobs)
    play(service, waits, rounds(waits[0], 3))
    assert [seen.status for seen in waits[0].seen[:3]] == ["InProgress"] * 3
    assert waits[0].seen[-1].is_described


def test_a_summary_that_cannot_be_read_is_replaced_by_a_description() -> None:
    """It ends neither its own wait nor the others'."""

    class Odd(FakeService):
        def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
            page = super().live_tuning_jobs(next_token)
            for summary in page["HyperParameterTuningJobSummaries"]:
                if summary["HyperParameterTuningJobName"] == "job-0":
                    del summary["ObjectiveStatusCounters"]
            return page

    service = Odd(some_jobs(3))
    waits = waits_for(service.jobs)
    assert play(service, waits, rounds(waits[0], 3)) == [None] * 3
    assert all(seen.is_described for seen in waits[0].seen)


def test_a_job_that_aws_cannot_describe_slows_no_other() -> None:
    """Its own wait goes on and says why; those behind it are described, and looked at as often."""

    class Faulty(FakeService):
        def describe_tuning_job(self, name: str) -> dict[str, Any]:
            if name == "job-0" and self.jobs[0].status == "InProgress":
                raise _FAULT
            return super().describe_tuning_job(name)

    service = Faulty(some_jobs(4))
    service.jobs[0].is_listed = False
    waits = waits_for(service.jobs)

    async def end_another() -> None:
        await rounds(waits[2], 15)()
        service.jobs[1].status = "Failed"
        await until(lambda: waits[1].seen[-1].status == "Failed")

    assert play(service, waits, end_another) == [None] * 4
    assert waits[0].log.lines[0] == "InternalFailure; looking again with the others"
    assert all(wait.log.lines == [] for wait in waits[1:])


def test_a_token_that_expires_does_not_end_listing() -> None:
    """A page that AWS refuses is no denial: the next round lists again."""
    service = FakeService(some_jobs(101), fails_at_page=1, failure=_BAD_TOKEN)
    waits = waits_for(service.jobs)

    async def refuse_and_recover() -> None:
        await until(lambda: service.calls["List"] >= 4)
        service.fails_at_page = None
        await until(lambda: all(wait.seen for wait in waits))

    assert play(service, waits, refuse_and_recover) == [None] * 101
    assert all(len(wait.log.lines) == 1 for wait in waits)


def test_a_denied_list_is_tried_again_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that may list by now is made use of; who came meanwhile was told why news are late."""
    service = FakeService(some_jobs(41), is_list_denied=True)
    waits = waits_for(service.jobs)
    newcomer = Wait(WatchedJob("job-40", 0.05), is_decisive=lambda _: False)

    async def allow() -> None:
        watcher = Watcher(service)
        tasks = [asyncio.create_task(wait.run(watcher)) for wait in waits[:40]]
        await until(lambda: all(wait.seen for wait in waits[:40]))
        tasks.append(asyncio.create_task(newcomer.run(watcher)))
        await until(lambda: bool(newcomer.log.lines))
        service.is_list_denied = False
        assert service.calls["List"] == 1
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda now=loop.time: now() + 600)
        count = len(newcomer.seen)
        await until(lambda: len(newcomer.seen) >= count + 3)
        assert service.calls["List"] > 1
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        watcher.close()

    asyncio.run(asyncio.wait_for(allow(), timeout=660))
    assert len(newcomer.log.lines) == 1
