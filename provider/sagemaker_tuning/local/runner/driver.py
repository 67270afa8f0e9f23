"""What goes on with a tuning job's work when something has happened: a thread, or the clock."""

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from typing import Protocol

from sagemaker_tuning.local.runner.clock import Clock
from sagemaker_tuning.local.runner.training_job import Report, TrainingJob

Event = TrainingJob | Report | None
"""A training job has ended or reported; None to have a look, as when there is a stop."""

Work = Generator[float | None, Event, None]
"""Yields where it waits: for an event, which it is sent, or so many seconds and then for None.

None seconds is as long as it takes. It raises nothing.
"""


class Driver(Protocol):
    """Goes on with one work; any thread may call its methods."""

    def start(self) -> None:
        """Begins the work."""

    def tell(self, event: Event) -> None:
        """Has the work sent an event, after those that it was told before."""

    def join(self, timeout_seconds: float) -> None:
        """Waits for the end of the work."""


class ThreadDriver:
    """A thread of the work's own, for one that computes or reads files.

    Args:
        work: the work.
        name: the thread's.
    """

    def __init__(self, work: Work, name: str) -> None:
        self._work = work
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def tell(self, event: Event) -> None:
        """As of any driver."""
        self._events.put(event)

    def join(self, timeout_seconds: float) -> None:
        """As of any driver."""
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        event: Event = None
        with suppress(StopIteration):
            while True:
                event = self._next(self._work.send(event))

    def _next(self, seconds: float | None) -> Event:
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None


class ClockDriver:
    """The clock, with which thousands of works need no thread; for one that never takes long."""

    def __init__(self, work: Work, clock: Clock) -> None:
        self._work = work
        self._clock = clock
        self._ended = threading.Event()
        self._cancel: Callable[[], None] | None = None

    def start(self) -> None:
        """Has the clock begin."""
        self.tell(None)

    def tell(self, event: Event) -> None:
        """As of any driver."""
        self._clock.soon(partial(self._go_on, event))

    def join(self, timeout_seconds: float) -> None:
        """As of any driver."""
        self._ended.wait(timeout_seconds)

    def _go_on(self, event: Event) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        try:
            seconds = self._work.send(event)
        except StopIteration:
            self._ended.set()
            return
        if seconds is not None:
            self._cancel = self._clock.after(seconds, partial(self._go_on, None))
