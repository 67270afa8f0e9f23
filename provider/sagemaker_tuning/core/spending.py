"""What a tuning job has cost so far, and when that has to be looked up. It is an estimate."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.cost import amount, prices
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from sagemaker_tuning.core.rates import HourlyRates

_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_AN_HOUR = 3_600_000_000
_MOST_AT_ONCE = 100
"""What the quota can be increased to:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""


def consumed(
    tuning_job: Mapping[str, Any],
    training_jobs: Iterable[Mapping[str, Any]],
    rates: HourlyRates,
    now: datetime,
) -> Fraction:
    """Give what training jobs have cost so far, in the rates' currency.

    Counted is the time from ``TrainingStartTime``, before which nothing is billed, to
    ``TrainingEndTime`` or now. So it is rather too much where spot training was interrupted or
    instances cheaper than the dearest were used, and too little where instances were kept alive.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        training_jobs: Summaries of all its training jobs.
        rates: Of its instance types.
        now: By the service's clock, which the times are of.
    """
    by_name = prices(tuning_job, rates)
    dearest = max((price.per_hour for price in by_name.values()), default=Fraction())
    microseconds: Counter[str | None] = Counter()
    for each in training_jobs:
        if started := each.get("TrainingStartTime"):
            ran = (each.get("TrainingEndTime") or now) - started
            microseconds[each.get("TrainingJobDefinitionName")] += max(0, ran // _MICROSECOND)
    return sum(
        (
            (by_name[name].per_hour if name in by_name else dearest) * ran / _MICROSECONDS_AN_HOUR
            for name, ran in microseconds.items()
        ),
        Fraction(),
    )


class SpendingWatch:
    """Says when the training jobs of a tuning job must be listed to know whether it costs too much.

    What a listing gave, and the most that can have been added since, bound what the job has cost:
    before that passes the limit, nothing needs to be looked up. Listings get closer together only
    as the limit gets closer.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        rates: Of its instance types.
        limit: In the rates' currency.
    """

    def __init__(self, tuning_job: Mapping[str, Any], rates: HourlyRates, limit: Decimal) -> None:
        limits = parts.config(tuning_job, "ResourceLimits")
        at_once = parts.integer(parts.lookup(limits, "MaxParallelTrainingJobs")) or _MOST_AT_ONCE
        known = prices(tuning_job, rates).values()
        dearest = max((price.per_hour for price in known), default=Fraction())
        self._rate = at_once * dearest / _MICROSECONDS_AN_HOUR
        self._limit = Fraction(limit)
        self._consumed = Fraction()
        self._listed_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the last listing gave more than the limit."""
        return self._consumed > self._limit

    def is_due(self, now: datetime) -> bool:
        """Whether the limit may be passed by now.

        Args:
            now: By any clock, as long as it is the one of ``listed``.
        """
        if self._listed_at is None:
            return True
        since = max(0, (now - self._listed_at) // _MICROSECOND)
        return self._consumed + self._rate * since > self._limit

    def listed(self, consumed: Fraction, now: datetime) -> None:
        """Take note of what a listing gave that was asked for at a time."""
        self._consumed, self._listed_at = consumed, now

    def __str__(self) -> str:
        return spending_line(self._consumed, self._limit)


def spending_line(consumed: Fraction, limit: Fraction | Decimal | None) -> str:
    """Say what has been consumed, and of what."""
    of = "" if limit is None else f" of max_cost {amount(Fraction(limit))}"
    return f"estimate: {amount(consumed)}{of} consumed"
