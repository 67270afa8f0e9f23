"""A burst of new data, of which one run is made."""

import time
from typing import Any

from demo import console, samples
from demo.dag_run import DagRun, wait_for_dag
from demo.pipelines.pipeline import Pipeline
from demo.place import Place
from demo.timings import Stretches

_ASSET = "new_data"
_PREFIX = "retrain-on-new-data"
_BURST = 3
_QUIET_SECONDS = 20
"""Longer than the events are apart, on a machine that is busy too."""
_PAUSE_SECONDS = 1.0
_LOOKS = 15
"""In which Airflow makes runs of the events, or makes none."""


class RetrainOnNewData(Pipeline):
    """The template that waits for the end of a burst of arrivals."""

    dag_id = "retrain_on_new_data"

    def seed(self, s3: Any) -> None:
        """Upload the breast cancer data."""
        samples.upload(s3, _PREFIX, samples.split("breast_cancer"))

    def drive(self, stack: Place, stretches: Stretches) -> None:
        """Tell Airflow of three arrivals in a row, and follow the runs that it makes of them."""
        begin = time.monotonic()
        wait_for_dag(stack, self.dag_id)
        stack.api.set_variable("retrain_quiet_seconds", str(_QUIET_SECONDS))
        console.heading(f"{_BURST} events of the asset {_ASSET}, a second apart")
        for _ in range(_BURST):
            stack.api.create_asset_event(_ASSET)
            time.sleep(_PAUSE_SECONDS)
        followed: set[str] = set()
        while run := self._next(stack, followed):
            followed.add(run.run_id)
            run.follow([], title=f"The run {run.run_id}")
            self.show(run)
        stretches.append((f"{len(followed)} runs", time.monotonic() - begin))

    def show(self, run: DagRun) -> None:
        """Show whether it went on, and what it has registered."""
        package = run.result("tune_and_register.register")
        console.line()
        if package is None:
            console.line("  skipped: another run has its events")
            return
        objective = package["Objective"]
        console.rows(
            [
                ["registered", package["ModelPackageArn"]],
                ["status", package["ModelApprovalStatus"]],
                [objective["MetricName"], f"{objective['Value']:.5f}"],
            ]
        )

    def _next(self, stack: Place, followed: set[str]) -> DagRun | None:
        """The oldest run that was not followed yet; None if there is none, nor will be."""
        for _ in range(_LOOKS):
            stack.check()
            for run in stack.api.runs(self.dag_id):
                if run["dag_run_id"] not in followed:
                    return DagRun.found(stack, run)
            time.sleep(_PAUSE_SECONDS)
        return None


PIPELINE = RetrainOnNewData()
