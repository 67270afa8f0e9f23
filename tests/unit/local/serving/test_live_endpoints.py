"""Endpoints that come to answer, and what is left of those that do not come to it."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xgboost
from moto.backends import get_backend

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.serving.live_endpoints import TARGET, LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import XGBOOST
from tests.contract.processes import children

REGION = "us-east-1"
NAME = "one"
DEADLINE_SECONDS = 300


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "jobs.sqlite")
    yield made
    made.close()


@pytest.fixture
def uri() -> str:
    """A model that is not archived."""
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    trained = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, rows[:, 0]), 2)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = get_backend("s3")[ACCOUNT_ID]["aws"]
    s3.create_bucket(bucket, REGION)
    s3.put_object(bucket, "models/of-any-name", bytes(trained.save_raw()))
    return f"s3://{bucket}/models/of-any-name"


def add_endpoint(store: Store, uri: str) -> None:
    """One that is being created."""
    source = {"S3Uri": uri, "S3DataType": "S3Object", "CompressionType": "None"}
    container = {
        "Image": XGBOOST.example.replace("<account>", ACCOUNT_ID).replace("<region>", REGION),
        "ModelDataSource": {"S3DataSource": source},
    }
    variant = {"VariantName": "a", "CurrentWeight": 1.0, "_Container": container}
    document = {
        "EndpointName": NAME,
        "EndpointStatus": "Creating",
        "CreationTime": documents.now(),
        "LastModifiedTime": documents.now(),
        "_TargetConfigName": "config",
        TARGET: [variant],
    }
    store.add_resource("endpoint", REGION, NAME, document, status="Creating")


def test_one_file_that_is_no_archive_is_served(store: Store, uri: str) -> None:
    """The object is the model, whatever its name is, where S3DataType says so."""
    add_endpoint(store, uri)
    live = LiveEndpoints(store)
    live.resume()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not live.variants(REGION, NAME):
        document = store.find("endpoint", REGION, NAME)
        assert document is not None
        assert document["EndpointStatus"] == "Creating", document["FailureReason"]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (variant,) = live.variants(REGION, NAME)
    assert float(variant.invoke("text/csv", "", b"4,5").body)
    live.close()


def test_what_is_being_created_ends_too(store: Store, uri: str) -> None:
    """No process is left once all is closed, and the next one over the data goes on with it."""
    add_endpoint(store, uri)
    before = children(os.getpid())
    live = LiveEndpoints(store)
    live.resume()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while children(os.getpid()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    live.close()
    assert children(os.getpid()) == before
    document = store.find("endpoint", REGION, NAME)
    assert document is not None
    assert (document["EndpointStatus"], TARGET in document) == ("Creating", True)
