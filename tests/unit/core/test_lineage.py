"""What data tuning jobs and models are made of."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.lineage import (
    DatasetName,
    Lineage,
    model_lineage,
    s3_dataset,
    tuning_job_lineage,
)


@pytest.mark.parametrize(
    ("uri", "dataset"),
    [
        ("s3://bucket/a/b.csv", DatasetName("s3://bucket", "a/b.csv")),
        ("s3://bucket/a/", DatasetName("s3://bucket", "a/")),
        ("s3://bucket", DatasetName("s3://bucket", "/")),
        ("s3://bucket/", DatasetName("s3://bucket", "/")),
        ("s3://", None),
        ("https://bucket/a", None),
        (None, None),
        ({}, None),
    ],
)
def test_what_is_in_s3_has_the_amazon_providers_name(
    uri: object, dataset: DatasetName | None
) -> None:
    """Bucket and key; a whole bucket is ``/``, and what is elsewhere has no name."""
    assert s3_dataset(uri) == dataset


def _definition(name: str, *folders: str, **output: str) -> dict[str, Any]:
    return {
        "DefinitionName": name,
        "InputDataConfig": [
            {"DataSource": {"S3DataSource": {"S3Uri": f"s3://bucket/{folder}"}}}
            for folder in folders
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://bucket/{name}/"} | output,
    }


def test_all_definitions_count_and_each_dataset_once() -> None:
    """Two definitions that share a channel; the better one's artifact is below its own path."""
    request = {
        "TrainingJobDefinitions": [
            _definition("one", "train", "validation"),
            _definition("two", "train", "other"),
        ]
    }
    asked = tuning_job_lineage(request)
    assert [each.name for each in asked.inputs] == ["train", "validation", "other"]
    assert [each.name for each in asked.outputs] == ["one/", "two/"]
    best = {"TrainingJobName": "job-001", "TrainingJobDefinitionName": "two"}
    ended = tuning_job_lineage({**request, "BestTrainingJob": best})
    assert ended.inputs == asked.inputs
    assert [each.name for each in ended.outputs] == [
        "one/",
        "two/",
        "two/job-001/output/model.tar.gz",
    ]


def test_an_uncompressed_artifact_is_a_folder() -> None:
    """As AWS names it in ``S3ModelArtifacts``."""
    definition = _definition("one", CompressionType="NONE")
    document = {
        "TrainingJobDefinition": definition,
        "BestTrainingJob": {"TrainingJobName": "job-001"},
    }
    assert tuning_job_lineage(document).outputs[-1].name == "one/job-001/output/model/"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"TrainingJobDefinition": "a text"},
        {"TrainingJobDefinitions": {"DefinitionName": "one"}},
        {"TrainingJobDefinitions": [None, {"InputDataConfig": 1, "OutputDataConfig": []}]},
        {"TrainingJobDefinition": {"InputDataConfig": [{"DataSource": None}]}},
        {"TrainingJobDefinition": {}, "BestTrainingJob": {"TrainingJobName": "job-001"}},
    ],
)
def test_any_document_is_borne(document: dict[str, Any]) -> None:
    """What a template rendered to, or a file that was not read, has no datasets."""
    assert tuning_job_lineage(document) == Lineage()


def test_a_model_is_made_of_artifacts_and_known_by_its_arn() -> None:
    """Of all containers, and of models that are not compressed."""
    source = {"S3DataSource": {"S3Uri": "s3://bucket/folder/"}}
    request = {
        "Containers": [
            {"ModelDataUrl": "s3://bucket/model.tar.gz"},
            {"ModelDataSource": source},
            {"ModelPackageName": "churn"},
        ]
    }
    lineage = model_lineage(request, "arn:aws-cn:sagemaker:cn-north-1:123456789012:model/churn")
    assert lineage.inputs == (
        DatasetName("s3://bucket", "model.tar.gz"),
        DatasetName("s3://bucket", "folder/"),
    )
    assert lineage.outputs == (
        DatasetName("arn:aws-cn:sagemaker:cn-north-1:123456789012", "model/churn"),
    )
