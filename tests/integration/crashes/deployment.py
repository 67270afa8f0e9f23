"""A deployment to be disturbed: its processes, and the faults of its AWS."""

from __future__ import annotations

import contextlib
import re
import signal
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from demo import processes, sagemaker
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.stack import Stack

Document = dict[str, Any]


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

    def tuning_jobs(self, **filters: str) -> dict[str, Document]:
        """Describe the account's tuning jobs, all or those that List is asked for, oldest first."""
        pages = self.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
            SortBy="CreationTime", SortOrder="Ascending", **filters
        )
        names = [
            job["HyperParameterTuningJobName"]
            for page in pages
            for job in page["HyperParameterTuningJobSummaries"]
        ]
        describe = self.sagemaker.describe_hyper_parameter_tuning_job
        return {name: describe(HyperParameterTuningJobName=name) for name in names}


def kill(*doomed: psutil.Process) -> None:
    """Kill processes by -9."""
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
