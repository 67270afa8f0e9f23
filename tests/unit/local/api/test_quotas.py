"""Quotas hold however many ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.api import endpoints, tuning_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.faults import rules
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.serving.live_endpoints import DEPLOYED, TARGET, LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.transform.live_transform_jobs import LiveTransformJobs
from sagemaker_tuning.local.wire import Document
from tests.contract.examples import example

if TYPE_CHECKING:
    from sagemaker_tuning.local.runner.live_jobs import LiveJobs

BUCKET = "quotas-test"
_TOGETHER_SECONDS = 0.5


class Unstarted:
    """Live jobs that do not run."""

    def start(self, _region: str, _request: Document, _progress: Document) -> None:
        pass


class Simultaneous(Faults):
    """Holds who asks for the quotas until another one does, where that can be."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2)

    def quotas(self) -> dict[str, int]:
        found = super().quotas()
        with suppress(threading.BrokenBarrierError):
            self._both.wait(_TOGETHER_SECONDS)
        return found


def test_the_last_place_is_given_once(tmp_path: Path) -> None:
    """Two creations that both look before either is stored: one of them is refused."""
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    for name in ("train", "validation"):
        backend.put_object(BUCKET, f"{name}/data.csv", b"1,2")
    faults = Simultaneous()
    faults.replace(rules.read([{"kind": "quota", "resource": "tuning-jobs", "limit": 1}]))
    store = Store(tmp_path / "jobs.sqlite")
    live_jobs = cast("LiveJobs", Unstarted())
    transform_jobs = LiveTransformJobs(store, LogShipper(), tmp_path)
    context = Context("us-east-1", store, live_jobs, faults, LiveEndpoints(store), transform_jobs)

    def create(request: Document) -> str:
        try:
            tuning_jobs.create(context, request)
        except ApiError as error:
            return error.code
        return "created"

    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(create, [example(BUCKET), example(BUCKET)])
        assert sorted(answers) == ["ResourceLimitExceeded", "created"]
    store.close()


class Undeployed(LiveEndpoints):
    """Endpoints that stay as they are stored."""

    def deploy(self, region: str, name: str) -> None:
        pass


def test_variants_have_a_limit_over_all_endpoints(tmp_path: Path) -> None:
    """Both those that answer and those that are to; a refused endpoint is not stored."""
    store = Store(tmp_path / "jobs.sqlite")
    live_jobs = cast("LiveJobs", Unstarted())
    transform_jobs = LiveTransformJobs(store, LogShipper(), tmp_path)
    context = Context("us-east-1", store, live_jobs, Faults(), Undeployed(store), transform_jobs)
    store.add_resource("model", "us-east-1", "m", _resource(PrimaryContainer={"Image": "x"}))
    for name, number in (("ten", 10), ("forty", 40)):
        variants = [
            {
                "VariantName": f"v{each}",
                "ModelName": "m",
                "InitialVariantWeight": 1.0,
                "InitialInstanceCount": 1,
            }
            for each in range(number)
        ]
        config = _resource(EndpointConfigName=name, ProductionVariants=variants)
        store.add_resource("endpoint_config", "us-east-1", name, config)
        endpoints.create(context, {"EndpointName": name, "EndpointConfigName": name})
    refused = {"EndpointName": "one-more", "EndpointConfigName": "ten"}
    with pytest.raises(ApiError, match="is 50 Variants, with current utilization of 50") as caught:
        endpoints.create(context, refused)
    assert caught.value.code == "ResourceLimitExceeded"
    assert store.find("endpoint", "us-east-1", "one-more") is None
    document = store.find("endpoint", "us-east-1", "forty")
    assert document is not None
    document[DEPLOYED] = document.pop(TARGET)
    document["EndpointStatus"] = "InService"
    store.update_resource("endpoint", "us-east-1", "forty", document, status="InService")
    with pytest.raises(ApiError, match="request delta of 10 Variants"):
        endpoints.update(context, {"EndpointName": "forty", "EndpointConfigName": "ten"})
    endpoints.delete(context, {"EndpointName": "forty"})
    endpoints.create(context, {**refused})
    store.close()


def _resource(**members: object) -> Document:
    return {"CreationTime": 1.0, "LastModifiedTime": 1.0, **members}
