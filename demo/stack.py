"""The stack: the local SageMaker endpoint, and a real Airflow whose AWS it is."""

import contextlib
import json
import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx

from demo import ports, processes
from demo.airflow_api import AirflowApi
from demo.errors import DemoError
from demo.processes import Leader
from demo.record import Record

ROOT = Path(__file__).resolve().parents[1]
DAGS = ROOT / "dags"
REGION = "us-east-1"
# The local endpoint asks for credentials, as AWS does, and takes any.
# Not an ordinary word: Airflow masks the secret wherever it stands in a log.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "demo-access-key", "AWS_SECRET_ACCESS_KEY": "demo-secret-key"}

_START_SECONDS = 600
_STOP_SECONDS = 8
_POLL_SECONDS = 0.1


class Stack:
    """Processes that serve on the loopback interface, and the folder they keep everything in.

    Args:
        home: `AIRFLOW_HOME`: database, logs, the endpoint's data. Made if it is not there.
        airflow_port: Of Airflow's UI and API; 0 takes any free one.
        endpoint_port: Of the SageMaker endpoint; 0 takes any free one.
        dags: The folder whose DAGs Airflow loads.
        endpoint_options: Further arguments of the SageMaker endpoint's command.
        environment: Variables that are to be other than this stack sets them.
        restarts: Whether a component of Airflow that ends by itself is started again.

    Raises:
        DemoError: A port is in use.
    """

    def __init__(
        self,
        home: Path,
        *,
        airflow_port: int = 0,
        endpoint_port: int = 0,
        dags: Path = DAGS,
        endpoint_options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        restarts: bool = False,
    ) -> None:
        self.home = home.resolve()
        self._endpoint_options = endpoint_options
        self._restarts = restarts
        self._dags = dags.resolve()
        self._airflow_port = str(ports.reserve(airflow_port, "AIRFLOW_PORT"))
        self._endpoint_port = str(ports.reserve(endpoint_port, "ENDPOINT_PORT"))
        self._record = Record(
            airflow_url=f"http://{ports.HOST}:{self._airflow_port}",
            endpoint_url=f"http://{ports.HOST}:{self._endpoint_port}",
        )
        self.airflow_url = self._record.airflow_url
        self.endpoint_url = self._record.endpoint_url
        self.api = AirflowApi(self.airflow_url)
        self.environment = self._environment() | dict(environment or {})
        """Of all the processes: the caller's, less what means another Airflow or AWS."""

    def __enter__(self) -> Self:
        """Promise that what is started within ends with it, unless it is kept."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop what was started, whatever happened."""
        if self._record.kept:
            return
        try:
            self.stop()
        finally:
            # A signal may have cut the first one short. It is done already if not.
            self.stop()

    def start(self) -> None:
        """Start the endpoint and Airflow, and return when both are ready.

        Raises:
            DemoError: One ended by itself, or was not ready in time.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        components = [str(Path(__file__).with_name("components.py"))]
        components += ["--restart"] if self._restarts else []
        endpoint = ["-m", "sagemaker_tuning.local", "--port", self._endpoint_port]
        endpoint += ["--data-dir", str(self.home / "endpoint"), *self._endpoint_options]
        # The oldest Airflow's environment has what is of its time, and not the endpoint.
        self.add("endpoint", endpoint, python=os.environ.get("ENDPOINT_PYTHON", sys.executable))
        self.add("airflow", components)
        health = f"{self.endpoint_url}/_local/health"
        self._wait(lambda: httpx.get(health, trust_env=False).is_success, "endpoint")
        self._wait(self.api.is_healthy, "airflow")

    def add(self, name: str, arguments: Sequence[str], *, python: str = sys.executable) -> Leader:
        """Start another program of Python, in the stack's environment; it ends with the stack.

        Args:
            name: What it is, for people; its log is `<name>.log`.
            arguments: Those of the interpreter.
            python: The interpreter.
        """
        # -P: no module is to come from the current folder.
        command = [python, "-P", *arguments]
        with processes.undisturbed():
            log = self.home / f"{name}.log"
            leader = processes.start(name, command, self.environment, log)
            self._record = replace(self._record, leaders=(*self._record.leaders, leader))
            self._record.save(self.home)
        return leader

    def keep(self) -> None:
        """Say that the stack is to run on when this command has ended."""
        self._record = replace(self._record, kept=True)
        self._record.save(self.home)

    def stop(self) -> None:
        """End every process, and return when none is left."""
        stop(self._record, self.home)

    def check(self) -> None:
        """Do nothing while all the processes run.

        Raises:
            DemoError: One ended by itself.
        """
        for leader in self._record.leaders:
            if not leader.is_alive:
                raise DemoError(f"{leader.name} ended by itself: {_last_words(leader)}")

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))}
        return inherited | self._airflow_environment() | self._aws_environment()

    def _airflow_environment(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__API__BASE_URL": self.airflow_url,
            "AIRFLOW__API__HOST": ports.HOST,
            "AIRFLOW__API__PORT": self._airflow_port,
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(64),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self._dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.airflow_url}/execution/",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            # No login: whoever can reach this machine's loopback interface may use it.
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            # A second writer gives up after 5 s by default, and then the API answers 500.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db?timeout=60",
            # Most of a short task's time is the scheduler's sleep, 1 s if not told otherwise.
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            # A DAG that is added shows at once, rather than in five minutes.
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        }

    def _aws_environment(self) -> dict[str, str]:
        connection = {
            "conn_type": "aws",
            "login": CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "password": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            "extra": {"region_name": REGION},
        }
        return CREDENTIALS | {
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            # What is missing here is not to be looked up in the caller's own account.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # A proxy of the environment has no way to this machine's loopback interface.
            "NO_PROXY": ports.HOST,
            "no_proxy": ports.HOST,
        }

    def _wait(self, is_ready: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(httpx.HTTPError):
                if is_ready():
                    return
            time.sleep(_POLL_SECONDS)
        log = self.home / f"{name}.log"
        raise DemoError(f"{name} was not ready within {_START_SECONDS} s; its log is {log}")


def stop(record: Record, home: Path) -> None:
    """End what the record in `home` tells of, and return when nothing of it is left."""
    processes.stop(record.leaders, patience_seconds=_STOP_SECONDS)
    Record.delete(home)


def _last_words(leader: Leader) -> str:
    with Path(leader.log).open(encoding="utf-8", errors="replace") as log:
        last = deque((line.strip() for line in log if line.strip()), maxlen=1)
    return f"{last[0] if last else 'it said nothing'} (log: {leader.log})"
