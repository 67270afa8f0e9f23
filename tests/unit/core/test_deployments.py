"""Names and tags of what a model package is deployed as."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.deployments import (
    PackageVersion,
    container_of,
    slug,
    version_of_endpoint_config,
    version_of_model,
)
from sagemaker_tuning.core.errors import InvalidTuningRequest

_NAME = re.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_GROUPS = st.from_regex(r"[a-zA-Z0-9](-{0,3}[a-zA-Z0-9]){0,62}", fullmatch=True).filter(
    lambda group: len(group) <= 63
)
_VERSIONS = st.integers(1, 99999)


def _arn(group: str, version: object) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/{version}"


@given(_GROUPS, _VERSIONS)
def test_names_are_valid_and_say_of_which_version_they_are(group: str, version: int) -> None:
    """Whatever the group is called, AWS takes the names, and they can be read back."""
    package = PackageVersion.of(_arn(group, version))
    assert (package.group, package.version) == (group, version)
    config = package.endpoint_config_name("churn", {"InstanceType": "ml.m5.large"})
    assert _NAME.fullmatch(package.model_name)
    assert _NAME.fullmatch(config)
    assert config.startswith(package.endpoint_config_prefix)
    assert version_of_model(group, package.model_name) == version
    assert version_of_endpoint_config(group, config) == version
    assert version_of_model(group, config) is None
    assert version_of_endpoint_config(group, package.model_name) is None


@given(_GROUPS, _GROUPS, _VERSIONS, _VERSIONS)
def test_no_two_packages_have_one_name(one: str, other: str, first: int, second: int) -> None:
    """Names collide only where the packages are the same to SageMaker, which ignores case."""
    names = {PackageVersion.of(_arn(one, first)).model_name}
    names.add(PackageVersion.of(_arn(other, second)).model_name)
    same = (one.lower(), first) == (other.lower(), second)
    assert len(names) == (1 if same else 2)


def test_long_groups_that_begin_alike_are_told_apart() -> None:
    """What is cut off of a long group's name is in the digest."""
    begin = "customer-churn-of-the-north-american-subsidiaries"
    slugs = {slug(f"{begin}-{end}") for end in ("retail", "wholesale", "online")}
    assert len(slugs) == 3
    assert all(len(each) <= 45 for each in slugs)
    assert slug("churn") == "churn"


def test_the_name_of_a_group_that_looks_like_anothers_version_is_read_right() -> None:
    """The version is what stands last, so group churn-v1 is not version 1 of churn."""
    package = PackageVersion.of(_arn("churn-v1", 2))
    assert package.model_name == "churn-v1-v2"
    assert version_of_model("churn", package.model_name) is None
    assert version_of_endpoint_config("churn", package.endpoint_config_name("e")) is None


def test_other_settings_are_another_endpoint_configuration() -> None:
    """Endpoint configurations cannot be changed, so their contents are in the name."""
    package = PackageVersion.of(_arn("churn", 1))
    names = {
        package.endpoint_config_name("a", {"x": 1, "y": 2}),
        package.endpoint_config_name("a", {"y": 2, "x": 1}),
        package.endpoint_config_name("b", {"x": 1, "y": 2}),
        package.endpoint_config_name("a", {"x": 1, "y": 3}),
    }
    assert len(names) == 3


@pytest.mark.parametrize(
    "arn",
    [
        "churn",
        "",
        _arn("churn", 0),
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/alone",
        "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/churn",
    ],
)
def test_what_is_no_version_of_a_group_is_refused(arn: str) -> None:
    """Packages outside of groups have no version, by which names and downgrades are told."""
    assert PackageVersion.find(arn) is None
    with pytest.raises(InvalidTuningRequest, match=r"model_package_name: .*<group>/<version>"):
        PackageVersion.of(arn)


def test_packages_are_compared_as_sagemaker_does() -> None:
    """ARNs may come back in lower case; another region's group of the name is another group."""
    package = PackageVersion.of(_arn("Churn", 3))
    assert package.is_same_as(PackageVersion.of(_arn("churn", 3)))
    assert not package.is_same_as(PackageVersion.of(_arn("churn", 4)))
    assert not package.is_same_as(None)
    assert package.is_of_group_of(PackageVersion.of(_arn("churn", 4)))
    elsewhere = package.arn.replace("us-east-1", "eu-west-1")
    assert not package.is_of_group_of(PackageVersion.of(elsewhere))


def _package(*containers: dict[str, Any]) -> dict[str, Any]:
    return {
        "ModelPackageArn": _arn("churn", 1),
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {"Containers": list(containers)},
    }


_CONTAINER = {
    "Image": "image",
    "ImageDigest": "sha256:0",
    "ModelDataUrl": "s3://b/model.tar.gz",
    "ModelDataETag": "0",
    "Environment": {"A": "1"},
    "Framework": "XGBOOST",
}


def test_a_model_is_made_of_what_the_package_says() -> None:
    """Only members that CreateModel knows are taken, and never the package's name."""
    assert container_of(_package(_CONTAINER)) == {
        "PrimaryContainer": {
            "Image": "image",
            "ModelDataUrl": "s3://b/model.tar.gz",
            "Environment": {"A": "1"},
        }
    }


def test_several_containers_keep_order_and_host_names() -> None:
    """An inference pipeline is one package with several containers."""
    first, second = {**_CONTAINER, "ContainerHostname": "first"}, {"Image": "second"}
    containers = container_of(_package(first, second))["Containers"]
    assert [each["Image"] for each in containers] == ["image", "second"]
    assert containers[0]["ContainerHostname"] == "first"


def test_where_the_artifact_is_is_said_once() -> None:
    """CreateModel refuses both; a folder can only be said by ModelDataSource."""
    source = {"S3DataSource": {"S3Uri": "s3://b/model/", "S3DataType": "S3Prefix"}}
    both = container_of(_package({**_CONTAINER, "ModelDataSource": source}))["PrimaryContainer"]
    assert "ModelDataSource" not in both
    folder = {"Image": "image", "ModelDataSource": source}
    assert container_of(_package(folder)) == {"PrimaryContainer": folder}


@pytest.mark.parametrize(
    ("package", "path"),
    [
        (_package(), "InferenceSpecification of arn:"),
        ({"ModelPackageArn": _arn("churn", 1)}, "InferenceSpecification of arn:"),
        (_package(_CONTAINER, {"ModelDataUrl": "s3://b/m"}), r"Containers\[1\]\.Image: missing"),
    ],
)
def test_a_package_that_cannot_be_served_says_why(package: dict[str, Any], path: str) -> None:
    """A package may lack an inference specification, or hide its image."""
    with pytest.raises(InvalidTuningRequest, match=path):
        container_of(package)
