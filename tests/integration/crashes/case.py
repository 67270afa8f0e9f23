"""A case: what is done to a deployment, and what has to hold after it."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.integration.crashes.run import LIVE, STATUS, Run
from tests.integration.waiting import until

if TYPE_CHECKING:
    from tests.integration.crashes.deployment import Deployment, Document


@dataclass
class Case:
    """One test's disturbance of a deployment that it shares with the others.

    Args:
        deployment: The deployment.
        bystander: Name of a tuning job that nobody in the deployment has launched.
    """

    deployment: Deployment
    bystander: str
    outcome: str | None = field(default=None, init=False)
    _before: set[str] = field(init=False)
    _runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note what is there already."""
        self._before = set(self.deployment.tuning_jobs())

    def start(
        self,
        dag_id: str,
        *,
        run_id: str | None = None,
        deployment: Deployment | None = None,
        **conf: Any,
    ) -> Run:
        """Start a DAG run that the case is about."""
        run_id = run_id or f"run-{uuid.uuid4().hex[:8]}"
        run = Run(deployment or self.deployment, dag_id, run_id)
        run.start(conf)
        if run not in self._runs:
            self._runs.append(run)
        return run

    def holds(self, *, state: str = "success", completed: int = 1) -> None:
        """Wait for the end, check the promises, and keep what has come of it.

        Args:
            state: Of every run at its end.
            completed: How many tuning jobs of a run are to complete: one each time that it is
                meant to run, or none.
        """
        outcomes = []
        for run in self._runs:
            assert run.await_end() == state
            outcomes.append(self._check(run, completed))
        self._check_others()
        self.outcome = "; ".join(dict.fromkeys(outcomes))

    def give_up(self) -> None:
        """Leave nothing behind that the next case would meet."""
        for run in self._runs:
            run.give_up()

    def _check(self, run: Run, completed: int) -> str:
        until(lambda: not run.live(), f"no tuning job of {run.run_id} is left alive")
        jobs = run.tuning_jobs()
        _check_one_at_a_time(jobs)
        statuses = [job[STATUS] for job in jobs.values()]
        assert statuses.count("Completed") == completed, statuses
        if run.state() == "success":
            result = run.result()
            assert result is not None
            assert result[STATUS] == "Completed"
            assert result["HyperParameterTuningJobName"] == list(jobs)[-1]
            assert "BestTrainingJob" in result
        # Not the try: Airflow may take a late event of its executor for a failure, and cost one.
        return f"{run.task()['state']} | {', '.join(statuses) or 'none'}"

    def _check_others(self) -> None:
        jobs = self.deployment.tuning_jobs()
        ours = {name for run in self._runs for name in run.tuning_jobs()}
        assert jobs.keys() - self._before == ours, "a tuning job that no task has launched"
        live = {name for name, job in jobs.items() if job[STATUS] in LIVE}
        assert live == {self.bystander}


def _check_one_at_a_time(jobs: dict[str, Document]) -> None:
    described = list(jobs.values())
    for earlier, later in itertools.pairwise(described):
        assert earlier["HyperParameterTuningEndTime"] <= later["CreationTime"], (
            "two tuning jobs of one task instance were alive together"
        )
