"""A worker that is lost, at every step of a launch."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.integration.crashes.airflow_bugs import NO_RETRY
from tests.integration.crashes.deployment import kill
from tests.integration.waiting import until

if TYPE_CHECKING:
    from tests.integration.crashes.case import Case

CREATE = "CreateHyperParameterTuningJob"


def test_before_create(case: Case) -> None:
    """A worker lost before its Create was carried out leaves the launch to the retry."""
    refusal = {"kind": "error", "operation": CREATE, "status": 503, "times": None}
    with case.deployment.faults(refusal) as used:
        run = case.start("deferred")
        process = run.process()
        until(lambda: used()[0], "Create is refused")
        run.kill_worker(process)
        assert not run.tuning_jobs()
    run.let_training_end()
    case.holds()


def test_while_create_is_under_way(case: Case) -> None:
    """A Create that is carried out when the retry has launched already changes nothing."""
    late = {"kind": "latency", "operation": CREATE, "seconds": 15}
    with case.deployment.faults(late) as used:
        run = case.start("deferred")
        process = run.process()
        until(lambda: used()[0], "Create is under way")
        run.kill_worker(process)
        run.await_wait(attempt=2)
    run.let_training_end()
    case.holds()


def test_after_create(case: Case) -> None:
    """A worker lost between Create and its answer has launched what the retry waits for."""
    late = {"kind": "latency", "operation": CREATE, "seconds": 3}
    with case.deployment.faults(late) as used:
        run = case.start("deferred")
        process = run.process()
        until(lambda: used()[0], "Create is under way")
        # From here on it cannot read the answer.
        process.send_signal(signal.SIGSTOP)
        run.await_launch()
        run.kill_worker(process)
    run.await_wait(attempt=2)
    run.let_training_end()
    case.holds()


def test_while_waiting(case: Case) -> None:
    """A worker lost while it waits leaves the tuning job to the retry."""
    run = case.start("in_worker")
    run.await_wait()
    run.kill_worker(run.process())
    run.await_wait(attempt=2)
    run.let_training_end()
    case.holds()


@NO_RETRY
def test_the_task_alone_while_waiting(case: Case) -> None:
    """A task that the kernel killed for its memory leaves the tuning job to the retry."""
    run = case.start("in_worker")
    run.await_wait()
    kill(run.process())
    run.await_wait(attempt=2)
    run.let_training_end()
    case.holds()
