"""Hundreds of deferred tasks, on triggerers that are lost, and an AWS that throttles."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Faults
from tests.distributed.fleet import SIZE, Fleet
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.distributed.deployment import Deployment

_SECONDS = 3600
"""A launch and a resumption are a process of Airflow's each: minutes, on two cores."""
_THROTTLED = 0.1


@pytest.fixture
def throttling(deployment: Deployment) -> Iterator[None]:
    """A tenth of all calls of SageMaker's is throttled."""
    said = (deployment.home / "endpoint-1.log").read_text(encoding="utf-8")
    token = re.findall(r"X-Fault-Token: (\S+)", said)[-1]
    faults = Faults(deployment.endpoint_url, token)
    faults.put(
        {
            "kind": "throttle",
            "operation": "*",
            "probability": _THROTTLED,
            "seed": 1,
            "times": None,
        }
    )
    yield
    faults.clear()


@pytest.mark.usefixtures("throttling")
def test_a_fleet_loses_nothing(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    """All are deferred at once; one triggerer is killed, the other stands still, all succeed.

    Each has one tuning job and one try, whatever was throttled and whoever waited.
    """
    begun = time.monotonic()
    fleet = Fleet(deployment)
    until(fleet.is_deferred, "all are deferred", seconds=_SECONDS)
    deferred = time.monotonic()

    deployment.kill("triggerer-1")
    until(lambda: fleet.triggerers() == {"triggerer-2"}, "one has all", seconds=_SECONDS)
    deployment.start("triggerer-1")
    deployment.await_complete()
    with deployment.suspended("triggerer-2"):
        until(lambda: fleet.triggerers() == {"triggerer-1"}, "the other has", seconds=_SECONDS)
    moved = time.monotonic()

    assert fleet.is_deferred()  # or what was lost would have been missed by few
    until(lambda: fleet.state() != "running", "the run ends", seconds=_SECONDS)
    ended = time.monotonic()
    instances = fleet.instances()
    assert {each["state"] for each in instances} == {"success"}
    assert {each["try_number"] for each in instances} == {1}
    jobs = fleet.tuning_jobs()
    assert {job["HyperParameterTuningJobStatus"] for job in jobs} == {"Completed"}
    assert len(jobs) == SIZE
    with capsys.disabled():
        print(  # noqa: T201 -- what is measured
            f"\n{SIZE} tasks, {_THROTTLED:.0%} of the calls throttled: all deferred after "
            f"{deferred - begun:.0f} s, moved from a killed and from a suspended triggerer in "
            f"{moved - deferred:.0f} s, all succeeded {ended - moved:.0f} s later"
        )
