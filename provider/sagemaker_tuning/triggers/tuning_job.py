"""The deferred wait for a tuning job."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from sagemaker_tuning._compat import has_to_kill
from sagemaker_tuning.core.budget import Budget
from sagemaker_tuning.core.counters import CountersCondition
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.progress import progress_key, progress_line
from sagemaker_tuning.core.tuning_job import is_failing_fast, tuning_job_result
from sagemaker_tuning.triggers.killing import StopsOnKill
from sagemaker_tuning.triggers.spending import SpendingGuard
from sagemaker_tuning.triggers.subscription import never
from sagemaker_tuning.triggers.watched_job import WatchedJob
from sagemaker_tuning.triggers.watcher import Connection, stop, subscribe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sagemaker_tuning.core.poll_interval import PollInterval
    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.triggers.subscription import Log


async def wait_for_tuning_job(
    connection: Connection,
    job: WatchedJob,
    log: Log,
    is_enough: Callable[[Snapshot], bool] = never,
    budget: Budget | None = None,
) -> Snapshot:
    """Wait until the tuning job ends, or enough is seen.

    Writes the progress line to the log whenever it has something new to say.

    Args:
        connection: How to reach AWS.
        job: What to wait on.
        log: Where the progress line goes.
        is_enough: Return as soon as it is true of a snapshot.
        budget: Stop the tuning job once it has cost more; the wait goes on until it has stopped.

    Returns:
        The snapshot that ended the wait.
    """
    said: object = None
    guard = SpendingGuard(connection, budget, log) if budget is not None else None

    def is_decisive(snapshot: Snapshot) -> bool:
        # The guard reads the training job definitions, which no List has.
        return is_enough(snapshot) or (guard is not None and not snapshot.is_described)

    async with aclosing(subscribe(connection, job, log, is_decisive)) as snapshots:
        async for snapshot in snapshots:
            if progress_key(snapshot) != said:
                said = progress_key(snapshot)
                log.info(progress_line(snapshot, datetime.now(UTC)))
            if snapshot.is_ended or is_enough(snapshot):
                return snapshot
            if guard is not None:
                await guard.look(snapshot)
    raise AssertionError  # a subscription never ends by itself


class SageMakerTuningJobTrigger(StopsOnKill):
    """Waits for a tuning job without a worker slot.

    Args:
        tuning_job_name: ``HyperParameterTuningJobName``.
        tuning_job_arn: The ARN that Create gave; answers about another one are an error.
        counters: Fire as soon as these counters are reached or out of reach.
        fail_fast: Fire as soon as more training jobs have ended with NonRetryableError.
        budget: Stop the tuning job once it has cost more than ``MaxCost``, by ``HourlyRates``, as
            ``{"MaxCost": "50", "HourlyRates": {"ml.m5.large": {"OnDemand": "0.115"}}}``; fire when
            it has stopped.
        poll_interval: Seconds between two looks, above 0, or ``"adaptive"``.
        stop_on_kill: Stop the tuning job when a person ends or clears the task.
        aws_conn_id: As the operators', and so are the next three.
        region_name: ...
        verify: ...
        botocore_config: ...
        requires_connection: Whether the Airflow connection existed when the job was launched; if
            so, it is waited for where it cannot be found for a moment.

    The event's payload has ``HyperParameterTuningJobName`` and ``…Arn``; ``Budget``, if there is
    one; ``TuningJob``, the job as it was when the wait ended; ``OutOfReach`` with the reason where
    the counters can no longer be reached; or ``Error`` and ``ErrorType`` where the wait failed for
    good.

    Example:
        In an operator of one's own, to which the event comes back:

        >>> from airflow.sdk import BaseOperator
        >>> class AwaitFirstResults(BaseOperator):
        ...     def execute(self, context):
        ...         trigger = SageMakerTuningJobTrigger(
        ...             tuning_job_name="churn-2026-01-01", counters={"Completed": 5}
        ...         )
        ...         self.defer(trigger=trigger, method_name="execute_complete")
        ...
        ...     def execute_complete(self, context, event):
        ...         return event["TuningJob"]["BestTrainingJob"]
        >>> AwaitFirstResults(task_id="await_first_results").execute({})
        Traceback (most recent call last):
        airflow.sdk.exceptions.TaskDeferred
    """

    def __init__(
        self,
        *,
        tuning_job_name: str,
        tuning_job_arn: str | None = None,
        counters: Mapping[str, int] | None = None,
        fail_fast: int | None = None,
        budget: Mapping[str, Any] | None = None,
        poll_interval: PollInterval = 30.0,
        stop_on_kill: bool = False,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        requires_connection: bool | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tuning_job_name = tuning_job_name
        self.tuning_job_arn = tuning_job_arn
        self.counters = dict(counters) if counters else None
        self.fail_fast = fail_fast
        self.budget = dict(budget) if budget else None
        self.poll_interval = poll_interval
        self.stop_on_kill = stop_on_kill
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self.requires_connection = requires_connection

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and its arguments."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {
            "tuning_job_name": self.tuning_job_name,
            "tuning_job_arn": self.tuning_job_arn,
            "counters": self.counters,
            "fail_fast": self.fail_fast,
            "budget": self.budget,
            "poll_interval": self.poll_interval,
            "stop_on_kill": self.stop_on_kill,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
            "requires_connection": self.requires_connection,
        }

    @property
    def _connection(self) -> Connection:
        return Connection.of(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
            requires_connection=self.requires_connection,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire once."""
        job = WatchedJob(self.tuning_job_name, self.poll_interval, self.tuning_job_arn)
        condition = CountersCondition.from_mapping(self.counters) if self.counters else None

        def is_enough(snapshot: Snapshot) -> bool:
            return is_failing_fast(snapshot, self.fail_fast) or (
                condition is not None and condition.is_decided(snapshot)
            )

        payload: dict[str, Any] = {
            "HyperParameterTuningJobName": self.tuning_job_name,
            "HyperParameterTuningJobArn": self.tuning_job_arn,
        }
        if self.budget is not None:
            payload["Budget"] = self.budget
        try:
            snapshot = await wait_for_tuning_job(
                self._connection, job, self.log, is_enough, Budget.from_document(self.budget)
            )
            payload["TuningJob"] = tuning_job_result(snapshot.description)
            if condition is not None:
                payload["OutOfReach"] = condition.out_of_reach(snapshot)
        except SageMakerTuningError as error:
            payload |= {"Error": str(error), "ErrorType": type(error).__name__}
        except asyncio.CancelledError:
            if has_to_kill(self):
                await self.on_kill()
            raise
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    @property
    def waited_for(self) -> str:
        """The tuning job's name."""
        return self.tuning_job_name

    async def stop_waited_for(self) -> None:
        """Stop the tuning job."""
        await stop(self._connection, self.tuning_job_arn or self.tuning_job_name)
