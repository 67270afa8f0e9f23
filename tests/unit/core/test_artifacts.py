"""What in a bucket, or in a log group, belongs to a tuning job."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.artifacts import Folders, best_training_job_names, output_folders

_NAMES = frozenset({"churn-001-0a", "churn-002-0b"})


@pytest.mark.parametrize(
    ("key", "is_ours"),
    [
        ("out/churn-001-0a/output/model.tar.gz", True),
        ("out/churn-002-0b/debug-output/x/y", True),
        ("out/churn-001-0a", False),
        ("out/churn-001-0ab/output/model.tar.gz", False),
        ("out/churn-2-001-0a/output/model.tar.gz", False),
        ("out/other/churn-001-0a/model.tar.gz", False),
        ("elsewhere/churn-001-0a/model.tar.gz", False),
        ("churn-001-0a/output/model.tar.gz", False),
    ],
)
def test_only_the_folders_of_these_training_jobs_are_ours(key: str, *, is_ours: bool) -> None:
    """Not what has a similar name, and not the same name elsewhere."""
    assert Folders("out/", _NAMES).has(key) is is_ours


def test_one_listing_finds_all() -> None:
    """By what the names have in common; of one training job by all of its name."""
    assert Folders("out/", _NAMES).prefix == "out/churn-00"
    assert Folders("", frozenset({"churn-001-0a"})).prefix == "churn-001-0a"


def _definition(path: str) -> dict[str, Any]:
    return {"OutputDataConfig": {"S3OutputPath": path}}


@pytest.mark.parametrize(
    ("path", "bucket", "place"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://bucket/a/b", "bucket", "a/b/"),
        ("s3://bucket/a/b/", "bucket", "a/b/"),
    ],
)
def test_an_output_path_is_read_however_it_ends(path: str, bucket: str, place: str) -> None:
    """SageMaker joins path and name by one slash."""
    tuning_job = {"TrainingJobDefinition": _definition(path)}
    assert list(output_folders(tuning_job, _NAMES)) == [(bucket, Folders(place, _NAMES))]


def test_each_definitions_output_is_looked_at_once() -> None:
    """Several definitions may share a path; without training jobs nothing is looked at."""
    paths = ["s3://a/x", "s3://b", "s3://a/x"]
    tuning_job = {"TrainingJobDefinitions": [_definition(path) for path in paths]}
    assert [bucket for bucket, _ in output_folders(tuning_job, _NAMES)] == ["a", "b"]
    assert list(output_folders(tuning_job, ())) == []


def test_the_best_of_all_counts_too() -> None:
    """Under a warm start it may be another than the best of this tuning job, and a parent's."""
    tuning_job = {
        "BestTrainingJob": {"TrainingJobName": "churn-001-0a"},
        "OverallBestTrainingJob": {"TrainingJobName": "parent-004-0c"},
    }
    assert best_training_job_names(tuning_job) == {"churn-001-0a", "parent-004-0c"}
    assert best_training_job_names({}) == set()
