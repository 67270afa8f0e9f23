"""A training job as a result."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sagemaker_tuning.core.training_jobs import training_job_result

Document = dict[str, Any]
_TUNING_JOB: Document = {
    "HyperParameterTuningJobName": "churn",
    "HyperParameterTuningJobStatus": "Completed",
}
_SUMMARY: Document = {
    "TrainingJobName": "churn-001-0a1b2c3d",
    "TrainingJobArn": "arn:aws:sagemaker:us-east-1:1:training-job/churn-001-0a1b2c3d",
    "TrainingJobDefinitionName": "trees",
    "TunedHyperParameters": {"eta": "0.3"},
    "FinalHyperParameterTuningJobObjectiveMetric": {
        "MetricName": "validation:auc",
        "Value": 0.5,
        "Type": "Maximize",
    },
}
_DESCRIBED: Document = {
    "TrainingJobStatus": "Completed",
    "TuningJobArn": "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/parent",
    "HyperParameters": {
        "eta": "0.3",
        "num_round": "100",
        "_tuning_objective_metric": "validation:auc",
    },
    "AlgorithmSpecification": {"TrainingImage": "image"},
    "ModelArtifacts": {"S3ModelArtifacts": "s3://a/model.tar.gz"},
    "CreationTime": datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    "TrainingStartTime": datetime(2026, 1, 1, 10, 1, tzinfo=UTC),
    "TrainingEndTime": datetime(2026, 1, 1, 10, 2, tzinfo=UTC),
    "TrainingTimeInSeconds": 60,
    "BillableTimeInSeconds": 20,
    "FinalMetricDataList": [
        {
            "MetricName": "train:auc",
            "Value": math.nan,
            "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        }
    ],
}


def test_a_result_has_all_that_one_wants_to_know() -> None:
    """Names, metrics, hyperparameters without SageMaker's own, image, artifact, times in UTC."""
    result = training_job_result(_TUNING_JOB, _SUMMARY, _DESCRIBED)
    assert json.loads(json.dumps(result, allow_nan=False)) == {
        "HyperParameterTuningJobName": "churn",
        "HyperParameterTuningJobStatus": "Completed",
        "TrainingJobName": "churn-001-0a1b2c3d",
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:1:training-job/churn-001-0a1b2c3d",
        "TrainingJobStatus": "Completed",
        "TuningJobArn": "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/parent",
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": "validation:auc",
            "Value": 0.5,
        },
        "FinalMetricDataList": [{"MetricName": "train:auc", "Value": None}],
        "TunedHyperParameters": {"eta": "0.3"},
        "StaticHyperParameters": {"num_round": "100"},
        "TrainingImage": "image",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://a/model.tar.gz"},
        "CreationTime": "2026-01-01T10:00:00+00:00",
        "TrainingStartTime": "2026-01-01T10:01:00+00:00",
        "TrainingEndTime": "2026-01-01T10:02:00+00:00",
        "TrainingTimeInSeconds": 60,
        "BillableTimeInSeconds": 20,
    }


def test_the_definition_is_named_where_there_are_several() -> None:
    """Of one definition the name would say nothing."""
    several = _TUNING_JOB | {"TrainingJobDefinitions": [{}, {}]}
    result = training_job_result(several, _SUMMARY, _DESCRIBED)
    assert result["TrainingJobDefinitionName"] == "trees"


def test_what_is_not_known_yet_is_left_out() -> None:
    """A training job that has just been created has neither metric nor artifact nor end."""
    summary = {
        key: value
        for key, value in _SUMMARY.items()
        if key != "FinalHyperParameterTuningJobObjectiveMetric"
    }
    described: Document = {"TrainingJobStatus": "InProgress", "AlgorithmSpecification": {}}
    result = training_job_result(_TUNING_JOB, summary, described)
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in result
    assert "TrainingEndTime" not in result
    assert result["FinalMetricDataList"] == []
    assert result["ModelArtifacts"] == {"S3ModelArtifacts": None}
