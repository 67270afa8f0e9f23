"""The environment in which other clients find the local endpoint, and data to train on."""

import os
from collections.abc import Iterator

import pytest

from tests.contract.aws import REGION, Aws
from tests.contract.examples import rows

# The SageMaker SDK makes a session when it is imported, which is at collection. What a user has set
# would lead elsewhere, and without credentials it asks for those of an EC2 instance.
for _name in [name for name in os.environ if name.startswith(("AWS_", "SAGEMAKER_"))]:
    del os.environ[_name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Iterator[Aws]:
    """The endpoint; within, any client reaches it without being told more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield Aws(endpoint)


@pytest.fixture(scope="session")
def bucket(aws: Aws) -> str:
    """A bucket with both channels' data."""
    return aws.upload(rows(400, seed=1), rows(200, seed=2))
