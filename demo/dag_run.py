"""One run of a DAG in a stack: started, followed to its end, explained if it failed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo import console, sagemaker, task_log, timings
from demo.errors import DemoError
from demo.place import Place
from demo.progress import Progress
from demo.timings import Stretches

_LOG_LINES = 15
_POLL_SECONDS = 0.2
_READ_SECONDS = 60
_RUN_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG.

    Args:
        stack: Where it runs.
        dag_id: Of which DAG.
        run_id: Which it is.
        started: A moment before it.
    """

    stack: Place
    dag_id: str
    run_id: str
    started: datetime

    @classmethod
    def found(cls, stack: Place, run: dict[str, Any]) -> "DagRun":
        """A run that Airflow has begun by itself, as its API has it."""
        queued = datetime.fromisoformat(run["queued_at"])
        return cls(stack, run["dag_id"], run["dag_run_id"], queued)

    @classmethod
    def start(cls, stack: Place, dag_id: str, conf: dict[str, Any] | None = None) -> "DagRun":
        """Trigger a run.

        Args:
            stack: Ready.
            dag_id: A DAG that Airflow may not have read yet.
            conf: The DAG's params that are not to be its defaults.

        Raises:
            DemoError: Airflow cannot read the DAG.
        """
        wait_for_dag(stack, dag_id)
        started = datetime.now(UTC)
        return cls(stack, dag_id, stack.api.trigger(dag_id, conf), started)

    def tasks(self) -> list[dict[str, Any]]:
        """Its task instances."""
        return self.stack.api.task_instances(self.dag_id, self.run_id)

    def result(self, task_id: str, map_index: int = -1) -> Any:
        """What a task returned; None if it did not."""
        return self.stack.api.result(self.dag_id, self.run_id, task_id, map_index)

    def state(self) -> str:
        """One of queued, running, success, failed."""
        return str(self.stack.api.dag_run(self.dag_id, self.run_id)["state"])

    def follow(
        self,
        stretches: Stretches,
        *,
        title: str | None = None,
        attend: Callable[["DagRun"], None] = lambda _: None,
    ) -> None:
        """Tell how it gets on until it has ended.

        Args:
            stretches: Takes the times of its parts.
            title: What stands above.
            attend: Called again and again, to do what the run waits for a person to do.

        Raises:
            DemoError: A task failed, or the stack broke down.
        """
        begin = time.monotonic()
        console.heading(title or f"Airflow runs the DAG {self.dag_id}")
        state = self._watch(attend)
        tasks = self.tasks()
        stretches += timings.of_tasks(tasks, time.monotonic() - begin)
        if state != "success":
            self._explain(tasks)

    def _watch(self, attend: Callable[["DagRun"], None]) -> str:
        progress = Progress(console.line)
        jobs = sagemaker.TuningJobs(sagemaker.client(self.stack.endpoint_url), self.started)
        deadline = time.monotonic() + _RUN_SECONDS
        while time.monotonic() < deadline:
            self.stack.check()
            # The state first: what is read after the end is all there is to tell.
            state = self.state()
            # Training jobs may be done before Airflow is done with the task that started them.
            for job in jobs.changed():
                progress.tuning_job(job)
            progress.tasks(self.tasks())
            if state in {"success", "failed"}:
                return state
            attend(self)
            time.sleep(_POLL_SECONDS)
        raise DemoError(f"the DAG run did not end within {_RUN_SECONDS // 60} minutes")

    def _explain(self, tasks: list[dict[str, Any]]) -> None:
        failed = [task for task in tasks if task["state"] == "failed"]
        if not failed:
            raise DemoError("the DAG run failed, and none of its tasks did")
        first = min(failed, key=lambda task: task["end_date"] or "")
        log = task_log.path(self.stack.home, self.dag_id, first)
        console.heading(f"The last lines of {first['task_id']}")
        for text in task_log.last_lines(log, _LOG_LINES):
            console.line(f"  {text}")
        console.line()
        raise DemoError(f"the task {first['task_id']} failed; its whole log is {log}")


def wait_for_dag(stack: Place, dag_id: str) -> None:
    """Return when Airflow has read a DAG.

    Raises:
        DemoError: It cannot, or does not in time.
    """
    deadline = time.monotonic() + _READ_SECONDS
    while not stack.api.has_dag(dag_id):
        stack.check()
        for error in stack.api.import_errors():
            # Another file may be half written, or need what is not installed.
            if dag_id in error["filename"]:
                last_line = error["stack_trace"].strip().splitlines()[-1]
                raise DemoError(f"Airflow cannot read {error['filename']}: {last_line}")
        if time.monotonic() > deadline:
            raise DemoError(f"Airflow found no DAG {dag_id} within {_READ_SECONDS} s")
        time.sleep(_POLL_SECONDS)
