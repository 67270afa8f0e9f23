"""Conditions on status counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.snapshot import Snapshot

COUNTERS = (
    "Completed",
    "InProgress",
    "RetryableError",
    "NonRetryableError",
    "Stopped",
    "Succeeded",
    "Pending",
    "Failed",
)
"""Both sets of counters; no name is in both."""

_PASSING = frozenset({"InProgress", "Pending"})


@dataclass(frozen=True, slots=True)
class CountersCondition:
    """Counters that must be reached together, such as ``{"Completed": 5}``.

    Names are those of ``TrainingJobStatusCounters`` (Completed, InProgress, RetryableError,
    NonRetryableError, Stopped) and of ``ObjectiveStatusCounters`` (Succeeded, Pending, Failed).
    """

    at_least: tuple[tuple[str, int], ...]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, int]) -> Self:
        """Check and take a condition.

        Raises:
            InvalidTuningRequest: It is empty, names an unknown counter, or wants less than 1.
        """
        violations = [
            Violation(f"counters.{name}", f"{at_least!r}", "a whole number of 1 or more")
            for name, at_least in mapping.items()
            if isinstance(at_least, bool) or not isinstance(at_least, int) or at_least < 1
        ]
        violations += [
            Violation(f"counters.{name}", "no such counter", "one of " + ", ".join(COUNTERS))
            for name in mapping
            if name not in COUNTERS
        ]
        if not mapping:
            violations.append(Violation("counters", "empty", 'such as {"Completed": 5}'))
        if violations:
            raise InvalidTuningRequest(violations)
        return cls(tuple(mapping.items()))

    def is_met(self, snapshot: Snapshot) -> bool:
        """Whether every counter has been reached."""
        counts = _counts(snapshot)
        return all(counts[name] >= at_least for name, at_least in self.at_least)

    def is_decided(self, snapshot: Snapshot) -> bool:
        """Whether it is met, or can no longer be met."""
        return self.is_met(snapshot) or self.out_of_reach(snapshot) is not None

    def out_of_reach(self, snapshot: Snapshot) -> str | None:
        """Say why the condition can no longer be met; None while it still can."""
        if self.is_met(snapshot):
            return None
        counts = _counts(snapshot)
        for name, at_least in self.at_least:
            most = _most(name, snapshot, counts)
            if most is not None and most < at_least:
                return f"{name} is {counts[name]} and can reach {most} at most, not {at_least}"
        if snapshot.is_ended:
            return f"the tuning job is {snapshot.status} with {_said(counts)}"
        return None


def _counts(snapshot: Snapshot) -> dict[str, int]:
    return snapshot.counters.to_document() | snapshot.objectives.to_document()


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _most(name: str, snapshot: Snapshot, counts: Mapping[str, int]) -> int | None:
    """Give the most that a counter can still become; None if nothing bounds it.

    A training job that ended otherwise never moves to another counter; RetryableError may
    (it is retried), so it takes no place from the others.
    """
    if snapshot.is_ended:
        return counts[name]
    if snapshot.max_training_jobs is None or name in _PASSING:
        return snapshot.max_training_jobs
    rivals = (
        ("Succeeded", "Failed")
        if name in {"Succeeded", "Failed"}
        else ("Completed", "NonRetryableError", "Stopped")
    )
    return snapshot.max_training_jobs - sum(counts[other] for other in rivals if other != name)
