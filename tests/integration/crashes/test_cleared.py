"""A person clears the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.crashes.airflow_bugs import NO_RESTART
from tests.integration.waiting import until

if TYPE_CHECKING:
    from tests.integration.crashes.case import Case


@NO_RESTART
def test_while_running(case: Case) -> None:
    """Cleared while it waits in a worker, the task stops its tuning job and launches another."""
    run = case.start("in_worker")
    run.await_wait()
    run.clear()
    run.await_launch(2)
    run.let_training_end()
    case.holds()


def test_while_deferred(case: Case) -> None:
    """Cleared while it is deferred, the task stops its tuning job and launches another."""
    run = case.start("deferred")
    run.await_wait()
    run.clear()
    run.await_launch(2)
    run.let_training_end()
    case.holds()


def test_when_finished(case: Case) -> None:
    """Cleared when it has succeeded, the task launches again: one tuning job for each time."""
    run = case.start("deferred")
    run.let_training_end()
    assert run.await_end() == "success"
    run.clear()
    until(lambda: run.task()["try_number"] == 2, "the task runs again")
    case.holds(completed=2)
