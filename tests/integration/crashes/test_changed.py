"""What is asked for is not what was asked for before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.crashes.case import Case
    from tests.integration.crashes.deployment import Deployment


@pytest.fixture
def edited(deployment: Deployment) -> Iterator[None]:
    """Let the request be what it was when the test has ended."""
    deployment.call("POST", "/variables", {"key": "note", "value": "first"})
    yield
    deployment.call("DELETE", "/variables/note")


@pytest.mark.usefixtures("edited")
def test_changed_request(case: Case) -> None:
    """A retry with another request stops the first's tuning job, and launches what is wanted."""
    run = case.start("in_worker")
    run.await_wait()
    case.deployment.call("PATCH", "/variables/note", {"key": "note", "value": "second"})
    run.kill_worker(run.process())
    run.await_launch(2)
    run.let_training_end()
    case.holds()
    last = list(run.tuning_jobs().values())[-1]
    assert last["TrainingJobDefinition"]["StaticHyperParameters"]["note"] == "second"


def test_dag_run_deleted_when_finished(case: Case) -> None:
    """A DAG run that is deleted and created again under its id launches anew."""
    run = case.start("deferred")
    run.let_training_end()
    assert run.await_end() == "success"
    run.delete()
    run = case.start("deferred", run_id=run.run_id)
    run.let_training_end()
    case.holds(completed=2)


def test_dag_run_deleted_while_deferred(case: Case) -> None:
    """A DAG run that is failed, deleted and created again under its id launches anew."""
    run = case.start("deferred")
    run.await_wait()
    run.mark_failed()
    run.await_end()
    until(lambda: not run.live(), "its tuning job is stopped")
    run.delete()
    run = case.start("deferred", run_id=run.run_id)
    run.await_launch(2)
    run.let_training_end()
    case.holds()
