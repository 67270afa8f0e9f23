"""The services of docker-compose.yaml, once for all tests here."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from demo import sagemaker as endpoint
from demo.stack import DAGS
from tests.distributed import fleet, packages, task
from tests.distributed.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

# A worker that is lost is missed after half a minute, rather than five.
_IMPATIENT = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30"}


def pytest_configure() -> None:
    """Say what is missing in one line, instead of once for each test."""
    if line := packages.missing():
        pytest.exit(line, returncode=1)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers, two triggerers and one each of the others, with the templates' data."""
    dags = tmp_path_factory.mktemp("dags")
    for folder in (DAGS, task.DAGS, fleet.DAGS):
        shutil.copytree(folder, dags, dirs_exist_ok=True)
    with Deployment(
        tmp_path_factory.mktemp("deployment"),
        dags=dags,
        environment=_IMPATIENT,
        endpoint_options=task.ENDPOINT_OPTIONS + fleet.ENDPOINT_OPTIONS,
    ) as deployment:
        deployment.up()
        deployment.run("worker-1", "python", "-m", "demo", "seed")
        endpoint.client(deployment.endpoint_url, "s3").create_bucket(Bucket=task.BUCKET)
        yield deployment
