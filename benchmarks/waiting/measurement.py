"""One measurement: an endpoint, tuning jobs in it, and a fresh process that waits for them."""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from benchmarks.endpoint import endpoint
from benchmarks.waiting import fleet
from benchmarks.waiting.calls import ACCESS_KEY_ID, Calls, Counter
from benchmarks.waiting.messages import Ended, Plan, Quiet, Started
from benchmarks.waiting.process import READY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.waiting.messages import Message

_ROOT = Path(__file__).parents[2]
_GIVEN_UP_SECONDS = 300
# More than a fleet of thousands has: a tuning job takes an hour rather than a minute.
_ENDS_PER_SECOND = 2.5
_LEAST_ENDS = 50
_ENDING = 0.15


class MeasurementError(Exception):
    """Nothing could be measured."""


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes:
        side: One of `sides`.
        waits: How many.
        interval_seconds: Between two looks.
        throttling: Whether a tenth of the looks is throttled.
    """

    side: str
    waits: int
    interval_seconds: int
    throttling: bool = False


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
        case: Of what.
        started: Told by the process.
        quiet: Likewise.
        quiet_calls: Those in the quiet time.
        watched_seconds: From the first look of the last wait to the end of all.
        watched_calls: Those in that time.
        intervals_in_progress: For each interval of that time, how many jobs were in progress.
        delays: Seconds from a tuning job's end to the event, shortest first.
        early: How many jobs ended before all waits had made their first look; not in `delays`.
        ending: How many jobs were to end.
        incomplete: How many of those waits did not tell so, and how many others told anything.
        wrong: What one of them told, or the error that it ended with; empty if there is none.
        block_seconds: The longest that the event loop was blocked while jobs ended.
        begin_seconds: From the creation of the first job to the first look of the last wait.
    """

    case: Case
    started: Started
    quiet: Quiet
    quiet_calls: Calls
    watched_seconds: float
    watched_calls: Calls
    intervals_in_progress: list[int]
    delays: list[float]
    early: int
    ending: int
    incomplete: int
    wrong: str
    block_seconds: float
    begin_seconds: float

    @property
    def throttled(self) -> bool:
        """Whether a tenth of the looks was."""
        return self.case.throttling

    @property
    def longest_block_seconds(self) -> float:
        """Of the event loop, from the start to the last end."""
        return max(self.started.block_seconds, self.block_seconds)

    @property
    def kilobytes_per_wait(self) -> float:
        """What the process has grown by, shared out."""
        return self.started.kilobytes / self.case.waits


def measure(case: Case, begin_seconds: float) -> Result:
    """Measure a case.

    Args:
        case: The case.
        begin_seconds: About how long it takes to create the tuning jobs and to make the first look
            at each; none ends before.

    Raises:
        MeasurementError: The process that waits has ended by itself.
    """
    interval = case.interval_seconds
    quiet_seconds = 2.0 * interval
    jobs = max(min(case.waits, _LEAST_ENDS), round(case.waits * _ENDING))
    ends = fleet.Ends(
        jobs, begin_seconds + quiet_seconds, max(2 * interval, jobs / _ENDS_PER_SECOND)
    )
    # Both take seconds to import what they need.
    with _waiting(case.side) as waiting, endpoint("--faults", *ends.options()) as local:
        waiting.be_ready()
        counter = Counter(local, throttling=case.throttling)
        created = time.time()
        arns, ending = fleet.create(local, case.waits, ends)
        waiting.tell(Plan(local.url, arns, ending, interval, quiet_seconds, _GIVEN_UP_SECONDS))
        started = Started.read(waiting.line())
        calls = [counter.calls()]
        quiet = Quiet.read(waiting.line())
        calls.append(counter.calls())
        ended = Ended.read(waiting.line())
        calls.append(counter.calls())
        now = time.time()
        counter.stop_throttling()
        ended_at = fleet.ended(local)
    late = {name: at for name, at in ended_at.items() if at >= started.at}
    return Result(
        case=case,
        started=started,
        quiet=quiet,
        quiet_calls=calls[1] - calls[0],
        watched_seconds=now - started.at,
        watched_calls=calls[2] - calls[0],
        intervals_in_progress=[
            case.waits - sum(at < started.at + number * interval for at in ended_at.values())
            for number in range(math.ceil((now - started.at) / interval))
        ],
        delays=sorted(ended.fired[name] - at for name, at in late.items() if name in ended.fired),
        early=len(ended_at) - len(late),
        ending=len(ending),
        incomplete=len(set(ending).symmetric_difference(ended.fired) | ended.wrong.keys()),
        wrong=next(iter(ended.wrong.values()), ""),
        block_seconds=ended.block_seconds,
        begin_seconds=started.at - created,
    )


class _Waiting:
    """The process that waits."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self._process = process
        self._log = log

    def be_ready(self) -> None:
        """Return when it has imported what it needs."""
        if self.line() != READY:
            raise MeasurementError("the process that waits is not ready")

    def tell(self, message: Message) -> None:
        """Write to it."""
        assert self._process.stdin is not None  # noqa: S101 -- asked for below
        print(message.line(), file=self._process.stdin, flush=True)

    def line(self) -> str:
        """What it writes next.

        Raises:
            MeasurementError: It has ended.
        """
        assert self._process.stdout is not None  # noqa: S101 -- asked for below
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise MeasurementError(f"the process that waits has ended: {self._log.read()[-2000:]}")
        return line.strip()


@contextlib.contextmanager
def _waiting(side: str) -> Iterator[_Waiting]:
    command = [sys.executable, "-m", "benchmarks.waiting.process", side]
    with (
        tempfile.TemporaryDirectory() as home,
        Path(home, "log").open("w+", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=_ROOT,
            env=_environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield _Waiting(process, log)
        finally:
            process.kill()


def _environment(home: str) -> dict[str, str]:
    """As a triggerer's in which the connection is a variable."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))}
    connection = {
        "conn_type": "aws",
        "login": ACCESS_KEY_ID,
        "password": "benchmark",
        "extra": {"region_name": "us-east-1"},
    }
    return inherited | {
        "AIRFLOW_HOME": home,
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "_AIRFLOW_PROCESS_CONTEXT": "client",
    }
