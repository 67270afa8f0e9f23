"""Stops a tuning job that has cost more than it may, while it is waited for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.core.spending import SpendingWatch, consumed
from sagemaker_tuning.triggers.watcher import stop, training_jobs

if TYPE_CHECKING:
    from sagemaker_tuning.core.budget import Budget
    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.triggers.subscription import Log
    from sagemaker_tuning.triggers.watcher import Connection


class SpendingGuard:
    """Looks after what a tuning job costs, by as few calls as that takes.

    Args:
        connection: How to reach AWS.
        budget: Without a limit, nothing is looked up.
        log: Of the wait.
    """

    def __init__(self, connection: Connection, budget: Budget, log: Log) -> None:
        self._connection = connection
        self._budget = budget
        self._log = log
        self._watch: SpendingWatch | None = None
        self._said = ""

    async def look(self, snapshot: Snapshot) -> None:
        """Stop the tuning job if it runs and has cost more than the limit.

        What fails in passing is tried again at the next look.

        Raises:
            AwsCallFailed: AWS refuses to list the training jobs or to stop the job.
        """
        limit = self._budget.max_cost
        if limit is None or snapshot.status != "InProgress":
            return
        if self._watch is None:
            self._watch = SpendingWatch(snapshot.description, self._budget.rates, limit)
        # The difference between two times of this machine's clock: however wrong it is, it counts.
        now = datetime.now(UTC)
        if not self._watch.is_due(now):
            return
        listed = await training_jobs(self._connection, snapshot.name, self._log)
        if listed is None:
            return
        jobs, service_now = listed
        rates = self._budget.rates
        self._watch.listed(consumed(snapshot.description, jobs, rates, service_now), now)
        if self._watch.is_over:
            await self._stop(snapshot)
        elif jobs and str(self._watch) != self._said:
            self._said = str(self._watch)
            self._log.info("%s", self._said)

    async def _stop(self, snapshot: Snapshot) -> None:
        self._log.warning("%s: stopping %s", self._watch, snapshot.name)
        try:
            await stop(self._connection, snapshot.arn)
        except AwsCallFailed as error:
            if not error.is_transient:
                raise
            self._log.warning("%s; stopping it later", error)
