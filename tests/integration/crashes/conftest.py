"""One deployment, which all the cases here disturb one after another."""

from __future__ import annotations

import inspect
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo import sagemaker
from demo.stack import Stack
from tests.integration.crashes import table
from tests.integration.crashes.airflow_bugs import MISTAKES_DEFERRAL
from tests.integration.crashes.case import Case
from tests.integration.crashes.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
DAGS = HERE / "dags"
WRITE = "--write-cases"
# The waits for a sign of life, as short as a busy machine allows.
IMPATIENT = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}
UNSTEADY = {
    "AIRFLOW__SECRETS__BACKEND": "unsteady.UnsteadyBackend",
    "PYTHONPATH": str(HERE / "secrets_backend"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have an option that writes the cases that are run into the docs' table."""
    parser.addoption(WRITE, action="store_true", help="write the table of cases into the docs")


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment whose components are started again when they end, and whose AWS has faults."""
    algorithm = shlex.join([sys.executable, str(HERE / "gate.py")])
    with Stack(
        tmp_path_factory.mktemp("crashes"),
        dags=DAGS,
        endpoint_options=["--faults", "--algorithm", f"*/gate:*={algorithm}"],
        environment=IMPATIENT | UNSTEADY,
        restarts=True,
    ) as stack:
        stack.start()
        sagemaker.client(stack.endpoint_url, "s3").create_bucket(Bucket="crashes")
        yield Deployment(stack, stack.airflow_url)


@pytest.fixture(scope="package")
def bystander(deployment: Deployment) -> str:
    """Launch a tuning job that is none of Airflow's business; give its name."""
    config, definition = (
        json.loads((DAGS / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("tuning_job_config", "training_job_definition")
    )
    config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 1
    definition["StaticHyperParameters"]["gate"] = "/nowhere"
    name = "bystander"
    deployment.sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=config,
        TrainingJobDefinition=definition,
    )
    return name


@pytest.fixture(scope="package")
def found(request: pytest.FixtureRequest) -> Iterator[list[str] | None]:
    """Take the lines that are to be written into the docs; None if they are only compared."""
    if not request.config.getoption(WRITE, default=False):
        yield None
        return
    lines: list[str] = []
    yield lines
    table.write(lines)


@pytest.fixture
def case(
    request: pytest.FixtureRequest,
    deployment: Deployment,
    bystander: str,
    found: list[str] | None,
) -> Iterator[Case]:
    """The case that the test is about; afterwards its outcome is what the docs say."""
    case = Case(deployment, bystander)
    yield case
    if case.outcome is None:  # the test has failed
        case.give_up()
        return
    if MISTAKES_DEFERRAL:
        return
    line = table.row(" ".join((inspect.getdoc(request.function) or "").split()), case.outcome)
    if found is None:
        command = f"make test ARGS='{WRITE} tests/integration/crashes'"
        assert line in table.rows(), f"{line.strip()}: not in the docs; {command} writes it"
    else:
        found.append(line)
