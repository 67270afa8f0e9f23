"""When each wait has made its first look, by its own log: both sides write what a look found."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

_wait: ContextVar[str | None] = ContextVar("wait", default=None)


class FirstLooks:
    """Listens to the logs for the first look of each wait.

    Args:
        waits: How many there are.
        is_look: Whether a line, by its logger and its text, tells what a look has found.
    """

    def __init__(self, waits: int, is_look: Callable[[str, str], bool]) -> None:
        self._waits = waits
        self._is_look = is_look
        self._seen: set[str] = set()
        self._all = asyncio.Event()
        # Before the first line is logged: structlog's loggers keep the processors they find then.
        structlog.configure(processors=[self._of_structlog, *structlog.get_config()["processors"]])
        logging.getLogger().addHandler(_Handler(self._note))

    def enter(self, name: str) -> None:
        """Say that what the running task logs from here on is of this wait."""
        _wait.set(name)

    def made(self, name: str) -> None:
        """Count a wait that ended at its first look, which need not log anything."""
        self._seen.add(name)
        if len(self._seen) >= self._waits:
            self._all.set()

    async def all_made(self, timeout_seconds: float) -> None:
        """Return when each wait has made its first look.

        Raises:
            TimeoutError: It has taken longer than that.
        """
        async with asyncio.timeout(timeout_seconds):
            await self._all.wait()

    def _of_structlog(
        self, logger: Any, _: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        self._note(str(getattr(logger, "name", "")), str(event.get("event", "")))
        return event

    def _note(self, logger: str, text: str) -> None:
        name = _wait.get()
        if name is not None and name not in self._seen and self._is_look(logger, text):
            self.made(name)


class _Handler(logging.Handler):
    def __init__(self, note: Callable[[str, str], None]) -> None:
        super().__init__()
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        """Take the line as it was written, its values not filled in."""
        self._note(record.name, str(record.msg))
