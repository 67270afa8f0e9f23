"""Quotas hold however many ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from moto.backends import get_backend

from sagemaker_tuning.local.api import tuning_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.faults import rules
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.serving.live_endpoints import LiveEndpoints
from sagemaker_tuning.local.store import Store
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
    context = Context("us-east-1", store, live_jobs, faults, LiveEndpoints(store))

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
