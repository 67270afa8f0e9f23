"""What of a model package group is kept, and what goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_tuning.core.retention import needed_training_jobs, retention_plan, uris_in

_GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"
_PENDING = "PendingManualApproval"


def _package(version: int, approval: str = "Rejected", **members: Any) -> dict[str, Any]:
    return {
        "ModelPackageArn": f"{_GROUP}/{version}",
        "ModelPackageVersion": version,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": approval,
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=version),
        "CustomerMetadataProperties": {"sagemaker-tuning:training_job": f"job-{version}"},
    } | members


def _kept(*packages: dict[str, Any], keep: int = 1, **reasons: list[str]) -> list[int]:
    by_arn = {f"{_GROUP}/{name[1:]}": why for name, why in reasons.items()}
    plan = retention_plan(packages, keep=keep, reasons=by_arn)
    ours = set(plan.kept) | {each["ModelPackageArn"] for each in plan.gone}
    assert ours | plan.left_alone.keys() == {each["ModelPackageArn"] for each in packages}
    assert not ours & plan.left_alone.keys()
    assert all(plan.kept.values())
    return sorted(int(arn.rpartition("/")[2]) for arn in plan.kept)


def test_the_newest_are_kept_whatever_became_of_them() -> None:
    """As many as there are, if there are fewer; in whatever order they come."""
    packages = [_package(version) for version in (2, 4, 1, 3)]
    assert _kept(*packages, keep=1) == [4]
    assert _kept(*packages, keep=3) == [2, 3, 4]
    assert _kept(*packages, keep=9) == [1, 2, 3, 4]
    assert _kept() == []


def test_of_one_second_the_higher_version_is_newer() -> None:
    """AWS's times have milliseconds, and a version may be registered as another is."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    packages = [_package(version, CreationTime=moment) for version in (9, 10)]
    assert _kept(*packages) == [10]


def test_the_champion_is_kept_however_old() -> None:
    """The newest approved one; those that were champion before it are not."""
    assert _kept(_package(1, "Approved"), _package(2, "Approved"), *map(_package, (3, 4))) == [2, 4]


def test_a_failed_version_is_neither_champion_nor_among_the_newest() -> None:
    """It cannot be deployed, so it must not take the place of one that can."""
    failed = _package(3, "Approved", ModelPackageStatus="Failed")
    assert _kept(_package(1), _package(2, "Approved"), failed) == [2]


def test_what_waits_for_approval_is_kept_if_it_is_newer_than_the_champion() -> None:
    """Somebody may be deciding at this moment; without a champion, about any of them."""
    waiting = [_package(version, _PENDING) for version in (1, 3, 4)]
    assert _kept(*waiting, _package(5)) == [1, 3, 4, 5]
    assert _kept(*waiting, _package(2, "Approved"), _package(5)) == [2, 3, 4, 5]


@pytest.mark.parametrize("status", ["Pending", "InProgress"])
def test_what_aws_is_not_done_with_is_kept(status: str) -> None:
    """Another run is registering it."""
    assert _kept(_package(1, ModelPackageStatus=status), *map(_package, (2, 3))) == [1, 3]


def test_what_an_endpoint_needs_is_kept() -> None:
    """Whatever the rule says of it, with the reasons that are given."""
    packages = [_package(version) for version in (1, 2, 3)]
    assert _kept(*packages, v1=["an endpoint serves it"], v2=[]) == [1, 3]
    plan = retention_plan(packages, keep=1, reasons={f"{_GROUP}/3": ["an endpoint serves it"]})
    assert plan.kept == {f"{_GROUP}/3": ["one of the newest 1", "an endpoint serves it"]}
    assert [each["ModelPackageVersion"] for each in plan.gone] == [1, 2]


def test_what_others_registered_is_left_alone() -> None:
    """It takes no place among the newest, and yet can be the champion."""
    foreign = _package(4, "Approved", CustomerMetadataProperties={"team": "retraining"})
    packages = [_package(1, "Approved"), _package(2), _package(3, _PENDING), foreign]
    assert _kept(*packages) == [3]
    plan = retention_plan(packages, keep=1, reasons={})
    assert plan.left_alone.keys() == {f"{_GROUP}/4"}


def test_a_package_without_a_group_is_left_alone() -> None:
    """It has no version, and so no model and no configuration of ours."""
    alone = _package(1, ModelPackageArn="arn:aws:sagemaker:us-east-1:1:model-package/churn")
    assert retention_plan([alone], keep=1, reasons={}).gone == []


def test_uris_are_found_wherever_they_stand() -> None:
    """In containers of models and packages, archives and folders."""
    document = {
        "InferenceSpecification": {
            "Containers": [
                {"Image": "image", "ModelDataUrl": "s3://bucket/a"},
                {"ModelDataSource": {"S3DataSource": {"S3Uri": "s3://bucket/b/"}}},
            ]
        },
        "ModelPackageVersion": 1,
    }
    assert list(uris_in(document)) == ["s3://bucket/a", "s3://bucket/b/"]
    assert list(uris_in(None)) == []


def test_only_whose_folder_a_uri_lies_in_is_needed() -> None:
    """Not what is named alike, not the same name elsewhere."""
    tuning_job = {"TrainingJobDefinition": {"OutputDataConfig": {"S3OutputPath": "s3://b/out/"}}}
    names = {"churn-001-0a", "churn-002-0b", "churn-003-0c"}
    uris = [
        "s3://b/out/churn-001-0a/output/model.tar.gz",
        "s3://b/out/churn-002-0bb/output/model.tar.gz",
        "s3://b/elsewhere/churn-002-0b/output/model.tar.gz",
        "s3://c/out/churn-003-0c/output/model.tar.gz",
    ]
    assert needed_training_jobs(tuning_job, names, uris) == {"churn-001-0a"}
    assert needed_training_jobs(tuning_job, names, []) == frozenset()
