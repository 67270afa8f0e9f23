"""The resources that jobs run with, over training processes that do as a test says."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.workplace import Settings, Workplace
from sagemaker_tuning.local.store import Store
from tests.unit.local.runner.fakes import BUCKET, REGION, BreakableStore, Processes

if TYPE_CHECKING:
    from sagemaker_tuning.local.training.processes import TrainingProcesses


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BreakableStore]:
    store = BreakableStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


@pytest.fixture
def workplace(tmp_path: Path, store: Store, processes: Processes) -> Workplace:
    return Workplace(
        tmp_path, store, cast("TrainingProcesses", processes), LogShipper(), Settings()
    )


@pytest.fixture
def jobs(workplace: Workplace) -> Iterator[LiveJobs]:
    jobs = LiveJobs(workplace)
    yield jobs
    jobs.close(grace_seconds=1)


@pytest.fixture(scope="package", autouse=True)
def _data() -> None:
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, REGION)
    backend.put_object(BUCKET, "train/data.csv", b"1,2")
