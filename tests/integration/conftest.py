"""A real Airflow and the local SageMaker endpoint, once for all tests here."""

from collections.abc import Iterator
from typing import Any

import pytest

from demo import sagemaker as endpoint
from demo.airflow_api import AirflowApi
from demo.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo's stack on free ports, with the checkout's DAGs and a home of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        stack.start()
        yield stack


@pytest.fixture(scope="session")
def airflow(stack: Stack) -> AirflowApi:
    """Airflow's REST API."""
    return stack.api


@pytest.fixture(scope="session")
def sagemaker(stack: Stack) -> Any:
    """A boto3 client of the endpoint."""
    return endpoint.client(stack.endpoint_url)
