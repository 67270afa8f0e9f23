"""What the process that waits is told, and what it tells."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True)
class Message:
    """A line of JSON."""

    @classmethod
    def read(cls, line: str) -> Self:
        """What a line says."""
        return cls(**json.loads(line))

    def line(self) -> str:
        """The line that says it."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Plan(Message):
    """What to wait for.

    Attributes:
        endpoint_url: Where the endpoint listens.
        arns: Of each tuning job, by its name.
        ending: The names of those that end. The others run on.
        interval_seconds: Between two looks.
        quiet_seconds: How long to watch after all have started, while no job is to end.
        most_seconds: When to give up what has not started, or not ended.
    """

    endpoint_url: str
    arns: dict[str, str]
    ending: list[str]
    interval_seconds: int
    quiet_seconds: float
    most_seconds: float


@dataclass(frozen=True)
class Started(Message):
    """All waits have made their first look.

    Attributes:
        seconds: What that took.
        cpu_seconds: Of the process.
        block_seconds: The longest that the event loop was blocked meanwhile.
        kilobytes: By how much the process has grown, after a garbage collection.
        at: The time.
    """

    seconds: float
    cpu_seconds: float
    block_seconds: float
    kilobytes: int
    at: float


@dataclass(frozen=True)
class Quiet(Message):
    """The quiet time is over.

    Attributes:
        seconds: What it was.
        cpu_seconds: Of the process, in that time.
    """

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Ended(Message):
    """The waits for jobs that end have ended, or were given up.

    Attributes:
        fired: When each trigger fired, by the tuning job's name.
        wrong: The event or the error of each wait that told of no completed tuning job, by the
            job's name.
        block_seconds: The longest that the event loop was blocked while they ended.
    """

    fired: dict[str, float]
    wrong: dict[str, str]
    block_seconds: float
