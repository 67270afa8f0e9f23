"""What all tests stand on: an Airflow home of their own, and a local SageMaker endpoint."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Airflow reads these when it is first imported, which may be at collection.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Run one local SageMaker endpoint for all tests of this process; give its URL.

    The clients' environments do not have it, so there ENDPOINT_PYTHON says who does.
    """
    python = os.environ.get("ENDPOINT_PYTHON", sys.executable)
    command = [python, "-m", "sagemaker_tuning.local", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("Local SageMaker endpoint ready on "), ready
        yield ready.split()[5]
        process.terminate()
