"""The effects that AWS published, looked for here: ``make bench-tuning``.

The package's docstring says what is done. All seeds together take about 15 minutes on 2 cores and
write ``benchmarks/results/tuning.md``; anything less is only printed.
"""

import argparse
import time
from pathlib import Path

from benchmarks import effects
from benchmarks.effects.arms import EFFECTS, Effect
from benchmarks.effects.report import Pair, section
from benchmarks.effects.sets import DATA_SETS, DataSet
from benchmarks.endpoint import Endpoint, endpoint

_SEEDS = 30
_RESULTS = Path(__file__).parents[1] / "results" / "tuning.md"


def main() -> None:
    """Run all pairs, print what comes of them, and write it down if nothing is left out."""
    parser = argparse.ArgumentParser(prog="benchmarks.effects", description=__doc__)
    parser.add_argument("--seeds", type=int, default=_SEEDS, help="0 to this (%(default)s)")
    parser.add_argument("--only", default="", help="the effects with this in their names")
    options = parser.parse_args()
    chosen = [effect for effect in EFFECTS if options.only.lower() in effect.name.lower()]
    sections = []
    with endpoint() as local:
        for effect in chosen:
            started = time.monotonic()
            pairs = {each.name: _pairs(local, effect, each, options.seeds) for each in DATA_SETS}
            sections.append(section(effect, pairs))
            print(f"{sections[-1]}\n({time.monotonic() - started:.0f} s)\n", flush=True)
    if len(chosen) == len(EFFECTS) and options.seeds == _SEEDS:
        _RESULTS.parent.mkdir(exist_ok=True)
        head = f"# Effects of automatic model tuning\n\n`make bench-tuning`. {effects.__doc__}"
        _RESULTS.write_text("\n".join([head, *sections]))


def _pairs(local: Endpoint, effect: Effect, data_set: DataSet, seeds: int) -> list[Pair]:
    data = data_set.data()
    pairs = []
    for seed in range(seeds):
        local.upload(data.split(seed))
        without, with_it = (
            arm(local, data_set, seed) for _, arm in (effect.without, effect.with_it)
        )
        pairs.append((without, with_it))
    return pairs


if __name__ == "__main__":
    main()
