"""The health checks of docker-compose.yaml."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.distributed.deployment import Deployment


def test_all_are_well(deployment: Deployment) -> None:
    """Each instance's own health check, run as it is in the file, finds it well."""
    names = deployment.instances
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = dict(zip(names, pool.map(deployment.health, names), strict=True))
    unwell = {name: answer for name, answer in answers.items() if answer.returncode != 0}
    assert not unwell
    # Two of a kind are two instances; what has come to its end is none.
    assert {"worker-1", "worker-2", "triggerer-1", "triggerer-2", "endpoint-1"} <= answers.keys()
