"""Bursts of arrivals, and which one of the runs that they trigger goes on.

Airflow makes a run of the events since the run before, up to the first one after that run was
made. So the later events of a burst may be in no run at all, until another event comes; and while
a DAG has as many runs as it may have, none is made. Hence it is the burst's first run that goes
on, once the burst is over, and takes with it whatever has arrived by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """An event of the asset.

    Attributes:
        at: When it was registered.
        number: What tells apart, and orders, events of the same moment.
        run_id: The run of this DAG that it has triggered; None while, or if, it is in none.
    """

    at: datetime
    number: int
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class GoOn:
    """This is the run of a burst, and the burst is over.

    Attributes:
        until: When the last of the arrivals was that the run is for.
    """

    until: datetime


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """The burst that the run is for may get longer until this moment."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another run is for the same arrivals; the reason says which."""

    reason: str


Decision = GoOn | WaitUntil | Superseded


@dataclass(frozen=True, slots=True)
class Debounce:
    """What a burst is.

    Attributes:
        quiet: Above 0; it is over when so much time has passed without an arrival,
        max_wait: and when so much has passed since its first one; ``quiet`` or more.
    """

    quiet: timedelta
    max_wait: timedelta

    def __post_init__(self) -> None:
        """Refuse what is no burst.

        Raises:
            ValueError: ``quiet`` is not above 0, or ``max_wait`` is below it.
        """
        if self.quiet.total_seconds() <= 0:
            msg = f"quiet is {self.quiet}: give a time above 0"
            raise ValueError(msg)
        if self.max_wait < self.quiet:
            msg = f"max_wait is {self.max_wait}: give quiet, which is {self.quiet}, or more"
            raise ValueError(msg)

    def bursts(self, arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
        """Fold arrivals into bursts, both oldest first."""
        found: list[list[Arrival]] = []
        for arrival in sorted(arrivals):
            if found and arrival.at < self.end(found[-1]):
                found[-1].append(arrival)
            else:
                found.append([arrival])
        return found

    def end(self, burst: Sequence[Arrival]) -> datetime:
        """Give the moment from which on an arrival would be another burst's."""
        return min(burst[-1].at + self.quiet, burst[0].at + self.max_wait)

    def is_whole(self, arrivals: Iterable[Arrival], since: datetime, moment: datetime) -> bool:
        """Whether what is known since a time has the beginning of the burst of a later moment.

        A gap of ``quiet`` begins a burst whatever was before; with shorter ones it counts how long
        they go back.
        """
        before = since
        for arrival in sorted(arrivals):
            if arrival.at > moment:
                break
            if arrival.at - before >= self.quiet:
                return True
            before = arrival.at
        return False

    def decide(
        self, arrivals: Iterable[Arrival], run_id: str, *, started: datetime, now: datetime
    ) -> Decision:
        """Decide about a run by what has arrived up to now.

        Args:
            arrivals: Since the beginning of a burst; some of them have triggered the run.
            run_id: The run's.
            started: When the run started. A later arrival that is in no run yet will be in one,
                together with all before it that are in none.
            now: ...
        """
        bursts = self.bursts(arrivals)
        led = [burst for burst in bursts if _leader(burst) == run_id]
        if led:
            return self._once_over(led[-1], now)
        own = [burst for burst in bursts if any(each.run_id == run_id for each in burst)]
        if not own:
            return GoOn(now)
        left = [burst for burst in bursts if burst > own[-1] and _leader(burst) is None]
        if left and left[-1][-1].at <= started:
            return self._once_over(left[-1], now)
        first = own[-1][0]
        reason = f"the burst that began at {first.at.isoformat()} is for the run {_leader(own[-1])}"
        if left:
            reason += (
                f"; the event of {left[-1][-1].at.isoformat()} came after this run had started, "
                "and will trigger another"
            )
        return Superseded(reason)

    def _once_over(self, burst: Sequence[Arrival], now: datetime) -> Decision:
        end = self.end(burst)
        return GoOn(burst[-1].at) if now >= end else WaitUntil(end)


def _leader(burst: Sequence[Arrival]) -> str | None:
    """Give the first run that any of a burst's events has triggered.

    Events before it that are in none are from before the DAG had the asset for its schedule.
    """
    return next((each.run_id for each in burst if each.run_id is not None), None)
