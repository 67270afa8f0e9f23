"""What all tests stand on: an Airflow home of their own, and a local SageMaker endpoint."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Airflow reads these when it is first imported, which may be at collection.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"

with contextlib.suppress(ImportError):  # not every environment has it
    from hypothesis import HealthCheck, settings

    # How long an example takes depends on what else this machine does.
    settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any")


class Faults:
    """The endpoint's fault control; see ``docs/local-endpoint.md``."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"X-Fault-Token": token}

    def put(self, *rules: dict[str, Any]) -> None:
        """Have these rules in force, and no others."""
        self._send("PUT", json.dumps(rules))

    def clear(self) -> None:
        """Have no rule in force."""
        self._send("DELETE")

    def _send(self, method: str, body: str | None = None) -> None:
        connection = HTTPConnection(self._address, timeout=60)
        connection.request(method, "/_local/faults", body, self._headers)
        answer = connection.getresponse()
        assert answer.status == HTTPStatus.OK, answer.read()


@pytest.fixture(scope="session")
def endpoint_lines() -> Iterator[tuple[str, str]]:
    """Run one local SageMaker endpoint for all tests of this process; give what it says first.

    The clients' environments do not have it, so there ENDPOINT_PYTHON says who does.
    """
    python = os.environ.get("ENDPOINT_PYTHON", sys.executable)
    command = [python, "-m", "sagemaker_tuning.local", "--port", "0", "--faults"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("Local SageMaker endpoint ready on "), ready
        yield ready, process.stdout.readline()
        process.terminate()


@pytest.fixture(scope="session")
def endpoint(endpoint_lines: tuple[str, str]) -> str:
    """Give the URL of the endpoint that all tests of this process share."""
    return endpoint_lines[0].split()[5]


@pytest.fixture
def faults(endpoint: str, endpoint_lines: tuple[str, str]) -> Iterator[Faults]:
    """Give the fault control of the shared endpoint; no rule outlives the test."""
    control = Faults(endpoint, endpoint_lines[1].split()[-1])
    yield control
    control.clear()
