"""Parts of the deployment are lost while tuning jobs are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.distributed.task import Task
from tests.integration.waiting import until

if TYPE_CHECKING:
    from tests.distributed.deployment import Deployment


def test_a_worker_and_a_triggerer(deployment: Deployment) -> None:
    """Those that are left go on with what the dead ones did; nothing is launched twice, or lost.

    Both are killed by -9 at the same time. Once their tasks have gone over to the others they are
    started again, as Docker does, and belong to the deployment as before.
    """
    deferred = [Task(deployment, "deferred") for _ in range(4)]
    in_worker = [Task(deployment, "in_worker") for _ in range(2)]
    for task in deferred + in_worker:
        task.start()
    for task in deferred + in_worker:
        task.await_wait()
    triggerer, worker = deferred[0].triggerer(), in_worker[0].worker()
    assert triggerer is not None
    with_triggerer = [task for task in deferred if task.triggerer() == triggerer]
    on_worker = [task for task in in_worker if task.worker() == worker]

    deployment.kill(triggerer)
    deployment.kill(worker)
    for task in with_triggerer:
        task.await_wait(not_by=triggerer)
    for task in on_worker:
        task.await_wait(attempt=2, not_by=worker)
    for instance in (triggerer, worker):
        _await_missed(deployment, instance)
        deployment.start(instance)
    deployment.await_complete()

    for task in deferred + in_worker:
        task.let_training_end()
    for task in deferred + in_worker:
        assert task.end() == "success"
        assert len(task.tuning_jobs()) == 1
    assert {task.instance()["try_number"] for task in deferred} == {1}


def _await_missed(deployment: Deployment, instance: str) -> None:
    """Wait until the health check of the file says that it is gone."""
    until(lambda: not deployment.is_healthy(instance), f"{instance} is missed")
