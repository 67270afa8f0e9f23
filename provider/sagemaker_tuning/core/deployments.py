"""Names and tags of what a model package is deployed as: a model, and endpoint configurations.

All of them follow from the package, the endpoint and the settings, so that whoever comes later, a
retry, a rollback or a clean-up, finds them without having been told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.naming import digest_of
from sagemaker_tuning.core.tags import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL_PACKAGE_TAG = f"{PREFIX}model_package"
"""Of a model and an endpoint configuration: ``ModelPackageArn`` of what it serves."""

PREVIOUS_TAG = f"{PREFIX}previous"
"""Of an endpoint configuration: the name of the one that the endpoint goes back to; absent where
nothing was served before."""

ENDPOINT_TAG = f"{PREFIX}endpoint"
"""Of an endpoint configuration: ``EndpointName`` of the endpoint that it is for."""

UPDATE_TAG = f"{PREFIX}update"
"""Of an endpoint configuration: which try of which task last had the endpoint changed by it."""

# 63 characters, less "-v", a version's five digits, "-" and a digest's ten.
_LONGEST_SLUG = 45
_DIGEST = "[a-z2-7]{10}"
_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package/"
    r"(?P<group>[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/(?P<version>[1-9]\d{0,4})"
)
_OF_A_CONTAINER = ("Image", "Environment", "AdditionalModelDataSources")


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """A model package that is a version of a group.

    Attributes:
        arn: ``ModelPackageArn``.
        group: ``ModelPackageGroupName``.
        version: ``ModelPackageVersion``, 1 to 99999.
    """

    arn: str
    group: str
    version: int

    @classmethod
    def of(cls, arn: str, path: str = "model_package_name") -> Self:
        """Read ``ModelPackageArn``.

        Raises:
            InvalidTuningRequest: It is the ARN of no version of a group; ``path`` says where it
                was given.
        """
        found = cls.find(arn)
        if found is None:
            rule = "arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>"
            raise InvalidTuningRequest([Violation(path, repr(arn), rule)])
        return found

    @classmethod
    def find(cls, arn: str | None) -> Self | None:
        """Read ``ModelPackageArn``; None where that is the ARN of no version of a group."""
        found = _ARN.fullmatch(arn or "")
        return found and cls(found[0], found["group"], int(found["version"]))

    @property
    def model_name(self) -> str:
        """``ModelName`` of the model that it is deployed as: ``<group>-v<version>``."""
        return f"{slug(self.group)}-v{self.version}"

    def endpoint_config_name(self, *contents: object) -> str:
        """Give the name of an endpoint configuration: ``<group>-v<version>-<digest>``.

        Args:
            contents: What the digest stands for, JSON values: endpoint and settings.
        """
        return f"{self.endpoint_config_prefix}{digest_of(*contents)}"

    @property
    def endpoint_config_prefix(self) -> str:
        """How the names of all of its endpoint configurations begin."""
        return f"{self.model_name}-"

    def is_of_group_of(self, other: PackageVersion) -> bool:
        """Whether both are versions of one group."""
        return _group_key(self.arn) == _group_key(other.arn)

    def is_same_as(self, other: PackageVersion | None) -> bool:
        """Whether both are one; SageMaker does not tell the case of names."""
        return other is not None and self.arn.lower() == other.arn.lower()


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """An endpoint configuration, and what its tags say.

    Attributes:
        name: ``EndpointConfigName``.
        arn: ``EndpointConfigArn``.
        model_names: ``ModelName`` of each variant that has one, shadow variants among them.
        tags: All of its tags.
    """

    name: str
    arn: str
    model_names: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def package(self) -> PackageVersion | None:
        """What it serves; None if we did not make it."""
        return PackageVersion.find(self.tags.get(MODEL_PACKAGE_TAG))

    @property
    def previous(self) -> str | None:
        """Name of the configuration that the endpoint goes back to."""
        return self.tags.get(PREVIOUS_TAG)

    @property
    def endpoint(self) -> str | None:
        """Name of the endpoint that it is for."""
        return self.tags.get(ENDPOINT_TAG)

    @property
    def update(self) -> str | None:
        """Which try last had the endpoint changed by it."""
        return self.tags.get(UPDATE_TAG)


def slug(group: str) -> str:
    """Give what stands for a group in names: itself in lower case, of a long one a part.

    A long one is cut, and a digest of all of it stands at the end, so no two groups have the same.
    """
    name = group.lower()
    if len(name) <= _LONGEST_SLUG:
        return name
    tail = f"-{digest_of(name)}"
    return name[: _LONGEST_SLUG - len(tail)].rstrip("-") + tail


def version_of_model(group: str, model_name: str) -> int | None:
    """Give which version of a group a model is named for; None if it is for none.

    A name alone proves nothing: the tag ``MODEL_PACKAGE_TAG`` says who made it.
    """
    return _version(group, model_name, "")


def version_of_endpoint_config(group: str, endpoint_config_name: str) -> int | None:
    """Likewise, of an endpoint configuration."""
    return _version(group, endpoint_config_name, f"-{_DIGEST}")


def container_of(package: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a model of this package is created with: containers, as CreateModel takes them.

    Image, artifact and environment are those of the package's inference specification. Its name
    alone would do as well, but not before it is approved: "For versioned models, the value of this
    parameter must be set to Approved to deploy the model".
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html

    Args:
        package: Answer of DescribeModelPackage.

    Returns:
        ``PrimaryContainer``, or ``Containers`` where there are several.

    Raises:
        InvalidTuningRequest: It cannot be served: there is no container, or one without an image.
    """
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    mistakes = [
        Violation(f"InferenceSpecification.Containers[{index}].Image", "missing", "required")
        for index, container in enumerate(containers)
        if not container.get("Image")
    ]
    if not containers:
        path = f"InferenceSpecification of {package['ModelPackageArn']}"
        mistakes = [Violation(path, "no Containers", "one at least, to be served")]
    if mistakes:
        raise InvalidTuningRequest(mistakes)
    if len(containers) == 1:
        return {"PrimaryContainer": _container(containers[0])}
    return {"Containers": [_container(each, "ContainerHostname") for each in containers]}


def _container(container: Mapping[str, Any], *more: str) -> dict[str, Any]:
    # CreateModel takes one of the two, Describe may show both. The older one it is, since batch
    # transform and serverless endpoints take no other.
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    data = "ModelDataUrl" if container.get("ModelDataUrl") else "ModelDataSource"
    return {key: container[key] for key in (*_OF_A_CONTAINER, *more, data) if container.get(key)}


def _version(group: str, name: str, tail: str) -> int | None:
    found = re.fullmatch(rf"{re.escape(slug(group))}-v([1-9]\d{{0,4}}){tail}", name.lower())
    return int(found[1]) if found else None


def _group_key(arn: str) -> str:
    return arn.lower().rpartition("/")[0]
