"""When a tuning job has found enough: its best training job and its completion criteria.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html
"""

from collections.abc import Mapping
from typing import Any

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.wire import Document

# An improvement of the best objective by 1 % or less is none.
_INSIGNIFICANT = 0.01
_NOT_IMPROVING = "NumberOfTrainingJobsObjectiveNotImproving"


def take(progress: Document, training_job: Document, *, maximize: bool) -> None:
    """Takes an ended training job into the best so far, and into how many did not improve on it.

    That is counted anew from each that improved on the best by more than 1 %. One without an
    objective metric shows nothing and is passed over.
    """
    value = documents.objective(training_job)
    if value is None:
        return
    best = documents.objective(progress.get("BestTrainingJob", {}))
    gain = 0.0 if best is None else (value - best if maximize else best - value)
    if best is None or gain > 0:
        progress["BestTrainingJob"] = documents.summary(training_job)
    details = progress["TuningJobCompletionDetails"]
    if best is None or gain > _INSIGNIFICANT * abs(best):
        details[_NOT_IMPROVING] = 0
    else:
        details[_NOT_IMPROVING] += 1


def take_convergence(progress: Document) -> None:
    """Notes when the search has converged, the first time it has."""
    progress["TuningJobCompletionDetails"].setdefault("ConvergenceDetectedTime", documents.now())


def is_met(config: Mapping[str, Any], progress: Document, *, maximize: bool) -> bool:
    """Whether a criterion of a HyperParameterTuningJobConfig ends the job; any one does.

    Args:
        config: the tuning job's.
        progress: its changing part.
        maximize: whether a higher objective is better to its best training job.
    """
    criteria: Mapping[str, Any] = config.get("TuningJobCompletionCriteria", {})
    details = progress["TuningJobCompletionDetails"]
    not_improving = criteria.get("BestObjectiveNotImproving", {}).get(
        "MaxNumberOfTrainingJobsNotImproving"
    )
    if not_improving is not None and details[_NOT_IMPROVING] >= not_improving:
        return True
    convergence = criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence")
    if convergence == "Enabled" and "ConvergenceDetectedTime" in details:
        return True
    best = documents.objective(progress.get("BestTrainingJob", {}))
    target = criteria.get("TargetObjectiveMetricValue")
    if target is None or best is None:
        return False
    # Both are floats of 32 bits to AWS: 0.9 reaches 0.9.
    target = documents.float32(target)
    return best >= target if maximize else best <= target
