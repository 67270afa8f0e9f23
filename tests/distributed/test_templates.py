"""The DAG templates, unchanged, on workers that share nothing but the database and the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.dag_run import DagRun
from demo.pipelines import named
from tests.integration import runs

if TYPE_CHECKING:
    from typing import Any

    from tests.distributed.deployment import Deployment


def _start(deployment: Deployment, dag_id: str, **conf: Any) -> DagRun:
    """Unpause a template, as its user does, and trigger it."""
    runs.known(deployment.api, dag_id)
    deployment.api.unpause(dag_id)
    return DagRun.start(deployment, dag_id, conf)


def test_tune_and_create_model(deployment: Deployment) -> None:
    """A tuning job, and a model that predicts what its training job has reported."""
    run = _start(deployment, "tune_and_create_model", max_training_jobs=4)
    run.follow([])
    named(run.dag_id).show(run)


def test_tune_many(deployment: Deployment) -> None:
    """A mapped task group, whose tasks are on both workers: a model for each data set."""
    run = _start(deployment, "tune_many", max_training_jobs=3)
    run.follow([])
    named(run.dag_id).show(run)


def test_retrain_on_schedule(deployment: Deployment) -> None:
    """A scheduled run and two more, an approval each, a served model and its predictions."""
    named("retrain_on_schedule").drive(deployment, [])
