"""One look at a tuning job."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """What Describe says of a tuning job, as far as a wait needs it.

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
        description: The whole answer.
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
            description=description,
        )

    @property
    def is_ended(self) -> bool:
        """Whether the tuning job has reached a status that it does not leave by itself."""
        return self.status in ENDED


def _best(summary: Mapping[str, Any] | None) -> BestSoFar | None:
    metric = (summary or {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    if summary is None or metric is None:
        return None
    return BestSoFar(summary["TrainingJobName"], metric["MetricName"], metric["Value"])
