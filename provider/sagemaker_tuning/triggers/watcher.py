"""One look after another at tuning jobs, for all waits of an event loop.

Waits of one loop and one connection share a watcher: one client, a few threads, and one poller.
The first to subscribe opens it, the last one closes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.triggers.calls import AT_ONCE, Calls, may_pass
from sagemaker_tuning.triggers.poller import MAX_ABSENT_SECONDS, Poller
from sagemaker_tuning.triggers.subscription import Subscription, never

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from sagemaker_tuning.core.snapshot import Snapshot
    from sagemaker_tuning.triggers.calls import BuildHook
    from sagemaker_tuning.triggers.subscription import IsDecisive, Log
    from sagemaker_tuning.triggers.watched_job import WatchedJob

_STOP_ATTEMPTS = 8
_MAX_STOP_WAIT_SECONDS = 30


TrainingJobs = tuple[list[dict[str, Any]], datetime]
"""Summaries of training jobs, and the time by the service's clock when they were listed."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach AWS: the arguments of ``SageMakerTuningHook``, comparable and serializable."""

    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: str | None = None
    """As JSON, so that equal settings share a client."""
    requires_connection: bool | None = None

    @classmethod
    def of(
        cls,
        *,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
        requires_connection: bool | None = None,
    ) -> Connection:
        """Take an operator's arguments."""
        config = json.dumps(botocore_config, sort_keys=True) if botocore_config else None
        return cls(aws_conn_id, region_name, verify, config, requires_connection)

    def hook(self) -> SageMakerTuningHook:
        """Look up the Airflow connection and build the client, at once and in this thread."""
        hook = SageMakerTuningHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=json.loads(self.botocore_config) if self.botocore_config else None,
            requires_connection=self.requires_connection,
        )
        hook.conn  # noqa: B018 -- building it later would be on a thread that may not
        return hook


def stop_tuning_job(hook: SageMakerTuningHook, name_or_arn: str) -> None:
    """Stop a tuning job; one that has ended is left as it is."""
    hook.stop_tuning_job(name_or_arn)


Stop = Callable[[SageMakerTuningHook, str], None]
"""Stops a job by its name or ARN."""


class Watcher:
    """Looks at tuning jobs through one client, for all who subscribe.

    Args:
        build_hook: Looks up the connection and builds a hook with its client.
        max_absent_seconds: How long a job may not be found: one that was created a moment ago
            may not be seen yet.
    """

    def __init__(
        self, build_hook: BuildHook, max_absent_seconds: float = MAX_ABSENT_SECONDS
    ) -> None:
        self._calls = Calls(build_hook)
        self._poller = Poller(self._calls, max_absent_seconds)
        # The looks must not queue behind what a thousand waits list.
        self._listing = asyncio.Semaphore(AT_ONCE // 2)
        self.users = 0

    def close(self) -> None:
        """Look no longer; a call under way is not waited for."""
        self._poller.close()
        self._calls.close()

    async def subscribe(
        self, job: WatchedJob, log: Log, is_decisive: IsDecisive = never
    ) -> AsyncGenerator[Snapshot]:
        """Give a snapshot per interval, for ever: the subscriber says when it has seen enough.

        Throttling, faults of the service, expired credentials and lost connections are logged
        to the subscriber's log, backed off from (up to ten minutes) and survived.

        Args:
            job: What to look at.
            log: Of the subscriber.
            is_decisive: Such a snapshot comes from Describe, never from a List, and so does one
                that is ended. Others may be some seconds behind.

        Raises:
            AwsCallFailed: AWS refuses for good, credentials that were looked up anew too.
            TuningJobNotFound: There has been no such job for five minutes.
            TuningJobConflict: The job of that name is another account's or region's.
        """
        subscription = Subscription(job, log, is_decisive)
        self._poller.join(subscription)
        try:
            async with aclosing(subscription.snapshots()) as snapshots:
                async for snapshot in snapshots:
                    yield snapshot
        finally:
            self._poller.leave(subscription)

    async def stop(self, name_or_arn: str, how: Stop = stop_tuning_job) -> None:
        """Stop a tuning job; one that has ended is left as it is.

        What a wait survives is tried again, for about a minute.

        Args:
            name_or_arn: What to stop.
            how: Stops it, if it is no tuning job.

        Raises:
            AwsCallFailed: AWS refuses, or does not answer for that long.
            TuningJobConflict: An ARN was given, and the connection reaches another account.
        """
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(_STOP_ATTEMPTS),
            wait=wait_random_exponential(max=_MAX_STOP_WAIT_SECONDS),
            retry=retry_if_exception(may_pass),
            reraise=True,
        ):
            with attempt:
                await self._calls.make_now(lambda hook: how(hook, name_or_arn))

    async def training_jobs(self, name: str, log: Log) -> TrainingJobs | None:
        """List a tuning job's training jobs; None, with the reason in the log, to try again later.

        Raises:
            AwsCallFailed: AWS refuses for good.
        """
        try:
            async with self._listing:
                return await self._calls.make(lambda hook: hook.training_jobs_by_now(name))
        except TuningJobNotFound:
            return None  # for how long it may be so, the looks at the job itself decide
        except AwsCallFailed as error:
            # Likewise whether rejected credentials are to be believed.
            if not may_pass(error):
                raise
            log.warning("%s; listing the training jobs later", error)
            return None


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Connection, Watcher]] = (
    WeakKeyDictionary()
)


@contextmanager
def _shared(connection: Connection) -> Iterator[Watcher]:
    """Give this loop's watcher of the connection; the first opens it, the last closes it."""
    watchers = _watchers.setdefault(asyncio.get_running_loop(), {})
    if connection not in watchers:
        watchers[connection] = Watcher(connection.hook)
    watcher = watchers[connection]
    watcher.users += 1
    try:
        yield watcher
    finally:
        watcher.users -= 1
        if not watcher.users:
            del watchers[connection]
            watcher.close()


async def subscribe(
    connection: Connection, job: WatchedJob, log: Log, is_decisive: IsDecisive = never
) -> AsyncGenerator[Snapshot]:
    """Give a snapshot of the job per interval, through the watcher that all waits share.

    See ``Watcher.subscribe``.
    """
    with _shared(connection) as watcher:
        async with aclosing(watcher.subscribe(job, log, is_decisive)) as snapshots:
            async for snapshot in snapshots:
                yield snapshot


async def stop(connection: Connection, name_or_arn: str, how: Stop = stop_tuning_job) -> None:
    """Stop a tuning job, or another job, through the watcher that all waits share.

    A hundred tasks that are killed together must not build a client each: Airflow gives them
    30 seconds (``[triggerer] on_kill_timeout``).
    """
    with _shared(connection) as watcher:
        await watcher.stop(name_or_arn, how)


async def training_jobs(connection: Connection, name: str, log: Log) -> TrainingJobs | None:
    """List a tuning job's training jobs through the watcher that all waits share.

    See ``Watcher.training_jobs``.
    """
    with _shared(connection) as watcher:
        return await watcher.training_jobs(name, log)
