"""A component of Airflow is lost, stands still, or is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.crashes.case import Case


def test_triggerer_killed(case: Case) -> None:
    """A triggerer that is killed goes on waiting when it has been started again."""
    run = case.start("deferred")
    run.await_wait()
    first = run.triggerer()
    case.deployment.kill("triggerer")
    run.await_other_triggerer(than=first)
    run.let_training_end()
    case.holds()


def test_triggerer_restarted(case: Case) -> None:
    """A triggerer that is shut down and started again, as for an update, does not stop the job."""
    run = case.start("deferred")
    run.await_wait()
    first = run.triggerer()
    case.deployment.restart("triggerer")
    run.await_other_triggerer(than=first)
    run.let_training_end()
    case.holds()


def test_triggerer_stands_still(case: Case) -> None:
    """Another triggerer takes over; the first, when it goes on, does not stop the tuning job."""
    run = case.start("deferred")
    run.await_wait()
    first = run.triggerer()
    with case.deployment.second_triggerer():
        with case.deployment.stopped("triggerer"):
            run.await_other_triggerer(than=first)
        run.await_words("The task is still deferred", triggerer=first)
        run.let_training_end()
        case.holds()


def test_scheduler_restarted(case: Case) -> None:
    """A scheduler that is started again while the task is deferred goes on with it."""
    run = case.start("deferred")
    run.await_wait()
    case.deployment.restart("scheduler")
    run.let_training_end()
    case.holds()
