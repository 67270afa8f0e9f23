"""The services of docker-compose.yaml, once for all tests here."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from demo import pipelines
from demo.stack import DAGS
from tests.distributed import packages
from tests.distributed.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure() -> None:
    """Say what is missing in one line, instead of once for each test."""
    if line := packages.missing():
        pytest.exit(line, returncode=1)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers, two triggerers and one each of the others, with the templates' data."""
    dags = tmp_path_factory.mktemp("dags")
    shutil.copytree(DAGS, dags, dirs_exist_ok=True)
    with Deployment(tmp_path_factory.mktemp("deployment"), dags=dags) as deployment:
        deployment.up()
        pipelines.seed_all(deployment)
        yield deployment
