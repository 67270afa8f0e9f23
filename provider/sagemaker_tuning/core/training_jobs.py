"""A training job of a tuning job as a result: a small JSON document with AWS's own keys."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTIVE_HYPERPARAMETER = "_tuning_objective_metric"
"""What SageMaker adds to the static hyperparameters, to tell the container its objective."""

_TIMES = ("CreationTime", "TrainingStartTime", "TrainingEndTime")
_SECONDS = ("TrainingTimeInSeconds", "BillableTimeInSeconds")


def training_job_result(
    tuning_job: Mapping[str, Any], summary: Mapping[str, Any], training_job: Mapping[str, Any]
) -> dict[str, Any]:
    """Put together what one wants to know of a training job.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        summary: Of the training job: ``BestTrainingJob``, or one that List gives.
        training_job: Answer of DescribeTrainingJob about it.

    Returns:
        A small JSON document with AWS's own keys. Times are ISO 8601 strings in UTC. A key whose
        value AWS does not give (the end of a running training job) is left out; a metric whose
        value is no finite number is null.
    """
    tuned = dict(summary["TunedHyperParameters"])
    static = {
        name: value
        for name, value in training_job.get("HyperParameters", {}).items()
        if name not in tuned and name != OBJECTIVE_HYPERPARAMETER
    }
    result: dict[str, Any] = {
        "HyperParameterTuningJobName": tuning_job["HyperParameterTuningJobName"],
        "HyperParameterTuningJobStatus": tuning_job["HyperParameterTuningJobStatus"],
        "TrainingJobName": summary["TrainingJobName"],
        "TrainingJobArn": summary["TrainingJobArn"],
        "TrainingJobStatus": training_job["TrainingJobStatus"],
    }
    # Under warm start the best training job may be a parent's.
    if "TuningJobArn" in training_job:
        result["TuningJobArn"] = training_job["TuningJobArn"]
    if tuning_job.get("TrainingJobDefinitions") and summary.get("TrainingJobDefinitionName"):
        result["TrainingJobDefinitionName"] = summary["TrainingJobDefinitionName"]
    objective = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    if objective:
        result["FinalHyperParameterTuningJobObjectiveMetric"] = _metric(objective)
    metrics = training_job.get("FinalMetricDataList", [])
    return result | {
        "FinalMetricDataList": [_metric(metric) for metric in metrics],
        "TunedHyperParameters": tuned,
        "StaticHyperParameters": static,
        "TrainingImage": training_job["AlgorithmSpecification"].get("TrainingImage"),
        "ModelArtifacts": {
            "S3ModelArtifacts": training_job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
        },
        **{
            key: training_job[key].astimezone(UTC).isoformat()
            for key in _TIMES
            if training_job.get(key) is not None
        },
        **{key: training_job[key] for key in _SECONDS if training_job.get(key) is not None},
    }


def finite(value: float | None) -> float | None:
    """Give a number that JSON has; None for infinity, NaN and no number."""
    return value if value is not None and math.isfinite(value) else None


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {"MetricName": metric["MetricName"], "Value": finite(metric.get("Value"))}
