"""The services of docker-compose.yaml as processes, each of them to be started and ended alone."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import httpx
import psutil

from demo import processes, sagemaker
from demo.airflow_api import AirflowApi
from demo.errors import DemoError
from demo.stack import ROOT
from tests.distributed import compose
from tests.distributed.compose import program
from tests.distributed.database import Database
from tests.distributed.machine import Machine
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from demo.processes import Leader
    from tests.distributed.compose import Service

_START_SECONDS = 300
_END_SECONDS = 8
_HEALTH_SECONDS = 300
_ADMIN = "admin"
_WORKERS = {"worker", "triggerer"}


class Deployment:
    """What `docker compose up` starts, on this machine and without containers.

    An instance is named as a container is: `worker-1`, `worker-2`, `triggerer-1`, `scheduler-1`.

    Args:
        home: The folder that everything is kept in; made if it is not there.
        dags: The folder of the DAGs.
        environment: Variables of Airflow's services that are to be other than in the file.
        endpoint_options: Further arguments of the SageMaker endpoint's command.
        replicas: How many there are of a service, by its name, if other than in the file.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags: Path,
        environment: Mapping[str, str] | None = None,
        endpoint_options: Sequence[str] = (),
        replicas: Mapping[str, int] | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.machine = Machine(home)
        self.secrets = _secrets(home / "env") | {"DAGS_FOLDER": str(dags)}
        self.services = compose.services(self.secrets)
        for name, count in (replicas or {}).items():
            self.services[name] = replace(self.services[name], replicas=count)
        self._endpoint_options = list(endpoint_options)
        self._environment = dict(environment or {})
        self._leaders: dict[str, Leader] = {}
        self._database = Database(self.environment("postgres-1"), self.machine.port(5432))
        self.airflow_url = self.machine.url(8080)
        self.endpoint_url = self.machine.url(8765)
        self.api = AirflowApi(self.airflow_url)

    def __enter__(self) -> Self:
        """Promise that what is started within ends with it."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End what was started, whatever happened."""
        # Without clients the database ends in good order, and leaves no shared memory behind.
        database = [leader for name, leader in self._leaders.items() if name == "postgres-1"]
        others = [leader for leader in self._leaders.values() if leader not in database]
        for leaders in (others, database):
            processes.stop(leaders, patience_seconds=_END_SECONDS)
        self._database.delete()

    @property
    def instances(self) -> list[str]:
        """The names of all that are meant to run on."""
        return [
            f"{service.name}-{number}"
            for service in self.services.values()
            if service.name != "init"
            for number in range(1, service.replicas + 1)
        ]

    def up(self) -> None:
        """Start everything in the order that the file has, and return when all of it works."""
        self._database.create()
        waiting = dict(self.services)
        deadline = time.monotonic() + _START_SECONDS
        while waiting:
            assert time.monotonic() < deadline, f"not to be started in time: {sorted(waiting)}"
            for service in list(waiting.values()):
                if all(self._is_met(*need) for need in service.depends_on.items()):
                    del waiting[service.name]
                    for number in range(1, service.replicas + 1):
                        self.start(f"{service.name}-{number}")
            self.check()
            time.sleep(0.1)
        until(
            lambda: self.is_healthy("api-server-1"),
            "the API server answers",
            seconds=_START_SECONDS,
        )
        # The first call of a task has it prepare what all of them call, and it answers nobody then.
        url = f"{self.airflow_url}/execution/health"
        httpx.get(url, trust_env=False, timeout=_START_SECONDS).raise_for_status()
        self.api.log_in(_ADMIN, self.secrets["AIRFLOW_ADMIN_PASSWORD"])
        self.await_complete()

    def await_complete(self) -> None:
        """Wait until all instances are at work."""
        until(self._is_complete, "all instances are at work", seconds=_START_SECONDS)

    def start(self, instance: str) -> None:
        """Start an instance, for the first time or again."""
        service = self.service(instance)
        self.machine.prepare(service, instance)
        environment = self.environment(instance)
        command = self.machine.command(service, instance)
        if service.name == "postgres":
            command = self._database.command
        if service.name == "endpoint":
            command += self._endpoint_options
        command[0] = program(command[0], environment["PATH"])
        log = self.home / f"{instance}.log"
        with processes.undisturbed():
            self._leaders[instance] = processes.start(instance, command, environment, log)

    def kill(self, instance: str) -> None:
        """End an instance with all that it started by -9, as a machine that is lost."""
        for process in self.family(instance):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        del self._leaders[instance]

    def end(self, instance: str) -> None:
        """End an instance in good order, as `docker compose stop` does."""
        processes.stop([self._leaders.pop(instance)], patience_seconds=_END_SECONDS)

    @contextlib.contextmanager
    def suspended(self, instance: str) -> Iterator[None]:
        """Have an instance, with all that it started, stand still within."""
        family = self.family(instance)
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def family(self, instance: str) -> list[psutil.Process]:
        """Give the living processes of an instance."""
        found = []
        for pid, _started in self._leaders[instance].family():
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(pid))
        return found

    def health(self, instance: str) -> subprocess.CompletedProcess[str]:
        """Run an instance's health check."""
        service = self.service(instance)
        words = [self.machine.translate(word, service, instance) for word in service.health]
        environment = self.environment(instance)
        words[0] = program(words[0], environment["PATH"])
        return subprocess.run(
            words,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_HEALTH_SECONDS,
        )

    def is_healthy(self, instance: str) -> bool:
        """Whether an instance's health check finds it well."""
        return self.health(instance).returncode == 0

    def run(self, instance: str, *command: str) -> str:
        """Run a command beside an instance, as `docker compose exec` does; give what it says."""
        environment = self.environment(instance)
        answer = subprocess.run(
            [program(command[0], environment["PATH"]), *command[1:]],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_HEALTH_SECONDS,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def check(self) -> None:
        """Do nothing while all that was started runs.

        Raises:
            DemoError: An instance ended by itself.
        """
        for name, leader in self._leaders.items():
            if name != "init-1" and not leader.is_alive:
                raise DemoError(f"{name} ended by itself; its log is {leader.log}")

    def service(self, instance: str) -> Service:
        """Give the service that an instance is of."""
        return self.services[instance.rpartition("-")[0]]

    def environment(self, instance: str) -> dict[str, str]:
        """Give an instance's whole environment."""
        service = self.service(instance)
        found = self.machine.environment(service, instance)
        return found | (self._environment if "AIRFLOW_HOME" in found else {})

    @property
    def sagemaker(self) -> Any:
        """A boto3 client of the endpoint."""
        return sagemaker.client(self.endpoint_url)

    def _is_complete(self) -> bool:
        self.check()
        if not self.api.is_healthy():
            return False
        wanted = {name for name in self.instances if self.service(name).name == "triggerer"}
        return set(self.triggerers().values()) == wanted and self.workers() == {
            name for name in self.instances if self.service(name).name == "worker"
        }

    def triggerers(self) -> dict[int, str]:
        """Give the instance of each triggerer by the number that Airflow has given it."""
        return self._jobs("TriggererJob")

    def _jobs(self, kind: str) -> dict[int, str]:
        jobs = self.api.call("GET", f"/jobs?job_type={kind}&is_alive=true")["jobs"]
        return {job["id"]: job["hostname"] for job in jobs}

    def _is_met(self, name: str, condition: str) -> bool:
        if condition == "service_completed_successfully":
            return self._has_succeeded(f"{name}-1")
        assert condition == "service_healthy"
        service = self.services[name]
        names = [f"{name}-{number}" for number in range(1, service.replicas + 1)]
        return all(each in self._leaders and self.is_healthy(each) for each in names)

    def _has_succeeded(self, instance: str) -> bool:
        leader = self._leaders.get(instance)
        if leader is None or leader.is_alive:
            return False
        # It stays to be asked how it has ended.
        ended = os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        assert ended.si_status == 0, f"{instance} failed; its log is {leader.log}"
        return True

    def workers(self) -> set[str]:
        """Give the workers that answer."""
        environment = self.environment("worker-1")
        # Without Airflow's own application, which takes seconds to import.
        answer = subprocess.run(
            [program("celery", environment["PATH"]), "inspect", "ping", "--json"],
            env={"CELERY_BROKER_URL": environment["AIRFLOW__CELERY__BROKER_URL"]},
            stdout=subprocess.PIPE,
            check=False,
            timeout=_HEALTH_SECONDS,
        )
        names = json.loads(answer.stdout) if answer.returncode == 0 else {}
        return {name.partition("@")[2] for name in names}


def _secrets(path: Path) -> dict[str, str]:
    compose.write_secrets(path)
    return compose.secrets(path)
