"""A clock: one thread that calls functions, at once or after a time, for any number of jobs."""

import asyncio
import threading
from collections.abc import Callable


class Clock:
    """Calls functions one after the other from a thread of its own; they must be quick.

    What one raises is logged, and the others are called all the same. The thread is started by
    the first call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def soon(self, function: Callable[[], None]) -> None:
        """Has it called after those that were asked for before; any thread may ask.

        Once the clock is closed nothing is called.
        """
        with self._lock:
            if not self._closed:
                self._started().call_soon_threadsafe(function)

    def after(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        """Has it called after a time; only what the clock itself calls may ask.

        Returns:
            What cancels that.
        """
        return asyncio.get_running_loop().call_later(seconds, function).cancel

    def close(self) -> None:
        """Ends the thread; what waits is not called. Harmless when repeated."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="clock", daemon=True
            )
            self._thread.start()
        return self._loop
