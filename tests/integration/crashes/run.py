"""A DAG run, as people and the tests look at it and lay hands on it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from sagemaker_tuning.core.naming import LaunchIdentity
from tests.integration.crashes.deployment import kill
from tests.integration.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import psutil

    from tests.integration.crashes.deployment import Deployment, Document

TASK = "tune"
STATUS = "HyperParameterTuningJobStatus"
LIVE = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True)
class Run:
    """A DAG run of one task.

    Args:
        deployment: Where it runs.
        dag_id: One of ``dags/``.
        run_id: Its own choice, unlike what Airflow makes up.
    """

    deployment: Deployment
    dag_id: str
    run_id: str
    gate: Path = field(init=False)

    def __post_init__(self) -> None:
        """Choose the file whose being there ends the training jobs."""
        object.__setattr__(self, "gate", self.deployment.stack.home / f"gate-{self.run_id}")

    def start(self, conf: Document) -> None:
        """Start it; its training jobs run until ``let_training_end``."""
        until(
            lambda: self.deployment.stack.api.has_dag(self.dag_id), f"Airflow reads {self.dag_id}"
        )
        self.gate.unlink(missing_ok=True)
        body = {
            "logical_date": None,
            "dag_run_id": self.run_id,
            "conf": {"gate": str(self.gate)} | conf,
        }
        self.deployment.call("POST", f"/dags/{self.dag_id}/dagRuns", body)

    @property
    def digest(self) -> str:
        """What is in the names of this task instance's tuning jobs, and in no others."""
        namespace = self.deployment.namespace
        return LaunchIdentity(namespace, self.dag_id, self.run_id, TASK).digest

    def tuning_jobs(self) -> dict[str, Document]:
        """Describe the tuning jobs of this task instance, oldest first."""
        return self.deployment.tuning_jobs(NameContains=self.digest)

    def live(self) -> set[str]:
        """Give the names of those that have not ended."""
        return {name for name, job in self.tuning_jobs().items() if job[STATUS] in LIVE}

    def task(self) -> Document:
        """The task instance, as Airflow's API shows it."""
        (task,) = self.deployment.stack.api.task_instances(self.dag_id, self.run_id)
        return task

    def state(self) -> str:
        """One of queued, running, success, failed."""
        return str(self.deployment.stack.api.dag_run(self.dag_id, self.run_id)["state"])

    def await_end(self) -> str:
        """Wait for the DAG run's end; give its state."""
        return until(
            lambda: state if (state := self.state()) in {"success", "failed"} else "",
            f"{self.run_id} ends",
        )

    def await_task(self, *states: str, attempt: int = 1) -> Document:
        """Wait until the task instance is in a state; give it."""

        def found() -> Document | None:
            task = self.task()
            return task if task["state"] in states and task["try_number"] == attempt else None

        return until(found, f"try {attempt} of {self.run_id} is {' or '.join(states)}") or {}

    def await_launch(self, count: int = 1) -> str:
        """Wait for as many tuning jobs of this task instance; give the newest one's name."""
        names = until(
            lambda: names if len(names := list(self.tuning_jobs())) >= count else [],
            f"{self.run_id} has launched {count} tuning jobs",
        )
        return names[-1]

    def triggerer(self) -> int | None:
        """Tell which triggerer has taken the trigger; None if none has."""
        trigger = self.task()["trigger"] or {"triggerer_id": None}
        taken_by: int | None = trigger["triggerer_id"]
        return taken_by

    def await_words(self, words: str, *, attempt: int = 1, triggerer: int | None = None) -> None:
        """Wait for words in the log of a try, or in what a triggerer has added to it."""
        folder = self.deployment.stack.home / "logs" / f"dag_id={self.dag_id}"
        folder /= f"run_id={self.run_id}/task_id={TASK}"
        name = f"attempt={attempt}.log" + (f".trigger.{triggerer}.*" if triggerer else "*")
        until(
            lambda: any(words in log.read_text(encoding="utf-8") for log in folder.glob(name)),
            f"{self.run_id} says {words!r} in {name}",
        )

    def await_wait(self, *, attempt: int = 1, triggerer: int | None = None) -> None:
        """Wait until the tuning job is waited for, by a certain triggerer if it is given."""
        self.await_words("Completed 0/", attempt=attempt, triggerer=triggerer)

    def await_other_triggerer(self, than: int | None) -> int:
        """Wait until another triggerer waits for the tuning job; give its id."""
        new = until(
            lambda: triggerer if (triggerer := self.triggerer()) != than else None,
            "another triggerer takes over",
        )
        assert new is not None
        self.await_wait(triggerer=new)
        return new

    def process(self, attempt: int = 1) -> psutil.Process:
        """Give the process that runs the task's code, once it does."""
        scheduler = self.deployment.component("scheduler")

        def found() -> psutil.Process | None:
            pid = self.await_task("running", attempt=attempt)["pid"]
            kin = {process.pid: process for process in scheduler.children(recursive=True)}
            return kin.get(pid)

        process = until(found, f"{self.run_id} has a process")
        assert process is not None
        return process

    def kill_worker(self, process: psutil.Process) -> None:
        """Kill the task's process and the one that watches over it, as a lost machine does."""
        supervisor = process.parent()
        assert supervisor is not None
        assert supervisor.parent() == self.deployment.component("scheduler")
        kill(supervisor, process)

    def clear(self) -> None:
        """Clear the task, as a person does."""
        body = {
            "dry_run": False,
            "dag_run_id": self.run_id,
            "task_ids": [TASK],
            "only_failed": False,
            "reset_dag_runs": True,
        }
        self.deployment.call("POST", f"/dags/{self.dag_id}/clearTaskInstances", body)

    def mark_failed(self) -> None:
        """Mark the task failed, as a person does."""
        path = f"/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{TASK}"
        self.deployment.call("PATCH", path, {"new_state": "failed"})

    def give_up(self) -> None:
        """End whatever is left, so that it is in nobody's way."""
        self.let_training_end()
        with contextlib.suppress(httpx.HTTPError):
            path = f"/dags/{self.dag_id}/dagRuns/{self.run_id}"
            self.deployment.call("PATCH", path, {"state": "failed"})
        until(lambda: not self.live(), f"the tuning jobs of {self.run_id} have ended")

    def delete(self) -> None:
        """Delete the DAG run, as a person does."""
        self.deployment.call("DELETE", f"/dags/{self.dag_id}/dagRuns/{self.run_id}")

    def result(self) -> Document | None:
        """What the task returned."""
        api = self.deployment.stack.api
        result: Document | None = api.result(self.dag_id, self.run_id, TASK)
        return result

    def let_training_end(self) -> None:
        """Let the training jobs come to their end."""
        self.gate.touch()
