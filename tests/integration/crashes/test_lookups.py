"""The connection cannot be found for a moment, and AWS answers badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.crashes.secrets_backend.unsteady import FAILS
from tests.integration.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.crashes.case import Case
    from tests.integration.crashes.deployment import Deployment


@pytest.fixture
def failing(deployment: Deployment) -> Path:
    """Have the secrets backend out of reach until the file is gone."""
    file = deployment.stack.home / FAILS
    file.touch()
    return file


def test_at_the_launch(case: Case, failing: Path) -> None:
    """A connection that is not found at the launch launches nothing elsewhere; the retry does."""
    run = case.start("by_connection")
    run.await_words("aws_crashes")
    run.await_task("up_for_retry", "scheduled", "queued", "running", attempt=2)
    failing.unlink()
    run.let_training_end()
    case.holds()


def test_in_the_triggerer(case: Case, deployment: Deployment) -> None:
    """A connection that is not found in the triggerer is looked up again until it is."""
    run = case.start("by_connection")
    run.await_wait()
    failing = deployment.stack.home / FAILS
    failing.touch()
    deployment.kill("triggerer")
    run.await_words("no client for now")
    failing.unlink()
    run.let_training_end()
    case.holds()


# The chances, and seeds by which each kind strikes among the first calls.
NOISE = {
    "throttle": (0.1, 5),
    "error": (0.05, 3),
    "drop_before": (0.01, 21),
    "drop_after": (0.01, 32),
}


def test_a_bad_day_at_aws(case: Case) -> None:
    """A tenth of all calls throttled, 5 % failing, 2 % cut off: only the waits are longer."""
    noise = [
        {"kind": kind, "operation": "*", "times": None, "probability": chance, "seed": seed}
        for kind, (chance, seed) in NOISE.items()
    ]
    with case.deployment.faults(*noise) as used:
        runs = [case.start(dag, training_jobs=20) for dag in ("in_worker", "deferred")]
        until(lambda: all(used()) and sum(used()) >= 10, "ten calls, of each kind one, went wrong")
        for run in runs:
            run.let_training_end()
            assert run.await_end() == "success"
    case.holds()
