"""The environment in which other clients find the local endpoint, and data to train on."""

import os
from collections.abc import Iterator

import pytest

from tests.contract.aws import REGION, Aws
from tests.contract.examples import rows


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Iterator[Aws]:
    """The endpoint; within, any client reaches it without being told more."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "SAGEMAKER_"))]:
            patch.delenv(name)  # a user's own would lead elsewhere
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, os.devnull)
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Aws(endpoint)


@pytest.fixture(scope="session")
def bucket(aws: Aws) -> str:
    """A bucket with both channels' data."""
    return aws.upload(rows(400, seed=1), rows(200, seed=2))
