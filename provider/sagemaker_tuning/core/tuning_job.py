"""A tuning job as a result: small JSON documents with AWS's own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.snapshot import Snapshot

_RESULT_KEYS = (
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
)
_BEST_KEYS = (
    "TrainingJobName",
    "TrainingJobArn",
    "TunedHyperParameters",
    "FinalHyperParameterTuningJobObjectiveMetric",
)


def tuning_job_result(description: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of an answer of Describe what the next task needs.

    Returns:
        Name, ARN, status, both counters, and ``BestTrainingJob`` once there is one.
    """
    result = {key: description[key] for key in _RESULT_KEYS}
    best = description.get("BestTrainingJob")
    if best is not None:
        result["BestTrainingJob"] = {key: best[key] for key in _BEST_KEYS if key in best}
    return result


def is_failing_fast(snapshot: Snapshot, limit: int | None) -> bool:
    """Whether more training jobs than the limit have ended with NonRetryableError.

    Args:
        snapshot: Of the tuning job, ended or not.
        limit: 0 or more; None for no limit.
    """
    return limit is not None and snapshot.counters.non_retryable_error > limit
