"""Another deployment runs the same DAG in the same account."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING

from demo.stack import Stack
from tests.integration.crashes.conftest import DAGS
from tests.integration.crashes.deployment import Deployment
from tests.integration.crashes.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.crashes.case import Case


@contextlib.contextmanager
def _another(than: Deployment, home: Path, namespace: str = "") -> Iterator[Deployment]:
    """Have another Airflow that launches where the first one does."""
    environment = {"AWS_ENDPOINT_URL": than.stack.endpoint_url}
    if namespace:
        environment["AIRFLOW__SAGEMAKER_TUNING__NAMESPACE"] = namespace
    with Stack(home, dags=DAGS, environment=environment) as stack:
        stack.start()
        yield Deployment(stack, namespace or stack.airflow_url)


def test_of_another_namespace(case: Case, tmp_path: Path) -> None:
    """Another deployment with the same DAG and run id launches a tuning job of its own."""
    run_id = f"run-{uuid.uuid4().hex[:8]}"
    with _another(case.deployment, tmp_path) as other:
        runs = [
            case.start("deferred", run_id=run_id, deployment=deployment)
            for deployment in (case.deployment, other)
        ]
        for run in runs:
            run.await_wait()
        for run in runs:
            run.let_training_end()
        case.holds()


def test_of_the_same_namespace(case: Case, tmp_path: Path) -> None:
    """One that has the first one's namespace too is refused, and the first's job runs on."""
    run = case.start("deferred")
    run.await_wait()
    with _another(case.deployment, tmp_path, case.deployment.namespace) as other:
        refused = Run(other, run.dag_id, run.run_id)
        refused.start({})
        assert refused.await_end() == "failed"
        refused.await_words("another deployment with the same DAG shares this account")
    assert len(run.live()) == 1
    run.let_training_end()
    case.holds()
