"""A real Airflow and the local SageMaker endpoint, once for all tests here."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import pipelines
from demo import sagemaker as endpoint
from demo.airflow_api import AirflowApi
from demo.stack import DAGS, Stack

_OWN_DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo's stack on free ports, with its data, the checkout's DAGs and the tests'."""
    dags = tmp_path_factory.mktemp("dags")
    for folder in (DAGS, _OWN_DAGS):
        shutil.copytree(folder, dags, dirs_exist_ok=True)
    with Stack(tmp_path_factory.mktemp("stack"), dags=dags) as stack:
        stack.start()
        pipelines.seed_all(stack)
        yield stack


@pytest.fixture(scope="package")
def airflow(stack: Stack) -> AirflowApi:
    """Airflow's REST API."""
    return stack.api


@pytest.fixture(scope="package")
def sagemaker(stack: Stack) -> Any:
    """A boto3 client of the endpoint."""
    return endpoint.client(stack.endpoint_url)
