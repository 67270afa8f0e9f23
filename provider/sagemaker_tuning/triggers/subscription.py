"""One wait's share in the looks at a tuning job."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sagemaker_tuning.triggers.watched_job import WatchedJob

IsDecisive = Callable[[Snapshot], bool]
"""Whether a snapshot would have the subscriber do something that it cannot take back."""


def never(_snapshot: Snapshot) -> bool:
    """Take no snapshot for decisive, nor for enough."""
    return False


class Log(Protocol):
    """What a subscriber's logger must have; Airflow's and the standard library's do."""

    def info(self, event: str, /, *args: Any) -> Any:
        """Log at INFO."""

    def warning(self, event: str, /, *args: Any) -> Any:
        """Log at WARNING."""


class Subscription:
    """What one wait has not yet taken of what there is to know of its job.

    It is filled by the poller, and emptied in the wait's own task: what is logged there goes to
    that task's log and to no other's.

    Args:
        job: What is waited for.
        log: Of the wait.
        is_decisive: Such a snapshot is given from Describe alone.
    """

    def __init__(self, job: WatchedJob, log: Log, is_decisive: IsDecisive) -> None:
        self.job = job
        self.is_decisive = is_decisive
        self._log = log
        self._news = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self._warnings: deque[str] = deque()
        self._said_once = ""
        self._error: Exception | None = None

    def give(self, snapshot: Snapshot) -> None:
        """Have this as the latest snapshot; one that was not yet taken is forgotten."""
        self._snapshot = snapshot
        self._news.set()

    def warn(self, warning: str) -> None:
        """Have a line in the log."""
        self._warnings.append(warning)
        self._news.set()

    def warn_once(self, warning: str) -> None:
        """Have a line in the log, unless it was the last one of these."""
        if warning != self._said_once:
            self._said_once = warning
            self.warn(warning)

    def fail(self, error: Exception) -> None:
        """End the wait by an error."""
        self._error = error
        self._news.set()

    async def snapshots(self) -> AsyncGenerator[Snapshot]:
        """Give what comes, for ever; raises what ``fail`` was given."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._warnings:
                self._log.warning("%s", self._warnings.popleft())
            if self._error is not None:
                # Others may raise the same one.
                raise self._error.with_traceback(None)
            if self._snapshot is not None:
                snapshot, self._snapshot = self._snapshot, None
                yield snapshot
