"""One look after another at tuning jobs, for all waits of an event loop.

Waits of one loop and one connection share one boto3 client and one small pool of threads. What
feeds a subscription is one Describe per job and interval; a subscriber does not depend on that.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict, TuningJobNotFound
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

_THREADS = 4
_MAX_BACKOFF_SECONDS = 600.0
_MAX_ABSENT_SECONDS = 300.0
_MAX_DOUBLINGS = 10
_REJECTIONS_BELIEVED = 3
_STOP_ATTEMPTS = 8
_MAX_STOP_WAIT_SECONDS = 30


TrainingJobs = tuple[list[dict[str, Any]], datetime]
"""Summaries of training jobs, and the time by the service's clock when they were listed."""


class Log(Protocol):
    """What a subscriber's logger must have; Airflow's and the standard library's do."""

    def info(self, event: str, /, *args: Any) -> Any:
        """Log at INFO."""

    def warning(self, event: str, /, *args: Any) -> Any:
        """Log at WARNING."""


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


@dataclass(frozen=True, slots=True)
class WatchedJob:
    """A tuning job to wait on.

    Attributes:
        name: ``HyperParameterTuningJobName``.
        poll_interval: Seconds between two looks, above 0; each varies by a tenth.
        arn: The ARN that Create gave; None if the job was launched elsewhere.
    """

    name: str
    poll_interval: float
    arn: str | None = None

    def __post_init__(self) -> None:
        """Refuse an interval at which the job would be looked at without pause."""
        if self.poll_interval <= 0:
            msg = f"poll_interval is {self.poll_interval!r}: give seconds, above 0"
            raise ValueError(msg)

    def delay(self, setbacks: int = 0) -> float:
        """Give seconds until the next look; longer, up to ten minutes, after setbacks."""
        doubled = self.poll_interval * 2.0 ** min(setbacks, _MAX_DOUBLINGS)
        bounded = min(doubled, max(self.poll_interval, _MAX_BACKOFF_SECONDS))
        return bounded * random.uniform(0.9, 1.1)  # noqa: S311 -- jitter


def stop_tuning_job(hook: SageMakerTuningHook, name_or_arn: str) -> None:
    """Stop a tuning job; one that has ended is left as it is."""
    hook.stop_tuning_job(name_or_arn)


Stop = Callable[[SageMakerTuningHook, str], None]
"""Stops a job by its name or ARN."""


class Watcher:
    """Looks at tuning jobs through one client.

    Args:
        build_hook: Looks up the connection and builds a hook with its client.
        max_absent_seconds: How long a job may not be found: one that was created a moment ago
            may not be seen yet.
    """

    def __init__(
        self,
        build_hook: Callable[[], SageMakerTuningHook],
        max_absent_seconds: float = _MAX_ABSENT_SECONDS,
    ) -> None:
        self._build_hook = build_hook
        self._max_absent_seconds = max_absent_seconds
        self._hook: SageMakerTuningHook | None = None
        self._connecting: asyncio.Task[SageMakerTuningHook] | None = None
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sagemaker-tuning")
        self.users = 0

    def close(self) -> None:
        """Let the threads end; a call under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def subscribe(self, job: WatchedJob, log: Log) -> AsyncGenerator[Snapshot]:
        """Give a snapshot per interval, for ever: the subscriber says when it has seen enough.

        Throttling, faults of the service, expired credentials and lost connections are logged
        to the subscriber's log, backed off from (up to ten minutes) and survived.

        Raises:
            AwsCallFailed: AWS refuses for good, credentials that were looked up anew too.
            TuningJobNotFound: There has been no such job for five minutes.
            TuningJobConflict: The job of that name is another account's or region's.
        """
        setbacks, absent_seconds, rejections = 0, 0.0, 0
        while True:
            delay = job.delay()
            try:
                snapshot = await self._look(job)
            except TuningJobNotFound:
                if absent_seconds >= self._max_absent_seconds:
                    raise
                absent_seconds += delay
            except AwsCallFailed as error:
                rejections += error.is_credential
                if not self._is_survived(error, rejections):
                    raise
                setbacks += 1
                delay = job.delay(setbacks)
                log.warning("%s; looking again in %.0f s", error, delay)
            else:
                setbacks, absent_seconds, rejections = 0, 0.0, 0
                yield snapshot
            await asyncio.sleep(delay)

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
        rejections = 0

        def is_tried_again(error: BaseException) -> bool:
            nonlocal rejections
            if not isinstance(error, AwsCallFailed):
                return False
            rejections += error.is_credential
            return self._is_survived(error, rejections)

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(_STOP_ATTEMPTS),
            wait=wait_random_exponential(max=_MAX_STOP_WAIT_SECONDS),
            retry=retry_if_exception(is_tried_again),
            reraise=True,
        ):
            with attempt:
                hook = await self._connected()
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._pool, how, hook, name_or_arn)

    async def training_jobs(self, name: str, log: Log) -> TrainingJobs | None:
        """List a tuning job's training jobs; None, with the reason in the log, to try again later.

        Raises:
            AwsCallFailed: AWS refuses for good.
        """
        loop = asyncio.get_running_loop()
        try:
            hook = await self._connected()
            return await loop.run_in_executor(self._pool, hook.training_jobs_by_now, name)
        except TuningJobNotFound:
            return None  # for how long it may be so, the looks at the job itself decide
        except AwsCallFailed as error:
            # Likewise whether rejected credentials are to be believed.
            if not self._is_survived(error, 0):
                raise
            log.warning("%s; listing the training jobs later", error)
            return None

    def _is_survived(self, error: AwsCallFailed, rejections: int) -> bool:
        if error.is_credential:
            self._hook = None  # built anew, with what the connection says now
            return error.is_transient or rejections < _REJECTIONS_BELIEVED
        return error.is_transient

    async def _look(self, job: WatchedJob) -> Snapshot:
        hook = await self._connected()
        loop = asyncio.get_running_loop()
        description = await loop.run_in_executor(self._pool, hook.describe_tuning_job, job.name)
        snapshot = Snapshot.from_description(description)
        if job.arn is not None and snapshot.arn.lower() != job.arn.lower():
            msg = (
                f"waiting on {job.arn}, but the connection now answers for {snapshot.arn}: it "
                "must stay with the account and region in which the job was launched"
            )
            raise TuningJobConflict(msg)
        return snapshot

    async def _connected(self) -> SageMakerTuningHook:
        if self._hook is not None:
            return self._hook
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        # Whoever else asks Airflow something in a triggerer of 3.0 would be given the answer to a
        # look-up that was broken off, and the triggerer would end for it.
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> SageMakerTuningHook:
        try:
            # Not asyncio.to_thread: around Airflow's connection lookup it deadlocks the
            # triggerer of Airflow 3.0.
            self._hook = await sync_to_async(self._build_hook)()
        except Exception as error:
            # The connection was good when the job was launched, so this passes: Airflow's
            # API, a secrets backend or STS is out of reach. Each fails in its own way.
            msg = f"no client for now: {type(error).__name__}: {error}"
            raise AwsCallFailed(msg, is_transient=True) from error
        finally:
            self._connecting = None
        return self._hook


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


async def subscribe(connection: Connection, job: WatchedJob, log: Log) -> AsyncGenerator[Snapshot]:
    """Give a snapshot of the job per interval, through the watcher that all waits share.

    See ``Watcher.subscribe``.
    """
    with _shared(connection) as watcher:
        async with aclosing(watcher.subscribe(job, log)) as snapshots:
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
