"""The whole pipeline, once: start, trigger, follow, show, stop."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo import console, report, sagemaker, task_log, timings
from demo.errors import DemoError
from demo.progress import Progress
from demo.stack import Stack
from demo.timings import Stretches

DAG_ID = "tune_and_create_model"

_LEADERS = 5
_LOG_LINES = 15
_POLL_SECONDS = 0.2
_READ_SECONDS = 60
_RUN_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of the DAG in a stack.

    Args:
        stack: Where it runs.
        run_id: Which it is.
        started: A moment before it.
    """

    stack: Stack
    run_id: str
    started: datetime

    def tasks(self) -> list[dict[str, Any]]:
        """Its task instances."""
        return self.stack.api.task_instances(DAG_ID, self.run_id)

    def result(self, task_id: str) -> Any:
        """What a task returned; None if it did not."""
        return self.stack.api.result(DAG_ID, self.run_id, task_id)

    def state(self) -> str:
        """One of queued, running, success, failed."""
        return str(self.stack.api.dag_run(DAG_ID, self.run_id)["state"])


def pipeline(stack: Stack, stretches: Stretches, conf: dict[str, Any] | None = None) -> None:
    """Run the DAG in a stack that is ready, telling how it gets on and what has come of it.

    Args:
        stack: Ready.
        stretches: Takes the times of the run's parts.
        conf: The DAG's params that are not to be its defaults.

    Raises:
        DemoError: The DAG cannot be read, a task failed, or the stack broke down.
    """
    begin = time.monotonic()
    _wait_for_dag(stack)
    now = datetime.now(UTC)
    run = DagRun(stack, stack.api.trigger(DAG_ID, conf), now)
    console.heading(f"Airflow runs the DAG {DAG_ID}")
    state = _follow(run)
    tasks = run.tasks()
    stretches += timings.of_tasks(tasks, time.monotonic() - begin)
    if state != "success":
        _explain(stack, tasks)
    _show(run)


def _wait_for_dag(stack: Stack) -> None:
    deadline = time.monotonic() + _READ_SECONDS
    while not stack.api.has_dag(DAG_ID):
        stack.check()
        for error in stack.api.import_errors():
            last_line = error["stack_trace"].strip().splitlines()[-1]
            raise DemoError(f"Airflow cannot read {error['filename']}: {last_line}")
        if time.monotonic() > deadline:
            raise DemoError(f"Airflow found no DAG {DAG_ID} within {_READ_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def _follow(run: DagRun) -> str:
    progress = Progress(console.line)
    client = sagemaker.client(run.stack.endpoint_url)
    deadline = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < deadline:
        run.stack.check()
        # The state first: what is read after the end is all there is to tell.
        state = run.state()
        # Training jobs may be done before Airflow is done with the task that started them.
        if job := sagemaker.newest_tuning_job(client, run.started):
            progress.tuning_job(job)
        progress.tasks(run.tasks())
        if state in {"success", "failed"}:
            return state
        time.sleep(_POLL_SECONDS)
    raise DemoError(f"the DAG run did not end within {_RUN_SECONDS // 60} minutes")


def _explain(stack: Stack, tasks: list[dict[str, Any]]) -> None:
    failed = [task for task in tasks if task["state"] == "failed"]
    if not failed:
        raise DemoError("the DAG run failed, and none of its tasks did")
    first = min(failed, key=lambda task: task["end_date"] or "")
    log = task_log.path(stack.home, DAG_ID, first)
    console.heading(f"The last lines of {first['task_id']}")
    for text in task_log.last_lines(log, _LOG_LINES):
        console.line(f"  {text}")
    console.line()
    raise DemoError(f"the task {first['task_id']} failed; its whole log is {log}")


def _show(run: DagRun) -> None:
    client = sagemaker.client(run.stack.endpoint_url)
    name = run.result("create_tuning_job")["HyperParameterTuningJobName"]
    leaders = sagemaker.best_training_jobs(client, name, _LEADERS)
    console.heading(f"The best {len(leaders)} training jobs of {name}")
    console.rows(report.leaderboard(leaders))
    console.heading("The best one")
    console.rows(report.best_training_job(run.result("best_training_job")))
    console.heading("The model")
    model = run.result("create_model")
    copy = run.stack.home / "model.tar.gz"
    bucket, _, key = model["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    sagemaker.client(run.stack.endpoint_url, "s3").download_file(bucket, key, str(copy))
    console.rows([*report.model(model, run.result("check_model")), ["copy", str(copy)]])
