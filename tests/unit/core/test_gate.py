"""Who wins is exact, and said in a line that shows it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.gate import Contest, Scored

_PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"
_values = st.floats(-1e6, 1e6, allow_nan=False)
_margins = st.floats(0, 10, allow_nan=False)
_types = st.sampled_from(["Maximize", "Minimize"])


def _contest(
    challenger: float, champion: float | None, margin: float = 0.0, kind: str = "Maximize"
) -> Contest:
    return Contest(
        metric_name="auc",
        type=kind,
        margin=margin,
        challenger=Scored(f"{_PACKAGE}/2", challenger),
        champion=None if champion is None else Scored(f"{_PACKAGE}/1", champion),
    )


@given(_values, _values, _margins, _types)
def test_better_by_more_than_the_margin_wins(
    challenger: float, champion: float, margin: float, kind: str
) -> None:
    """By the numbers as they are written, in the direction of the metric."""
    lead = Decimal(repr(challenger)) - Decimal(repr(champion))
    lead = lead if kind == "Maximize" else -lead
    verdict = _contest(challenger, champion, margin, kind).verdict
    assert verdict == ("Won" if lead > Decimal(repr(margin)) else "Lost")


@given(_values, _values, _margins, _types)
def test_not_both_win(one: float, other: float, margin: float, kind: str) -> None:
    """Whoever is the challenger: at most one of two is the better one."""
    verdicts = [
        _contest(one, other, margin, kind).verdict,
        _contest(other, one, margin, kind).verdict,
    ]
    assert verdicts.count("Won") <= 1


@given(_values, _types)
def test_an_equal_challenger_loses(value: float, kind: str) -> None:
    """Nothing is gained by a change, and the reason says that they are equal."""
    contest = _contest(value, value, 0.0, kind)
    assert contest.verdict == "Lost"
    assert contest.reason.endswith("they are equal, so the champion stays")


@pytest.mark.parametrize(
    ("challenger", "champion", "kind"),
    [(0.9885, 0.9875, "Maximize"), (0.9875, 0.9885, "Minimize"), (0.3, 0.299, "Maximize")],
)
def test_the_margin_itself_is_not_enough(challenger: float, champion: float, kind: str) -> None:
    """Not even where binary fractions make the difference look larger than it is written."""
    contest = _contest(challenger, champion, 0.001, kind)
    assert contest.verdict == "Lost"
    assert contest.reason.endswith("not better by more than the margin, so the champion stays")


@given(_values, _types)
def test_without_a_champion_the_challenger_passes(value: float, kind: str) -> None:
    """And its score is in the result."""
    document = _contest(value, None, 0.5, kind).to_document()
    assert document["Verdict"] == "NoChampion"
    assert document["Champion"] is None
    assert document["Challenger"] == {"ModelPackageArn": f"{_PACKAGE}/2", "Value": value}


def test_the_reason_is_readable() -> None:
    """Who, by which metric, how good, by how much, with what outcome."""
    assert _contest(0.99123419, 0.9875, 0.001).reason == (
        "challenger churn/2 auc 0.991234, champion churn/1 0.9875, margin 0.001: "
        "the challenger wins"
    )
    assert _contest(0.5, 0.75).reason.endswith(
        "champion churn/1 0.75, margin 0: the champion stays"
    )
    assert _contest(0.75, None).reason == (
        "challenger churn/2 auc 0.75: there is no champion, so the challenger passes"
    )


def test_scores_that_look_alike_are_told_apart() -> None:
    """All digits are shown where six do not show who is better."""
    reason = _contest(0.98754321000000, 0.98754320999).reason
    assert "0.98754321," in reason
    assert "0.98754320999," in reason
    assert "the challenger wins" in reason
