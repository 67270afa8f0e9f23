"""A task that waits for one tuning job, whose training ends when the test says so."""

from __future__ import annotations

import shlex
import sys
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.stack import ROOT
from sagemaker_tuning.core.naming import LaunchIdentity
from tests.integration import runs
from tests.integration.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.distributed.deployment import Deployment

_CRASHES = ROOT / "tests" / "integration" / "crashes"
DAGS = _CRASHES / "dags"
"""The DAGs `deferred` and `in_worker`: one task, which may be tried twice."""
BUCKET = "crashes"
"""Of their artifacts; there has to be one."""
ENDPOINT_OPTIONS = [
    "--algorithm",
    f"*/gate:*={shlex.join([sys.executable, str(_CRASHES / 'gate.py')])}",
]
_TASK = "tune"
_SECONDS = 300
"""Until Airflow has noticed what is lost, on a machine that is busy."""


@dataclass(frozen=True)
class Task:
    """The task of a DAG run of its own.

    Args:
        deployment: Where it runs.
        dag_id: `deferred` or `in_worker`.
    """

    deployment: Deployment
    dag_id: str
    run_id: str = field(default_factory=lambda: f"run-{uuid.uuid4().hex[:8]}")

    @property
    def _gate(self) -> Path:
        return self.deployment.home / f"gate-{self.run_id}"

    def start(self) -> None:
        """Start its DAG run."""
        runs.known(self.deployment.api, self.dag_id)
        self.deployment.api.unpause(self.dag_id)
        conf = {"gate": str(self._gate)}
        body = {"logical_date": None, "dag_run_id": self.run_id, "conf": conf}
        self.deployment.api.call("POST", f"/dags/{self.dag_id}/dagRuns", body)

    def let_training_end(self) -> None:
        """Let its training job come to its end."""
        self._gate.touch()

    def instance(self) -> dict[str, Any]:
        """Give the task instance, as Airflow's API has it."""
        (found,) = self.deployment.api.task_instances(self.dag_id, self.run_id)
        return found

    def triggerer(self) -> str | None:
        """Give the triggerer that waits for it; None if none does."""
        trigger = self.instance()["trigger"] or {"triggerer_id": None}
        return self.deployment.triggerers().get(trigger["triggerer_id"])

    def worker(self) -> str:
        """Give the worker that it runs on, or has run on last."""
        return str(self.instance()["hostname"])

    def await_wait(self, *, attempt: int = 1, not_by: str = "") -> None:
        """Wait until its tuning job is waited for, by another than what is lost."""
        until(
            lambda: self._is_waited_for(attempt, not_by),
            f"try {attempt} of {self.dag_id} {self.run_id} waits, and not by {not_by or 'nobody'}",
            seconds=_SECONDS,
        )

    def end(self) -> str:
        """Wait for the end of the DAG run; give its state."""
        return runs.ended(self.deployment.api, self.dag_id, self.run_id)

    def tuning_jobs(self) -> list[str]:
        """Give the names of the tuning jobs that it has launched, in all of its tries."""
        namespace = self.deployment.secrets["SAGEMAKER_TUNING_NAMESPACE"]
        identity = LaunchIdentity(namespace, self.dag_id, self.run_id, _TASK)
        answer = self.deployment.sagemaker.list_hyper_parameter_tuning_jobs(
            NameContains=identity.digest
        )
        summaries = answer["HyperParameterTuningJobSummaries"]
        return [job["HyperParameterTuningJobName"] for job in summaries]

    def _is_waited_for(self, attempt: int, not_by: str) -> bool:
        instance = self.instance()
        if instance["try_number"] != attempt:
            return False
        if self.dag_id == "deferred":
            return instance["state"] == "deferred" and self.triggerer() not in {None, not_by}
        is_elsewhere = instance["state"] == "running" and instance["hostname"] != not_by
        return is_elsewhere and len(self.tuning_jobs()) > 0
