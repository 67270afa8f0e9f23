"""One look at a tuning job."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.status import (
    ENDED,
    ObjectiveStatusCounters,
    TrainingJobStatusCounters,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """The best training job so far.

    Attributes:
        training_job_name: Its name.
        metric_name: The objective metric.
        value: Its final value.
    """

    training_job_name: str
    metric_name: str
    value: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What AWS says of a tuning job, as far as a wait needs it.

    What comes from a List has no reason and no best training job: those are of the last Describe.

    Attributes:
        name: ``HyperParameterTuningJobName``.
        arn: ``HyperParameterTuningJobArn``.
        status: ``HyperParameterTuningJobStatus``; AWS may add to the ones known today.
        counters: Training jobs by status.
        objectives: Training jobs by objective status.
        max_training_jobs: The request's ``MaxNumberOfTrainingJobs``; None if it set none.
        best: None until a training job has a final objective metric.
        created_at: When the tuning job was created.
        ended_at: None while it runs.
        failure_reason: AWS's reason, if it gave one.
        modified_at: When it last changed, by AWS's clock; None where AWS did not say.
        best_as_of: When ``best`` was looked up, if training jobs have ended since.
        description: The whole answer of the last Describe; empty before the first.
    """

    name: str
    arn: str
    status: str
    counters: TrainingJobStatusCounters
    objectives: ObjectiveStatusCounters
    max_training_jobs: int | None
    best: BestSoFar | None
    created_at: datetime
    ended_at: datetime | None
    failure_reason: str | None
    modified_at: datetime | None = field(default=None, compare=False)
    best_as_of: datetime | None = field(default=None, compare=False)
    description: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """Read an answer of DescribeHyperParameterTuningJob."""
        limits = description["HyperParameterTuningJobConfig"].get("ResourceLimits", {})
        return cls(
            name=description["HyperParameterTuningJobName"],
            arn=description["HyperParameterTuningJobArn"],
            status=description["HyperParameterTuningJobStatus"],
            counters=TrainingJobStatusCounters.from_document(
                description["TrainingJobStatusCounters"]
            ),
            objectives=ObjectiveStatusCounters.from_document(
                description["ObjectiveStatusCounters"]
            ),
            max_training_jobs=limits.get("MaxNumberOfTrainingJobs"),
            best=_best(description.get("BestTrainingJob")),
            created_at=description["CreationTime"],
            ended_at=description.get("HyperParameterTuningEndTime"),
            failure_reason=description.get("FailureReason"),
            modified_at=description.get("LastModifiedTime"),
            description=description,
        )

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> Self:
        """Read one of the summaries of ListHyperParameterTuningJobs."""
        limits = {"ResourceLimits": summary.get("ResourceLimits", {})}
        whole = {**summary, "HyperParameterTuningJobConfig": limits}
        return replace(cls.from_description(whole), description={})

    def updated(self, summary: Mapping[str, Any], described_at: datetime) -> Self:
        """Give what is known with a summary that was listed after the last Describe.

        Args:
            summary: Of this tuning job, from ListHyperParameterTuningJobs.
            described_at: When this one was described; without meaning if it never was.
        """
        listed = self.from_summary(summary)
        if listed._is_before(self):  # noqa: SLF001 -- of the same class
            return self  # a List may lag behind a Describe
        if not self.is_described:
            return listed
        has_moved = listed._results != self._results  # noqa: SLF001 -- likewise
        return replace(
            listed,
            max_training_jobs=self.max_training_jobs,
            best=self.best,
            best_as_of=described_at if has_moved else self.best_as_of,
            description=self.description,
        )

    def _is_before(self, other: Self) -> bool:
        mine, theirs = self.modified_at, other.modified_at
        if mine and theirs and mine != theirs:
            return mine < theirs
        ended, known = self.counters, other.counters  # these never fall
        return (
            ended.completed < known.completed
            or ended.stopped < known.stopped
            or ended.non_retryable_error < known.non_retryable_error
        )

    @property
    def _results(self) -> tuple[int, int, int]:
        """What grows when there is something that may be the best."""
        return self.counters.completed, self.counters.stopped, self.objectives.succeeded

    @property
    def is_described(self) -> bool:
        """Whether it has, or had once, been described."""
        return bool(self.description)

    @property
    def has_unknown_best(self) -> bool:
        """Whether training jobs have ended that may be better than what is known as best."""
        ended = self.counters.completed + self.counters.stopped
        return self.best_as_of is not None or (not self.is_described and ended > 0)

    @property
    def is_ended(self) -> bool:
        """Whether the tuning job has reached a status that it does not leave by itself."""
        return self.status in ENDED


def _best(summary: Mapping[str, Any] | None) -> BestSoFar | None:
    metric = (summary or {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    if summary is None or metric is None:
        return None
    return BestSoFar(summary["TrainingJobName"], metric["MetricName"], metric["Value"])
