"""What the asset event of a model says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.training_jobs import OBJECTIVE_HYPERPARAMETER, finite

if TYPE_CHECKING:
    from collections.abc import Mapping

_OBJECTIVE_METRIC = "ObjectiveMetric"
"""What AWS calls the objective metric in a metric definition of its own."""


def model_event_extra(
    training_job: Mapping[str, Any], model_name: str, model_arn: str
) -> dict[str, Any]:
    """Describe a model and what it is from, in a few JSON values with AWS's own keys.

    Args:
        training_job: Answer of DescribeTrainingJob, of a job that has an artifact.
        model_name: ``ModelName``.
        model_arn: ``ModelArn``.

    Returns:
        ``ModelName``, ``ModelArn``, ``ModelDataUrl`` (the artifact), ``TrainingJobName``; of a
        training job that a tuning job launched also ``HyperParameterTuningJobName``,
        ``TuningJobArn`` and, if the training job reported it,
        ``FinalHyperParameterTuningJobObjectiveMetric`` with ``MetricName`` and ``Value``, which is
        null where that is no finite number.
    """
    return {"ModelName": model_name, "ModelArn": model_arn, **training_job_extra(training_job)}


def training_job_extra(training_job: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what a model is from: all of ``model_event_extra`` but the model itself."""
    extra = {
        "ModelDataUrl": training_job["ModelArtifacts"]["S3ModelArtifacts"],
        "TrainingJobName": training_job["TrainingJobName"],
    }
    tuning_job = training_job.get("TuningJobArn")
    if not tuning_job:
        return extra
    extra["HyperParameterTuningJobName"] = tuning_job.rpartition("/")[2]
    extra["TuningJobArn"] = tuning_job
    objective, value = final_objective(training_job)
    if value is None:
        return extra
    key = "FinalHyperParameterTuningJobObjectiveMetric"
    return extra | {key: {"MetricName": objective, "Value": finite(value)}}


def final_objective(training_job: Mapping[str, Any]) -> tuple[str | None, float | None]:
    """Give the objective metric's name and its last value; None for what there is none of."""
    objective = training_job.get("HyperParameters", {}).get(OBJECTIVE_HYPERPARAMETER)
    return objective, _value(training_job, objective)


def _value(training_job: Mapping[str, Any], objective: str | None) -> float | None:
    """Give the objective metric's last value, under its own name or the one that AWS adds."""
    metrics = {
        metric.get("MetricName"): metric.get("Value")
        for metric in training_job.get("FinalMetricDataList", [])
    }
    return metrics.get(objective, metrics.get(_OBJECTIVE_METRIC)) if objective else None
