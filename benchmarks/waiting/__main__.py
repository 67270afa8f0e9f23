"""What waiting and importing cost, beside the amazon provider: ``make bench-waiting``.

The package's docstring says what is measured and how. All of it is written into
``docs/benchmarks.md``; anything less is only printed. The machine has to be idle.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import waiting
from benchmarks.waiting import imports, measurement
from benchmarks.waiting.limits import COMPARED_WAITS, Limit, limits
from benchmarks.waiting.measurement import Case, MeasurementError, Result
from benchmarks.waiting.report import machine, report
from benchmarks.waiting.sides import AMAZON, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAITS = [1, 50, 200, 1000]
_TURNS = 9
_PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
# Until one is measured: of a tuning job that is created, and of a wait that starts.
_BEGIN_SECONDS = {OURS: 0.05, AMAZON: 0.2}
_LEAST_SECONDS = 5.0
_MARGIN = 1.3


def main() -> None:
    """Measure, print, and write it down if nothing is left out; 1 if a limit is not met."""
    parser = argparse.ArgumentParser(prog="benchmarks.waiting", description=__doc__)
    parser.add_argument("--waits", type=int, nargs="*", default=_WAITS, help="how many (all)")
    parser.add_argument("--turns", type=int, default=_TURNS, help="of the imports (%(default)s)")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n", flush=True)
    costs = imports.measure(options.turns) if options.turns else {}
    results = list(_results(options.waits))
    missing = len(list(_cases(options.waits))) - len(results)
    found = [Limit("not measured", missing, 0, "cases"), *limits(results, costs)]
    text = report(results, costs, found)
    print(f"\n{text}")
    if options.waits == _WAITS and options.turns >= _TURNS:
        _PAGE.write_text(_page(text))
    sys.exit(not all(each.is_met for each in found))


def _results(waits: list[int]) -> Iterator[Result]:
    begin = dict(_BEGIN_SECONDS)
    for case in _cases(waits):
        started = time.monotonic()
        try:
            result = measurement.measure(case, _LEAST_SECONDS + begin[case.side] * case.waits)
        except MeasurementError as error:
            print(f"{case}: {error}", flush=True)
            continue
        if case.waits > 1:
            begin[case.side] = _MARGIN * result.begin_seconds / case.waits
        print(f"{case} took {time.monotonic() - started:.0f} s {_oddities(result)}", flush=True)
        yield result


def _cases(waits: list[int]) -> Iterator[Case]:
    for count in waits:
        for throttling in (False, True) if count == COMPARED_WAITS else (False,):
            for side in (OURS, AMAZON):
                yield Case(side, count, _interval(count), throttling=throttling)


def _interval(waits: int) -> int:
    """Seconds: as short as the amazon provider's start and the endpoint allow."""
    if waits == 1:
        return 2
    return 5 if waits <= COMPARED_WAITS else 10


def _oddities(result: Result) -> str:
    said = []
    if result.early:
        said.append(f"{result.early} jobs ended before all waits had started")
    if result.incomplete:
        said.append(f"{result.incomplete} waits told of no completed job: {result.wrong}")
    return "; ".join(said)


def _page(text: str) -> str:
    assert waiting.__doc__ is not None  # noqa: S101 -- it has one
    title, _, explanation = waiting.__doc__.partition("\n\n")
    return (
        f"# {title.rstrip('.')}\n\n`make bench-waiting` measures all of this in one run, and writes"
        f" this page. {machine()}\n\n{explanation}\n{text}\n"
    )


if __name__ == "__main__":
    main()
