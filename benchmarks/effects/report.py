"""What the pairs of outcomes amount to, as Markdown."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scipy.stats import wilcoxon

from benchmarks.effects.arms import Effect, Outcome

Pair = tuple[Outcome, Outcome]
Pairs = Mapping[str, Sequence[Pair]]
"""By data set, one pair for each seed from 0."""

_NAMES: Final = {"objective": "objective", "training_seconds": "training time"}
_SIGNIFICANT: Final = 0.05


def section(effect: Effect, pairs: Pairs) -> str:
    """An effect's headline, its summary, and every pair."""
    lines = [f"## {effect.name}", "", effect.procedure, ""]
    for measure in effect.measures:
        lines += [*_summary(effect, pairs, measure), ""]
    for measure in effect.measures:
        lines += [*_every_pair(effect, pairs, measure), ""]
    return "\n".join(lines)


def _summary(effect: Effect, pairs: Pairs, measure: str) -> Iterator[str]:
    without, with_it = effect.without[0], effect.with_it[0]
    yield (
        f"| {_NAMES[measure]} | median {without} | median {with_it} | median difference |"
        f" {with_it} better | worse | equal | Wilcoxon p | {with_it} is |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, outcomes in pairs.items():
        values = _values(outcomes, measure)
        differences = [ours - theirs for theirs, ours in values]
        better = sum(difference < 0 for difference in differences)
        worse = sum(difference > 0 for difference in differences)
        medians = [statistics.median(each) for each in zip(*values, strict=True)]
        middle = statistics.median(differences)
        p = float(wilcoxon(differences).pvalue) if any(differences) else 1.0
        yield (
            f"| {name} | {medians[0]:.4f} | {medians[1]:.4f} | {middle:+.4f} |"
            f" {better} | {worse} | {len(differences) - better - worse} | {p:.2g} |"
            f" {_verdict(middle, p)} |"
        )


def _verdict(middle: float, p: float) -> str:
    if p >= _SIGNIFICANT:
        return "not shown to differ"
    return "lower" if middle < 0 else "higher"


def _every_pair(effect: Effect, pairs: Pairs, measure: str) -> Iterator[str]:
    arms = [effect.without[0], effect.with_it[0]]
    heads = [f"{name}: {arm}" for name in pairs for arm in arms]
    yield f"| seed, {_NAMES[measure]} | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    columns = [_values(outcomes, measure) for outcomes in pairs.values()]
    for seed, row in enumerate(zip(*columns, strict=True)):
        yield f"| {seed} | {' | '.join(f'{value:.4f}' for pair in row for value in pair)} |"


def _values(outcomes: Sequence[Pair], measure: str) -> list[tuple[float, float]]:
    return [(getattr(theirs, measure), getattr(ours, measure)) for theirs, ours in outcomes]
