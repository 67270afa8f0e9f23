"""Training jobs of a tuning job: the best one as a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTIVE_HYPERPARAMETER = "_tuning_objective_metric"
"""What SageMaker adds to the static hyperparameters, to tell the container its objective."""


def best_training_job(
    tuning_job: Mapping[str, Any], training_job: Mapping[str, Any]
) -> dict[str, Any]:
    """Put together what one wants to know of the best training job.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob, with a ``BestTrainingJob``.
        training_job: Answer of DescribeTrainingJob about that training job.

    Returns:
        A small JSON document with AWS's own keys; times are ISO 8601 strings. A key whose value
        AWS does not give (the end of a running training job) is left out.
    """
    best = tuning_job["BestTrainingJob"]
    tuned = dict(best["TunedHyperParameters"])
    static = {
        name: value
        for name, value in training_job.get("HyperParameters", {}).items()
        if name not in tuned and name != OBJECTIVE_HYPERPARAMETER
    }
    times = {
        key: training_job[key].isoformat()
        for key in ("CreationTime", "TrainingStartTime", "TrainingEndTime")
        if training_job.get(key) is not None
    }
    metric = best["FinalHyperParameterTuningJobObjectiveMetric"]
    return {
        "HyperParameterTuningJobName": tuning_job["HyperParameterTuningJobName"],
        "HyperParameterTuningJobStatus": tuning_job["HyperParameterTuningJobStatus"],
        "TrainingJobName": best["TrainingJobName"],
        "TrainingJobArn": best["TrainingJobArn"],
        "TrainingJobStatus": training_job["TrainingJobStatus"],
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": metric["MetricName"],
            "Value": metric["Value"],
        },
        "TunedHyperParameters": tuned,
        "StaticHyperParameters": static,
        "TrainingImage": training_job["AlgorithmSpecification"].get("TrainingImage"),
        "ModelArtifacts": {
            "S3ModelArtifacts": training_job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
        },
        **times,
    }
