"""Whether a challenger takes the champion's place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Verdict = Literal["Won", "Lost", "NoChampion"]


@dataclass(frozen=True, slots=True)
class Scored:
    """A model package and its score.

    Attributes:
        arn: ``ModelPackageArn``.
        value: Of the metric; finite.
    """

    arn: str
    value: float

    def to_document(self) -> dict[str, Any]:
        """Give it under AWS's keys."""
        return {"ModelPackageArn": self.arn, "Value": self.value}


@dataclass(frozen=True, slots=True)
class Contest:
    """Challenger against champion on the same data.

    Attributes:
        metric_name: What both are scored by.
        type: ``Maximize`` or ``Minimize``.
        margin: By how much more the challenger must be better, 0 or more.
        challenger: The model package that may take the champion's place.
        champion: The one that holds it; None if none does.
    """

    metric_name: str
    type: str
    margin: float
    challenger: Scored
    champion: Scored | None

    @property
    def verdict(self) -> Verdict:
        """``Won`` if the challenger is better by more than the margin; equal ones are not."""
        if self.champion is None:
            return "NoChampion"
        return "Won" if self._lead > _decimal(self.margin) else "Lost"

    @property
    def reason(self) -> str:
        """One line that says who won, and by which numbers."""
        challenger = f"challenger {_short(self.challenger.arn)} {self.metric_name}"
        if self.champion is None:
            said = f"{self.challenger.value:.6g}"
            return f"{challenger} {said}: there is no champion, so the challenger passes"
        ours, theirs = _told_apart(self.challenger.value, self.champion.value)
        champion = f"champion {_short(self.champion.arn)} {theirs}"
        return f"{challenger} {ours}, {champion}, margin {self.margin:g}: {self._outcome}"

    def to_document(self) -> dict[str, Any]:
        """Give the result under AWS's keys."""
        return {
            "ModelPackageArn": self.challenger.arn,
            "Verdict": self.verdict,
            "MetricName": self.metric_name,
            "Type": self.type,
            "Margin": self.margin,
            "Challenger": self.challenger.to_document(),
            "Champion": self.champion.to_document() if self.champion else None,
            "Reason": self.reason,
        }

    @property
    def _lead(self) -> Decimal:
        """By how much the challenger is better; exact, as the numbers are written."""
        assert self.champion is not None  # noqa: S101 -- both who ask have looked
        lead = _decimal(self.challenger.value) - _decimal(self.champion.value)
        return lead if self.type == "Maximize" else -lead

    @property
    def _outcome(self) -> str:
        if self.verdict == "Won":
            return "the challenger wins"
        if self._lead == 0:
            return "they are equal, so the champion stays"
        if self._lead > 0:
            return "the challenger is not better by more than the margin, so the champion stays"
        return "the champion stays"


def _decimal(value: float) -> Decimal:
    # 0.9885 - 0.9875 is more than 0.001 to a computer, and to nobody who reads it.
    return Decimal(repr(float(value)))


def _told_apart(one: float, other: float) -> tuple[str, str]:
    short = f"{one:.6g}", f"{other:.6g}"
    return short if short[0] != short[1] or one == other else (repr(one), repr(other))


def _short(arn: str) -> str:
    """Give group and version."""
    return arn.partition("model-package/")[2] or arn
