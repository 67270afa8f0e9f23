"""What a model's asset event says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagemaker_tuning.core.model_event import model_event_extra

_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_KEY = "FinalHyperParameterTuningJobObjectiveMetric"
_TUNED = {
    "TuningJobArn": f"{_ARN}:hyper-parameter-tuning-job/churn",
    "HyperParameters": {"_tuning_objective_metric": "validation:auc"},
}


def _extra(*metrics: tuple[str, float], **training_job: Any) -> dict[str, Any]:
    document = {
        "TrainingJobName": "churn-001",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model.tar.gz"},
        "FinalMetricDataList": [{"MetricName": name, "Value": value} for name, value in metrics],
    }
    return model_event_extra(document | training_job, "churn", f"{_ARN}:model/churn")


def test_a_tuned_model_says_how_good_it_is_and_what_it_is_from() -> None:
    """By the metric that the tuning job was after, whatever others there are."""
    assert _extra(("train:auc", 0.99), ("validation:auc", 0.75), **_TUNED) == {
        "ModelName": "churn",
        "ModelArn": f"{_ARN}:model/churn",
        "ModelDataUrl": "s3://bucket/model.tar.gz",
        "TrainingJobName": "churn-001",
        "HyperParameterTuningJobName": "churn",
        "TuningJobArn": f"{_ARN}:hyper-parameter-tuning-job/churn",
        _KEY: {"MetricName": "validation:auc", "Value": 0.75},
    }


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ([("ObjectiveMetric", 0.5)], {"MetricName": "validation:auc", "Value": 0.5}),
        ([("validation:auc", float("nan"))], {"MetricName": "validation:auc", "Value": None}),
        ([("train:auc", 0.5)], None),
        ([], None),
    ],
)
def test_a_metric_that_is_no_number_is_null_and_one_that_is_absent_is_left_out(
    metrics: list[tuple[str, float]], told: dict[str, Any] | None
) -> None:
    """The extra stays what JSON can say."""
    extra = _extra(*metrics, **_TUNED)
    assert extra.get(_KEY) == told
    json.dumps(extra, allow_nan=False)


def test_a_training_job_of_its_own_has_no_objective() -> None:
    """Its metrics are not those of a search."""
    assert set(_extra(("validation:auc", 0.75))) == {
        "ModelName",
        "ModelArn",
        "ModelDataUrl",
        "TrainingJobName",
    }
