"""What was measured, as Markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.waiting.limits import kilobytes_per_further_wait, percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.waiting.imports import Cost
    from benchmarks.waiting.limits import Limit
    from benchmarks.waiting.measurement import Result


def report(results: Sequence[Result], imports: Mapping[str, Cost], limits: Iterable[Limit]) -> str:
    """All tables."""
    plain = [each for each in results if not each.throttled]
    throttled = [each for each in results if each.throttled]
    tables = {
        "Start": _starts(plain),
        "Wait": _waits(plain),
        "End": _ends(plain),
        "Throttled": _ends(throttled),
        "Imports": _imports(imports),
        "What must hold": _limits(limits),
    }
    return "\n\n".join(f"## {name}\n\n" + "\n".join(lines) for name, lines in tables.items())


def machine() -> str:
    """What it was measured on."""
    packages = ("apache-airflow", "apache-airflow-providers-amazon", "boto3", "aiobotocore")
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + "."
    )


def _starts(results: Sequence[Result]) -> Iterator[str]:
    first = {each.case.side: each for each in results if each.case.waits == 1}
    yield from _head(
        "processor time", "seconds", "longest block", "memory", "÷ waits", "each further wait"
    )
    for each in results:
        started, further = each.started, ""
        if each.case.side in first and each.case.waits > 1:
            further = f"{kilobytes_per_further_wait(first[each.case.side], each):.0f} KB"
        yield _row(
            each,
            f"{started.cpu_seconds:.2f} s",
            f"{started.seconds:.1f} s",
            f"{started.block_seconds * 1000:.0f} ms",
            f"{started.kilobytes / 1024:.1f} MB",
            f"{each.kilobytes_per_wait:.0f} KB",
            further,
        )


def _waits(results: Iterable[Result]) -> Iterator[str]:
    yield from _head(
        "interval", "List per minute", "Describe per minute", "processor time per minute"
    )
    for each in results:
        per_minute = 60 / each.quiet.seconds
        yield _row(
            each,
            f"{each.case.interval_seconds} s",
            f"{each.quiet_calls.lists * per_minute:.0f}",
            f"{each.quiet_calls.describes * per_minute:.0f}",
            f"{each.quiet.cpu_seconds * per_minute:.2f} s",
        )


def _ends(results: Iterable[Result]) -> Iterator[str]:
    yield from _head(
        "completed", "delay, p50", "p99", "p99 in intervals", "longest block", "throttled"
    )
    for each in results:
        early = f" ({each.early} before all had started)" if each.early else ""
        p50, p99 = (percentile(each.delays, percent) for percent in (50, 99))
        yield _row(
            each,
            f"{each.ending - each.incomplete} of {each.ending}{early}",
            f"{p50:.1f} s",
            f"{p99:.1f} s",
            f"{p99 / each.case.interval_seconds:.2f}",
            f"{each.block_seconds * 1000:.0f} ms",
            f"{each.watched_calls.throttled}",
        )


def _imports(imports: Mapping[str, Cost]) -> Iterator[str]:
    yield "| | processor time | memory |"
    yield "|---|---|---|"
    for side, cost in imports.items():
        yield f"| {side} | {cost.milliseconds:.0f} ms | {cost.megabytes:.1f} MB |"


def _limits(limits: Iterable[Limit]) -> Iterator[str]:
    yield "| | measured | limit | |"
    yield "|---|---|---|---|"
    for each in limits:
        found, most = (f"{value:.3g} {each.unit}".rstrip() for value in (each.found, each.most))
        yield f"| {each.what} | {found} | {most} | {'met' if each.is_met else '**not met**'} |"


def _head(*columns: str) -> Iterator[str]:
    yield f"| waits | | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 2) + "|"


def _row(result: Result, *cells: str) -> str:
    return f"| {result.case.waits} | {result.case.side} | {' | '.join(cells)} |"
