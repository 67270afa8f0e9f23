"""CloudWatch Logs of training and transform jobs, shipped in batches while they run.

Written to moto's backend itself, for the reason given in `objects`.
"""

import logging
import secrets
import threading
import time
from contextlib import suppress
from typing import Any

from moto.backends import get_backend
from moto.logs.exceptions import LogsClientError, ResourceAlreadyExistsException

from sagemaker_tuning.local.names import ACCOUNT_ID

_log = logging.getLogger(__name__)

GROUP = "/aws/sagemaker/TrainingJobs"
TRANSFORM_GROUP = "/aws/sagemaker/TransformJobs"

_INTERVAL_SECONDS = 0.5
_MOST_EVENTS = 20_000
_MOST_CHARACTERS = 16 * 2**20


class LogStream:
    """The log of one job. Lines become visible within a second, all of them at close.

    Of a long log the end is kept: the last 20 000 lines, of 16 Mi characters in all. AWS keeps all.
    """

    def __init__(self, shipper: "LogShipper", region: str, group: str, name: str) -> None:
        self._shipper = shipper
        self._region = region
        self._group = group
        self._name = name
        self._lock = threading.Lock()
        self._pending: list[dict[str, Any]] = []
        self._latest = 0

    def write(self, line: str) -> None:
        """Adds a line; CloudWatch has no empty events, so that an empty line is left out."""
        if not line:
            return
        with self._lock:
            # Also where the clock is set back: a batch that is not in order would be refused.
            self._latest = max(self._latest, int(time.time() * 1000))
            self._pending.append({"timestamp": self._latest, "message": line})
            first = len(self._pending) == 1
        if first:
            self._shipper.schedule(self)

    def close(self) -> None:
        """Puts what is pending, now."""
        self.ship()

    def ship(self) -> None:
        """Puts what has come since the last time; a log that was deleted is not made again."""
        with self._lock:
            events, self._pending = self._pending, []
            if not events:
                return
            backend = _backend(self._region)
            try:
                backend.put_log_events(self._group, self._name, events)
            except LogsClientError as error:
                _log.warning("%d lines of %s are lost: %s", len(events), self._name, error)
            except Exception as error:  # noqa: BLE001 -- moto raises whatever subscribers do
                _log.warning(
                    "%d lines of %s reach no subscriber: %r", len(events), self._name, error
                )
            with suppress(KeyError):  # it has just been deleted
                _shorten(backend.groups[self._group].streams[self._name])


class LogShipper:
    """Opens log streams and ships them twice a second, while there is anything to ship."""

    def __init__(self) -> None:
        self._waiting: set[LogStream] = set()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="logs", daemon=True).start()

    def open(self, region: str, training_job: str) -> LogStream:
        """A new stream `<training job>/algo-1-<epoch seconds>`; the group is made when missing."""
        return self._open(region, GROUP, f"{training_job}/algo-1-{int(time.time())}")

    def open_for_transform(self, region: str, transform_job: str) -> LogStream:
        """Likewise `<transform job>/<instance>-<epoch seconds>/data-log`.

        https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
        """
        name = f"{transform_job}/i-0{secrets.token_hex(8)}-{int(time.time())}/data-log"
        return self._open(region, TRANSFORM_GROUP, name)

    def _open(self, region: str, group: str, name: str) -> LogStream:
        backend = _backend(region)
        # moto's own, which unlike its create_log_group takes a group that is there.
        backend.ensure_log_group(group)
        with suppress(ResourceAlreadyExistsException):  # of an attempt within the same second
            backend.create_log_stream(group, name)
        return LogStream(self, region, group, name)

    def schedule(self, stream: LogStream) -> None:
        """Has the stream shipped at the next interval."""
        with self._changed:
            self._waiting.add(stream)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            time.sleep(_INTERVAL_SECONDS)
            with self._changed:
                streams, self._waiting = self._waiting, set()
            for stream in streams:
                stream.ship()


def _shorten(stream: Any) -> None:
    """Drops the beginning of one of moto's streams that has become too long."""
    events, dropped = stream.events, 0
    while len(events) - dropped > _MOST_EVENTS or stream.stored_bytes > _MOST_CHARACTERS:
        stream.stored_bytes -= len(events[dropped].message)
        dropped += 1
    if dropped:
        # Another list, because somebody may be reading this one.
        stream.events = events[dropped:]


def _backend(region: str) -> Any:
    return get_backend("logs")[ACCOUNT_ID][region]
