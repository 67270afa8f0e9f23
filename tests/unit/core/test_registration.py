"""The request that registers a training job, within AWS's limits whatever the training job is."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.naming import LaunchIdentity
from sagemaker_tuning.core.registration import (
    client_token,
    objective_type,
    package_differences,
    package_metadata,
    package_request,
    statistics,
    statistics_uri,
)

_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_IDENTITY = LaunchIdentity("prod", "churn", "scheduled__2026-01-01T00:00:00+00:00", "register")
_SHAPE = shapes.input_shape("CreateModelPackage")


def _training_job(*metrics: tuple[str, float | None], **members: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "churn-001",
        "TrainingJobArn": f"{_ARN}:training-job/churn-001",
        "TuningJobArn": f"{_ARN}:hyper-parameter-tuning-job/churn",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "HyperParameters": {"_tuning_objective_metric": "validation:auc"},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/output/"},
        "FinalMetricDataList": [{"MetricName": name, "Value": value} for name, value in metrics],
    } | members


def test_the_metadata_says_what_and_who() -> None:
    """Under the provider's own prefix, each value as AWS takes it."""
    metadata = package_metadata(_training_job(("validation:auc", 0.75)), "Maximize", _IDENTITY)
    assert {key.partition(":")[2]: value for key, value in metadata.items()} == {
        "identity": _IDENTITY.digest,
        "dag_id": "churn",
        "run_id": _IDENTITY.run_id,
        "task_id": "register",
        "map_index": "-1",
        "training_job": f"{_ARN}:training-job/churn-001",
        "tuning_job": f"{_ARN}:hyper-parameter-tuning-job/churn",
        "objective_metric": "validation:auc",
        "objective_type": "Maximize",
        "objective_value": "0.75",
    }


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_not_written(value: float | None) -> None:
    """Nor is what is not known."""
    metadata = package_metadata(_training_job(("validation:auc", value)), None, _IDENTITY)
    assert "sagemaker-tuning:objective_value" not in metadata
    assert "sagemaker-tuning:objective_type" not in metadata
    assert metadata["sagemaker-tuning:objective_metric"] == "validation:auc"


def test_names_of_any_length_and_alphabet_are_within_the_limits() -> None:
    """Airflow's ids have 250 characters, and run ids whatever their author likes."""
    identity = LaunchIdentity("prod", "ü" * 250, "{run}\n" * 60, "", 3)
    metadata = package_metadata(_training_job(), None, identity)
    for key, value in metadata.items():
        assert re.fullmatch(r"[\w\s.:/=+\-@]{1,128}", key)
        assert re.fullmatch(r"[\w\s.:/=+\-@]{1,256}", value)
        assert "\n" not in value


def test_the_direction_is_that_of_the_training_jobs_metric() -> None:
    """Of several definitions the one that has this objective; of none nobody knows."""
    auc = {"MetricName": "auc", "Type": "Maximize"}
    rmse = {"MetricName": "rmse", "Type": "Minimize"}
    one = {"HyperParameterTuningJobConfig": {"HyperParameterTuningJobObjective": auc}}
    assert objective_type(one, "auc") == "Maximize"
    assert objective_type(one, "rmse") is None
    several: dict[str, Any] = {
        "HyperParameterTuningJobConfig": {},
        "TrainingJobDefinitions": [{"TuningObjective": auc}, {"TuningObjective": rmse}],
    }
    assert objective_type(several, "rmse") == "Minimize"
    several["TrainingJobDefinitions"].append({"TuningObjective": auc | {"Type": "Minimize"}})
    assert objective_type(several, "auc") is None


def test_statistics_are_json_in_the_training_jobs_folder() -> None:
    """Whatever the numbers, and however the output path ends; none without metrics."""
    training_job = _training_job(("train:auc", float("nan")), ("validation:auc", 0.75), ("x", None))
    metrics = json.loads(statistics(training_job) or b"", parse_constant=pytest.fail)
    assert {name: each["value"] for name, each in metrics["training_job_metrics"].items()} == {
        "train:auc": None,
        "validation:auc": 0.75,
    }
    assert statistics_uri(training_job).startswith("s3://bucket/output/churn-001/")
    assert statistics(_training_job()) is None


def test_a_token_is_one_per_training_job_and_group() -> None:
    """However the group is named; another for another training job, also of the same name."""
    training_job = _training_job()
    token = client_token("churn", training_job, 0)
    assert token == client_token(f"{_ARN}:model-package-group/Churn", training_job, 0)
    later = training_job["CreationTime"] + timedelta(seconds=1)
    other = f"{_ARN}:training-job/churn-002"
    others = {
        client_token("churn", training_job, 1),
        client_token("churn-2", training_job, 0),
        client_token("churn", training_job | {"CreationTime": later}, 0),
        client_token("churn", training_job | {"TrainingJobArn": other}, 0),
    }
    assert len(others | {token}) == 5
    assert not list(shapes.violations(token, _SHAPE.members["ClientToken"]))


def _request(**more: Any) -> dict[str, Any]:
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {}}
    request = {
        "ModelPackageGroupName": "churn",
        "InferenceSpecification": {"Containers": [container], "SupportedContentTypes": ["a/b"]},
        "ModelPackageDescription": "one\ntwo",
    }
    metadata = {"sagemaker-tuning:training_job": "job"}
    return package_request(request, more, metadata, _training_job(("validation:auc", 0.75)))


def test_what_the_user_adds_wins() -> None:
    """But for the metadata by which the provider knows its own."""
    own = {"team": "x", "sagemaker-tuning:training_job": "another"}
    request = _request(
        ModelPackageDescription="three", CustomerMetadataProperties=own, ModelMetrics={}
    )
    assert request["ModelPackageDescription"] == "three"
    assert request["ModelMetrics"] == {}
    assert request["CustomerMetadataProperties"] == {
        "team": "x",
        "sagemaker-tuning:training_job": "job",
    }
    assert _request()["ModelPackageDescription"] == "one two"


def test_what_would_break_the_promise_is_refused() -> None:
    """A token or a name of the user's own, and what AWS itself refuses, all at once."""
    with pytest.raises(InvalidTuningRequest) as refused:
        _request(
            ClientToken="mine",
            ModelPackageName="mine",
            ModelPackageGroupName="mine",
            CustomerMetadataProperties=["team"],
        )
    assert {violation.path for violation in refused.value.violations} == {
        "additional_fields.ClientToken",
        "additional_fields.ModelPackageName",
        "additional_fields.ModelPackageGroupName",
        "CustomerMetadataProperties",
    }


def test_only_what_was_sent_is_compared() -> None:
    """AWS adds digests and defaults, approval comes and goes, and each run has its metadata."""
    request = _request()
    (container,) = request["InferenceSpecification"]["Containers"]
    specification = request["InferenceSpecification"]
    described = request | {
        "ModelPackageGroupName": "Churn",
        "ModelPackageVersion": 1,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {},
        "InferenceSpecification": specification
        | {"Containers": [container | {"ImageDigest": "sha256:1"}]},
    }
    assert package_differences(request, described) == []
    described["InferenceSpecification"] = specification | {
        "Containers": [container | {"Image": "another"}],
        "SupportedContentTypes": ["c/d"],
    }
    assert package_differences(request, described) == [
        "InferenceSpecification.Containers.0.Image",
        "InferenceSpecification.SupportedContentTypes",
    ]
