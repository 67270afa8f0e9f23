"""A person, or the clock, ends the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.crashes.case import Case


def test_marked_failed_while_running(case: Case) -> None:
    """Marked failed while it waits in a worker, the task stops its tuning job."""
    run = case.start("in_worker")
    run.await_wait()
    run.mark_failed()
    case.holds(state="failed", completed=0)


def test_marked_failed_while_deferred(case: Case) -> None:
    """Marked failed while it is deferred, the task stops its tuning job."""
    run = case.start("deferred")
    run.await_wait()
    run.mark_failed()
    case.holds(state="failed", completed=0)


def test_execution_timeout(case: Case) -> None:
    """At the end of its `execution_timeout`, in a worker or deferred, it stops its tuning job."""
    runs = [case.start("in_worker_for_seconds"), case.start("deferred_for_seconds")]
    for run in runs:
        run.await_launch()
    case.holds(state="failed", completed=0)


def test_dagrun_timeout(case: Case) -> None:
    """At the end of the DAG's `dagrun_timeout`, a deferred task stops its tuning job."""
    run = case.start("deferred_in_short_run")
    run.await_wait()
    case.holds(state="failed", completed=0)
