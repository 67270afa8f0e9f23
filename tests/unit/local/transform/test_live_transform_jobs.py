"""Transform jobs over the life of an endpoint: none is lost, none stays as it is for ever."""

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
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.transform.inputs import UPLOADING, inputs
from sagemaker_tuning.local.transform.live_transform_jobs import MOST_RUNNING, LiveTransformJobs
from sagemaker_tuning.local.transform.transform_job import CONTAINER
from sagemaker_tuning.local.wire import Document
from tests.contract.processes import children
from tests.contract.serving import archive

REGION = "us-east-1"
DEADLINE_SECONDS = 300
MANY = b"4,5\n" * 200_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "jobs.sqlite")
    yield made
    made.close()


@pytest.fixture
def bucket() -> str:
    """With a model, and much to be transformed."""
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    trained = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, rows[:, 0]), 2)
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = get_backend("s3")[ACCOUNT_ID]["aws"]
    s3.create_bucket(name, REGION)
    content = archive(**{"xgboost-model": bytes(trained.save_raw())})
    s3.put_object(name, "model.tar.gz", content)
    s3.put_object(name, "many/data.csv", MANY)
    s3.put_object(name, "one/data.csv", b"4,5\n")
    return name


def add(store: Store, bucket: str, name: str, folder: str = "many/", **members: str) -> Document:
    """A stored job that sends each record by itself."""
    image = XGBOOST.example.replace("<account>", ACCOUNT_ID).replace("<region>", REGION)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{folder}"}
    document: Document = {
        "TransformJobName": name,
        "TransformJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:transform-job/{name}",
        "TransformJobStatus": "InProgress",
        "CreationTime": documents.now(),
        "LastModifiedTime": documents.now(),
        "BatchStrategy": "SingleRecord",
        "TransformInput": {"DataSource": {"S3DataSource": source}, "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": f"s3://{bucket}/{folder}"},
        CONTAINER: {"Image": image, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"},
        **members,
    }
    store.add_resource(
        "transform_job", REGION, name, document, status=document["TransformJobStatus"]
    )
    return document


def status(store: Store, name: str) -> str:
    document = store.find("transform_job", REGION, name)
    assert document is not None
    found: str = document["TransformJobStatus"]
    return found


def wait_until_ended(store: Store, name: str) -> str:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while status(store, name) not in documents.TERMINAL:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return status(store, name)


def test_what_was_being_stopped_is_stopped(store: Store, bucket: str, tmp_path: Path) -> None:
    """By the next endpoint over the data, before it answers anything."""
    add(store, bucket, "one", TransformJobStatus="Stopping")
    live = LiveTransformJobs(store, LogShipper(), tmp_path / "files")
    live.resume()
    assert status(store, "one") == "Stopped"
    live.close()


def test_what_runs_and_what_waits_is_left_for_the_next_endpoint(
    store: Store, bucket: str, tmp_path: Path
) -> None:
    """It ends no job, but every process; the next runs them all, those that waited too."""
    before = children(os.getpid())
    live = LiveTransformJobs(store, LogShipper(), tmp_path / "files")
    names = [f"job-{number}" for number in range(MOST_RUNNING + 1)]
    for name in names:
        live.start(REGION, add(store, bucket, name))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while children(os.getpid()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    live.close()
    assert children(os.getpid()) == before
    assert {status(store, name) for name in names} == {"InProgress"}
    assert list((tmp_path / "files").iterdir()) == []
    again = LiveTransformJobs(store, LogShipper(), tmp_path / "files")
    again.resume()
    for name in names:
        assert again.stop(REGION, name.upper())
        assert wait_until_ended(store, name) == "Stopped"
        assert not again.stop(REGION, name)
    again.close()


def test_output_beside_the_input(store: Store, bucket: str, tmp_path: Path) -> None:
    """What a killed endpoint had uploaded already is not taken for input when it is run again."""
    live = LiveTransformJobs(store, LogShipper(), tmp_path / "files")
    live.start(REGION, add(store, bucket, "one", "one/"))
    assert wait_until_ended(store, "one") == "Completed"
    live.close()
    document = store.find("transform_job", REGION, "one")
    assert document is not None
    keys = ["one/data.csv", "one/data.csv.out"]
    assert [each.key for each in inputs(document)] == keys
    document[UPLOADING] = [f"s3://{bucket}/one/data.csv.out"]
    assert [each.key for each in inputs(document)] == keys[:1]
