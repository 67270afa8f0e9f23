"""The endpoint that most contract tests share, and endpoints of a test's own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Protocol

import pytest

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document
from tests.contract.examples import example, rows


class StartEndpoint(Protocol):
    """Starts an endpoint with options; it ends with the test, if not before."""

    def __call__(self, *options: str) -> tuple[Aws, subprocess.Popen[str]]:
        """Gives the endpoint, ready, and its process."""
        ...


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Aws:
    return Aws(endpoint)


@pytest.fixture(scope="session")
def bucket(aws: Aws) -> str:
    """A bucket with data that takes milliseconds to train on."""
    return aws.upload(rows(400, seed=1), rows(200, seed=2))


@pytest.fixture
def request_document(bucket: str) -> Document:
    """A valid Create request; it trains for well under a second."""
    return example(bucket)


@pytest.fixture(scope="session")
def completed(aws: Aws, bucket: str) -> Document:
    """A completed tuning job, as Describe answers."""
    request = example(bucket)
    request["Tags"] = [{"Key": "team", "Value": "retraining"}]
    return aws.run(request)


@pytest.fixture
def start_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartEndpoint]:
    yield from _starting(tmp_path_factory)


@pytest.fixture(scope="module")
def start_shared_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartEndpoint]:
    """The endpoints end with the module."""
    yield from _starting(tmp_path_factory)


def _starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartEndpoint]:
    # Where pytest cleans up after endpoints that a test has killed.
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("endpoint"))}
    with contextlib.ExitStack() as stack:

        def start(*options: str) -> tuple[Aws, subprocess.Popen[str]]:
            command = [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0", *options]
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            )
            stack.callback(_end, process)
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("Local SageMaker endpoint ready on http://"), ready
            return Aws(ready.split()[5]), process

        yield start


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(DEADLINE_SECONDS)
