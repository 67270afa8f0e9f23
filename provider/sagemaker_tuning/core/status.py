"""Statuses and status counters, as SageMaker reports them.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDED = frozenset({"Completed", "Failed", "Stopped", "Deleting", "DeleteFailed"})
"""Statuses that a tuning job does not leave by itself for InProgress again.

A status that AWS adds one day is not in here, so that a wait goes on instead of guessing.
"""


@dataclass(frozen=True, slots=True)
class TrainingJobStatusCounters:
    """How many training jobs of a tuning job stand where; each 0 or more.

    Attributes:
        completed: Ended well.
        in_progress: Running, or waiting for instances.
        retryable_error: Failed by an internal error of the service; may be retried.
        non_retryable_error: Failed by an error of the request, the data or the algorithm.
        stopped: Stopped by a person, or early by the tuning job.
    """

    completed: int = 0
    in_progress: int = 0
    retryable_error: int = 0
    non_retryable_error: int = 0
    stopped: int = 0

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read AWS's ``TrainingJobStatusCounters``; an absent counter is 0."""
        return cls(
            completed=document.get("Completed", 0),
            in_progress=document.get("InProgress", 0),
            retryable_error=document.get("RetryableError", 0),
            non_retryable_error=document.get("NonRetryableError", 0),
            stopped=document.get("Stopped", 0),
        )

    def to_document(self) -> dict[str, int]:
        """Give the counters under AWS's keys."""
        return {
            "Completed": self.completed,
            "InProgress": self.in_progress,
            "RetryableError": self.retryable_error,
            "NonRetryableError": self.non_retryable_error,
            "Stopped": self.stopped,
        }

    @property
    def failed(self) -> int:
        """Training jobs that failed, for whichever reason."""
        return self.retryable_error + self.non_retryable_error


@dataclass(frozen=True, slots=True)
class ObjectiveStatusCounters:
    """How many training jobs have an objective metric; each 0 or more.

    Attributes:
        succeeded: The final objective metric was evaluated.
        pending: Not yet known.
        failed: The training job ended without one.
    """

    succeeded: int = 0
    pending: int = 0
    failed: int = 0

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read AWS's ``ObjectiveStatusCounters``; an absent counter is 0."""
        return cls(
            succeeded=document.get("Succeeded", 0),
            pending=document.get("Pending", 0),
            failed=document.get("Failed", 0),
        )

    def to_document(self) -> dict[str, int]:
        """Give the counters under AWS's keys."""
        return {"Succeeded": self.succeeded, "Pending": self.pending, "Failed": self.failed}
