"""A tuning job to wait on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagemaker_tuning.core.poll_interval import PollInterval, checked, interval_seconds

if TYPE_CHECKING:
    from datetime import datetime

    from sagemaker_tuning.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class WatchedJob:
    """A tuning job to wait on.

    Attributes:
        name: ``HyperParameterTuningJobName``.
        poll_interval: Seconds between two looks, above 0, or ``"adaptive"``; see ``PollInterval``.
        arn: The ARN that Create gave; None if the job was launched elsewhere.
    """

    name: str
    poll_interval: PollInterval
    arn: str | None = None

    def __post_init__(self) -> None:
        """Refuse an interval at which the job would be looked at without pause."""
        checked(self.poll_interval)

    def interval(self, snapshot: Snapshot | None, now: datetime) -> float:
        """Give the seconds between two looks, by what is known of the job."""
        return interval_seconds(
            self.poll_interval, None if snapshot is None else now - snapshot.created_at
        )

    def is_arn(self, arn: str) -> bool:
        """Whether an ARN may be this job's."""
        return self.arn is None or self.arn.lower() == arn.lower()
