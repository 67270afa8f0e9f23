"""Three weeks of retraining on data that drift."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from demo import console, sagemaker, weeks
from demo.dag_run import DagRun, wait_for_dag
from demo.errors import DemoError
from demo.pipelines.pipeline import Pipeline
from demo.place import Place
from demo.timings import Stretches

_GROUP = "put_into_service"
_ENDPOINT = "retrain-on-schedule"
_JOBS = 4
_DRIFT = 1.0
_POLL_SECONDS = 0.2
_LOOKS = 10
_SCHEDULED_SECONDS = 60

_WEEKS = {
    "The first week, as the schedule has it: there is no champion": False,
    "The second week: the data have drifted": False,
    "The third week: labels that nothing can be learned from": True,
}
"""What is to be seen in each, and whether its labels are noise."""


class RetrainOnSchedule(Pipeline):
    """The template that ends in a served model.

    The first week has no champion. In the second the data have drifted, and its challenger wins.
    The third has labels that are noise, and its challenger loses.
    """

    dag_id = "retrain_on_schedule"

    def seed(self, s3: Any) -> None:
        """Write the data of the run that the schedule has when the DAG is unpaused."""
        weeks.write(s3, weeks.last_monday(), drift=0.0)

    def drive(self, stack: Place, stretches: Stretches) -> None:
        """Let the schedule have its run, then trigger two; say yes to each that asks."""
        for number, (title, is_spoilt) in enumerate(_WEEKS.items(), start=1):
            started = time.monotonic()
            run = self._scheduled(stack) if number == 1 else self._next(stack, is_spoilt=is_spoilt)
            run.follow([], title=title, attend=_Approval())
            self.show(run)
            stretches.append((f"week {number}", time.monotonic() - started))
        _show_what_is_left(stack)

    def show(self, run: DagRun) -> None:
        """Show the scores, and what is served."""
        verdict = run.result(f"{_GROUP}.is_better") or {}
        prediction = run.result(f"{_GROUP}.predict")
        parents = run.result("tune_and_register.find_parents").get("WarmStartConfig")
        rows = [["warm start from", _names(parents)], ["verdict", verdict.get("Reason", "")]]
        if prediction:
            rows.append(["predictions", str(prediction["Predictions"])])
        console.line()
        console.rows(rows)

    def _next(self, stack: Place, *, is_spoilt: bool) -> DagRun:
        s3 = sagemaker.client(stack.endpoint_url, "s3")
        weeks.write(s3, datetime.now(UTC), _DRIFT, is_spoilt=is_spoilt)
        return DagRun.start(stack, self.dag_id, {"max_training_jobs": _JOBS})

    def _scheduled(self, stack: Place) -> DagRun:
        wait_for_dag(stack, self.dag_id)
        stack.api.unpause(self.dag_id)
        deadline = time.monotonic() + _SCHEDULED_SECONDS
        while time.monotonic() < deadline:
            stack.check()
            if runs := stack.api.runs(self.dag_id):
                return DagRun.found(stack, runs[0])
            time.sleep(_POLL_SECONDS)
        raise DemoError(f"the schedule of {self.dag_id} had no run within {_SCHEDULED_SECONDS} s")


class _Approval:
    """A person who says yes, each time that it is asked, and not at once.

    Airflow fails a task that goes on before its scheduler knows that it waits; the next try asks
    again.
    """

    def __init__(self) -> None:
        self._looks: Counter[int] = Counter()

    def __call__(self, run: DagRun) -> None:
        """Look whether the run asks, and answer after some looks."""
        task_id = f"{_GROUP}.approve"
        for task in run.tasks():
            if task["task_id"] != task_id or task["state"] not in {"awaiting_input", "deferred"}:
                continue
            self._looks[task["try_number"]] += 1
            if self._looks[task["try_number"]] == _LOOKS:
                run.stack.api.approve(run.dag_id, run.run_id, task_id)
                console.line(f"        {task_id}: Airflow asks, and the demo says yes")


def _names(warm_start: dict[str, Any] | None) -> str:
    if warm_start is None:
        return "nothing"
    parents = warm_start["ParentHyperParameterTuningJobs"]
    return ", ".join(parent["HyperParameterTuningJobName"] for parent in parents)


def _show_what_is_left(stack: Place) -> None:
    client = sagemaker.client(stack.endpoint_url)
    console.heading("The registry, and what is served")
    packages = client.list_model_packages(ModelPackageGroupName=_ENDPOINT)
    rows = [
        [f"version {package['ModelPackageVersion']}", package["ModelApprovalStatus"]]
        for package in packages["ModelPackageSummaryList"]
    ]
    endpoint = client.describe_endpoint(EndpointName=_ENDPOINT)
    status, config = endpoint["EndpointStatus"], endpoint["EndpointConfigName"]
    console.rows([*rows, [f"endpoint {_ENDPOINT}", f"{status}, {config}"]])


PIPELINE = RetrainOnSchedule()
