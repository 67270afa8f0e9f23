"""A deployment to be disturbed: its processes, its DAG runs, and the faults of its AWS."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import psutil

from demo import processes, sagemaker
from sagemaker_tuning.core.naming import LaunchIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from demo.stack import Stack

Document = dict[str, Any]
T = TypeVar("T")
TASK = "tune"
STATUS = "HyperParameterTuningJobStatus"
LIVE = frozenset({"InProgress", "Stopping"})
DEADLINE_SECONDS = 180


def until(condition: Callable[[], T], what: str) -> T:
    """Wait for a true value and give it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {DEADLINE_SECONDS} s")


@dataclass(frozen=True)
class Deployment:
    """An Airflow and the account that it launches into.

    Args:
        stack: Ready.
        namespace: What its launches are told apart by.
    """

    stack: Stack
    namespace: str

    @cached_property
    def sagemaker(self) -> Any:
        """A boto3 client of the endpoint that the deployment really uses."""
        return sagemaker.client(self.stack.environment["AWS_ENDPOINT_URL"])

    def start(self, dag_id: str, run_id: str, conf: Document | None = None) -> Run:
        """Start a DAG run; its training jobs run until ``let_training_end``."""
        until(lambda: self.stack.api.has_dag(dag_id), f"Airflow reads {dag_id}")
        run = Run(self, dag_id, run_id)
        run.gate.unlink(missing_ok=True)
        body = {"logical_date": None, "dag_run_id": run_id}
        self.call("POST", f"/dags/{dag_id}/dagRuns", body | {"conf": run.conf | (conf or {})})
        return run

    def call(self, method: str, path: str, body: Document | None = None) -> Document:
        """Call Airflow's REST API."""
        url = f"{self.stack.airflow_url}/api/v2{path}"
        answer = httpx.request(method, url, json=body, trust_env=False, timeout=30)
        document: Document = answer.raise_for_status().json() if answer.content else {}
        return document

    def component(self, name: str) -> psutil.Process:
        """Give the process of one of Airflow's components."""
        return psutil.Process(int((self.stack.home / f"{name}.pid").read_text(encoding="utf-8")))

    def kill(self, name: str) -> None:
        """Kill a component, with all that it started, by -9; it is started again."""
        killed = self.component(name)
        kill(killed, *killed.children(recursive=True))
        self._await_restart(name, killed)

    def restart(self, name: str) -> None:
        """Shut a component down in good order; it is started again."""
        before = self.component(name)
        before.terminate()
        self._await_restart(name, before)

    def _await_restart(self, name: str, before: psutil.Process) -> None:
        file = self.stack.home / f"{name}.pid"
        until(
            lambda: file.read_text(encoding="utf-8") not in {"", str(before.pid)},
            f"{name} is started again",
        )

    @contextlib.contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Have a component, with all that it started, stand still within."""
        component = self.component(name)
        family = [component, *component.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    @contextlib.contextmanager
    def second_triggerer(self) -> Iterator[None]:
        """Have another triggerer beside the first within."""
        leader = self.stack.add(
            "second-triggerer", ["-m", "airflow", "triggerer", "--skip-serve-logs"]
        )
        try:
            yield
        finally:
            processes.stop([leader], patience_seconds=5)

    @contextlib.contextmanager
    def faults(self, *rules: Document) -> Iterator[Callable[[], list[int]]]:
        """Have fault rules in force within; gives how to ask how often each was used."""
        log = (self.stack.home / "endpoint.log").read_text(encoding="utf-8")
        url, header, token = re.findall(r"Fault control: PUT (\S+), header (\S+): (\S+)", log)[0]

        def control(method: str, body: Any = None) -> list[int]:
            answer = httpx.request(method, url, json=body, headers={header: token}, trust_env=False)
            return [rule["used"] for rule in answer.raise_for_status().json()["rules"]]

        control("PUT", list(rules))
        try:
            yield lambda: control("GET")
        finally:
            control("DELETE")

    def tuning_jobs(self) -> dict[str, Document]:
        """Describe all tuning jobs of the account, oldest first."""
        pages = self.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
            SortBy="CreationTime", SortOrder="Ascending"
        )
        names = [
            job["HyperParameterTuningJobName"]
            for page in pages
            for job in page["HyperParameterTuningJobSummaries"]
        ]
        describe = self.sagemaker.describe_hyper_parameter_tuning_job
        return {name: describe(HyperParameterTuningJobName=name) for name in names}


@dataclass(frozen=True)
class Run:
    """A DAG run of one task."""

    deployment: Deployment
    dag_id: str
    run_id: str
    gate: Path = field(init=False)

    def __post_init__(self) -> None:
        """Choose the file whose being there ends the training jobs."""
        object.__setattr__(self, "gate", self.deployment.stack.home / f"gate-{self.run_id}")

    @property
    def conf(self) -> Document:
        """Of the DAG run."""
        return {"gate": str(self.gate)}

    @property
    def digest(self) -> str:
        """What is in the names of this task instance's tuning jobs, and in no others."""
        namespace = self.deployment.namespace
        return LaunchIdentity(namespace, self.dag_id, self.run_id, TASK).digest

    def tuning_jobs(self) -> dict[str, Document]:
        """Describe the tuning jobs of this task instance, oldest first."""
        jobs = self.deployment.tuning_jobs()
        return {name: job for name, job in jobs.items() if self.digest in name}

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


def kill(*doomed: psutil.Process) -> None:
    """Kill processes by -9."""
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
