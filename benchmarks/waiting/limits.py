"""What must hold."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.waiting.sides import AMAZON, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.waiting.imports import Cost
    from benchmarks.waiting.measurement import Result

COMPARED_WAITS = 200
_CPU_SHARE = 1 / 5
_BLOCK_SHARE = 1 / 20
_MEMORY_SHARE = 1 / 20
_COUNTED_WAITS = 1000
_LISTED_AT_ONCE = 100
_DESCRIBED_SHARE = 20
_JITTER = 1.1  # an interval is a tenth shorter at the least
_P99_INTERVALS = 1.2
_IMPORT_MILLISECONDS = 150
_IMPORT_MEGABYTES = 15


@dataclass(frozen=True)
class Limit:
    """One that must hold.

    Attributes:
        what: Is limited.
        found: What was measured.
        most: The limit.
        unit: Of both.
    """

    what: str
    found: float
    most: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it holds."""
        return self.found <= self.most


def limits(results: Sequence[Result], imports: Mapping[str, Cost]) -> Iterator[Limit]:
    """All that apply to what was measured."""
    plain = {(each.case.side, each.case.waits): each for each in results if not each.throttled}
    ours, theirs = (plain.get((side, COMPARED_WAITS)) for side in (OURS, AMAZON))
    if ours is not None and theirs is not None:
        yield from _compared(ours, theirs)
        if {(OURS, 1), (AMAZON, 1)} <= plain.keys():
            found = kilobytes_per_further_wait(plain[OURS, 1], ours)
            most = kilobytes_per_further_wait(plain[AMAZON, 1], theirs) * _MEMORY_SHARE
            yield Limit(f"{COMPARED_WAITS} waits: memory per wait, 1/20", found, most, "KB")
    counted = plain.get((OURS, _COUNTED_WAITS))
    if counted is not None:
        yield from _counted(counted)
    for each in results:
        if each.case.side == OURS:
            yield from _ended(each)
    if OURS in imports:
        cost = imports[OURS]
        yield Limit("imports: processor time", cost.milliseconds, _IMPORT_MILLISECONDS, "ms")
        yield Limit("imports: memory", cost.megabytes, _IMPORT_MEGABYTES, "MB")


def _compared(ours: Result, theirs: Result) -> Iterator[Limit]:
    at = f"{COMPARED_WAITS} waits"
    cpu = theirs.started.cpu_seconds * _CPU_SHARE
    yield Limit(f"{at}: processor time to start, 1/5", ours.started.cpu_seconds, cpu, "s")
    block = theirs.longest_block_seconds * _BLOCK_SHARE
    yield Limit(f"{at}: longest block, 1/20", ours.longest_block_seconds, block, "s")


def kilobytes_per_further_wait(one: Result, many: Result) -> float:
    """Give what a wait takes beside what all of them share, as the client is on our side."""
    return (many.started.kilobytes - one.started.kilobytes) / (many.case.waits - one.case.waits)


def _counted(result: Result) -> Iterator[Limit]:
    """Over all intervals until the last job has ended; one look more fits into as many."""
    intervals = result.watched_seconds / result.case.interval_seconds
    lists, describes = (
        _JITTER * sum(math.ceil(each / share) for each in result.intervals_in_progress)
        + math.ceil(result.case.waits / share)
        for share in (_LISTED_AT_ONCE, _DESCRIBED_SHARE)
    )
    calls, at = result.watched_calls, f"{result.case.waits} waits"
    yield Limit(f"{at}: List per interval", calls.lists / intervals, lists / intervals, "")
    most = (describes + result.ending - result.early) / intervals
    yield Limit(f"{at}: Describe per interval", calls.describes / intervals, most, "")


def _ended(result: Result) -> Iterator[Limit]:
    at = f"{result.case.waits} waits{', throttled' if result.throttled else ''}"
    yield Limit(f"{at}: incomplete", result.incomplete, 0, "")
    if result.case.waits > 1 and not result.throttled:
        found = percentile(result.delays, 99) / result.case.interval_seconds
        yield Limit(f"{at}: delay, p99", found, _P99_INTERVALS, "intervals")


def percentile(values: Sequence[float], percent: int) -> float:
    """Of sorted values; nan of none."""
    if not values:
        return math.nan
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
