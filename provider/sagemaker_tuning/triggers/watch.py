"""What is known of one tuning job that is watched, and who wants to know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import TuningJobConflict
from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.triggers.subscription import Subscription


class Watch:
    """One tuning job, for all that wait on it. Times are the event loop's, in seconds.

    Args:
        name: ``HyperParameterTuningJobName``.

    Attributes:
        subscriptions: Those of the waits.
        due_at: When the next look is due.
        looked_at: When the last look began.
        unsure_since: Since when training jobs have ended that may be better than the best known;
            None if it is known.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.subscriptions: set[Subscription] = set()
        self.due_at = float("inf")
        self.looked_at = float("-inf")
        self.unsure_since: float | None = None
        self._snapshot: Snapshot | None = None
        self._described_at = datetime.now(UTC)
        self._absent_since: float | None = None

    @property
    def interval(self) -> float:
        """Seconds between two looks, as the most impatient wait has it."""
        now = datetime.now(UTC)
        return min(each.job.interval(self._snapshot, now) for each in self.subscriptions)

    @property
    def created_at(self) -> datetime | None:
        """When the tuning job was created; None before the first look."""
        return None if self._snapshot is None else self._snapshot.created_at

    @property
    def is_ended(self) -> bool:
        """Whether Describe has said so: a List may still lag behind."""
        return self._snapshot is not None and self._snapshot.is_ended

    def take_summary(self, summary: Mapping[str, Any], now: float) -> bool:
        """Take a summary from a List, if nothing depends on it that only Describe may decide.

        Returns:
            Whether it was taken. It is given to the waits by ``publish``.
        """
        if self._snapshot is None:
            snapshot = Snapshot.from_summary(summary)
        else:
            snapshot = self._snapshot.updated(summary, self._described_at)
        if self.is_ended or snapshot.is_ended:
            return False
        if any(
            each.is_decisive(snapshot) or not each.job.is_arn(snapshot.arn)
            for each in self.subscriptions
        ):
            return False
        self._found(snapshot, now)
        return True

    def take_description(self, snapshot: Snapshot, now: float) -> None:
        """Take an answer of Describe, and give it to the waits for whose job it is."""
        self._described_at = datetime.now(UTC)
        self._found(snapshot, now)
        for each in self.subscriptions:
            if not each.job.is_arn(snapshot.arn):
                each.fail(_conflict(each.job.arn, snapshot.arn))
        self.publish()

    def publish(self) -> None:
        """Give what is known to all waits."""
        if self._snapshot is not None:
            for each in self.subscriptions:
                each.give(self._snapshot)

    def absent_seconds(self, now: float) -> float:
        """Give for how long there has been no such job, as is the case now."""
        if self._absent_since is None:
            self._absent_since = now
        return now - self._absent_since

    def warn(self, warning: str) -> None:
        """Have a line in the log of each wait."""
        for each in self.subscriptions:
            each.warn(warning)

    def warn_once(self, warning: str) -> None:
        """Have a line in the log of each wait that has not had it."""
        for each in self.subscriptions:
            each.warn_once(warning)

    def fail(self, error: Exception) -> None:
        """End all waits by an error."""
        for each in self.subscriptions:
            each.fail(error)

    def _found(self, snapshot: Snapshot, now: float) -> None:
        self._snapshot = snapshot
        self._absent_since = None
        if not snapshot.has_unknown_best:
            self.unsure_since = None
        elif self.unsure_since is None:
            self.unsure_since = now


def _conflict(launched: str | None, answered: str) -> TuningJobConflict:
    return TuningJobConflict(
        f"waiting on {launched}, but the connection now answers for {answered}: it must stay with "
        "the account and region in which the job was launched"
    )
