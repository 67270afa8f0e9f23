"""A deferred pause of a task that waits for transform jobs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from sagemaker_tuning._compat import has_to_kill
from sagemaker_tuning.hooks.transform_jobs import stop_transform_job
from sagemaker_tuning.triggers.killing import StopsOnKill
from sagemaker_tuning.triggers.watcher import Connection, stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class SageMakerTransformPauseTrigger(StopsOnKill):
    """Fires at a moment, and stops transform jobs if a person ends or clears the task before.

    Args:
        transform_job_names: ``TransformJobName`` of each job to stop.
        moment: When it fires, in ISO 8601 with an offset from UTC.
        stop_on_kill: Whether there is anything to stop.
        aws_conn_id: As the operators', and so are the next three.
        region_name: ...
        verify: ...
        botocore_config: ...
        requires_connection: Whether the Airflow connection existed when the jobs were launched.

    Example:
        In an operator of one's own, which looks at its job again after the pause:

        >>> from datetime import UTC, datetime, timedelta
        >>> from airflow.sdk import BaseOperator
        >>> class AwaitTransformJob(BaseOperator):
        ...     def execute(self, context, event=None):
        ...         moment = datetime.now(UTC) + timedelta(minutes=1)
        ...         trigger = SageMakerTransformPauseTrigger(
        ...             transform_job_names=["churn-2026-01-01"], moment=moment.isoformat()
        ...         )
        ...         self.defer(trigger=trigger, method_name="execute")
        >>> AwaitTransformJob(task_id="await_transform_job").execute({})
        Traceback (most recent call last):
        airflow.sdk.exceptions.TaskDeferred
    """

    def __init__(
        self,
        *,
        transform_job_names: Sequence[str],
        moment: str,
        stop_on_kill: bool = True,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        requires_connection: bool | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.transform_job_names = list(transform_job_names)
        self.moment = moment
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
            "transform_job_names": self.transform_job_names,
            "moment": self.moment,
            "stop_on_kill": self.stop_on_kill,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
            "requires_connection": self.requires_connection,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire at the moment; at once if it has passed, as after a triggerer's restart.

        The event is the names of the transform jobs.
        """
        try:
            left = datetime.fromisoformat(self.moment) - datetime.now(UTC)
            await asyncio.sleep(max(left.total_seconds(), 0))
        except asyncio.CancelledError:
            if has_to_kill(self):
                await self.on_kill()
            raise
        yield TriggerEvent(self.transform_job_names)  # type: ignore[no-untyped-call]

    @property
    def waited_for(self) -> str:
        """The names of the transform jobs."""
        return ", ".join(self.transform_job_names)

    async def stop_waited_for(self) -> None:
        """Stop the transform jobs, all at once."""
        connection = Connection.of(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
            requires_connection=self.requires_connection,
        )
        names = self.transform_job_names
        await asyncio.gather(*(stop(connection, name, stop_transform_job) for name in names))
