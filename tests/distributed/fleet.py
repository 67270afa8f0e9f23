"""A DAG run of hundreds of tuning jobs, each waited for by a deferred task of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration import runs

if TYPE_CHECKING:
    from tests.distributed.deployment import Deployment

DAGS = Path(__file__).with_name("dags")
SIZE = int(os.environ.get("FLEET_SIZE", "500"))
# Longer than it takes to launch all of them: a process of Airflow's each.
_TRAINING_SECONDS = 120 + 2 * SIZE
ENDPOINT_OPTIONS = ["--faults", "--simulate", f"*/fleet:*={_TRAINING_SECONDS}"]
_DAG_ID = "fleet"


class Fleet:
    """The run, as Airflow and the endpoint have it."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        runs.known(deployment.api, _DAG_ID)
        deployment.api.unpause(_DAG_ID)
        self.run_id = deployment.api.trigger(_DAG_ID, {"size": SIZE})

    def count(self, state: str) -> int:
        """Give how many of the mapped tasks are in a state."""
        return int(self._tasks(f"state={state}&limit=1")["total_entries"])

    def is_deferred(self) -> bool:
        """Whether all of the mapped tasks are; none may have failed."""
        assert self.count("failed") == 0
        return self.count("deferred") == SIZE

    def instances(self) -> list[dict[str, Any]]:
        """Give all mapped task instances."""
        found: list[dict[str, Any]] = []
        while len(found) < SIZE:
            found += self._tasks(f"limit=100&offset={len(found)}")["task_instances"]
        return found

    def triggerers(self) -> set[str | None]:
        """Give the triggerers that wait for the tasks; None stands for none."""
        named = self._deployment.triggerers()
        triggers = (each["trigger"] or {} for each in self.instances())
        return {named.get(trigger.get("triggerer_id", -1)) for trigger in triggers}

    def state(self) -> str:
        """Give the run's state."""
        return str(self._deployment.api.dag_run(_DAG_ID, self.run_id)["state"])

    def tuning_jobs(self) -> list[dict[str, Any]]:
        """Give the summaries of all tuning jobs that were ever launched by the DAG."""
        pages = self._deployment.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
        return [
            job
            for page in pages.paginate(NameContains=_DAG_ID)
            for job in page["HyperParameterTuningJobSummaries"]
        ]

    def _tasks(self, query: str) -> dict[str, Any]:
        path = f"/dags/{_DAG_ID}/dagRuns/{self.run_id}/taskInstances?task_id=tune&{query}"
        return self._deployment.api.call("GET", path)
