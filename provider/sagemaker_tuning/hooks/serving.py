"""Which model packages endpoints serve, or may come to serve again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.deployments import (
    EndpointConfig,
    slug,
    version_of_endpoint_config,
    version_of_model,
)
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.retention import uris_in
from sagemaker_tuning.hooks.rollback import RESTORING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook

Reasons = defaultdict[str, list[str]]
"""Why model packages are needed, by ``ModelPackageArn``."""


@dataclass(frozen=True)
class Serving:
    """One look at the endpoints and endpoint configurations of a group's packages.

    Attributes:
        hook: Which account and region.
        group: ``ModelPackageGroupName``.
        packages: Answers of DescribeModelPackage by version, all of the group.
        configs: All endpoint configurations whose names are of the group's versions.
        endpoints: Answers of DescribeEndpoint by name, None for what is not there: of the one
            asked for, and of those that any of the configurations was made for.
    """

    hook: SageMakerDeploymentHook
    group: str
    packages: Mapping[int, Mapping[str, Any]]
    configs: Sequence[EndpointConfig]
    endpoints: Mapping[str, Mapping[str, Any] | None]

    @classmethod
    def look(
        cls,
        hook: SageMakerDeploymentHook,
        group: str,
        packages: Mapping[int, Mapping[str, Any]],
        endpoint_name: str | None,
    ) -> Serving:
        """Ask AWS.

        Raises:
            AwsCallFailed: A call was refused, or not answered.
        """
        configs = [
            config
            for config in hook.iter_endpoint_configs(f"{slug(group)}-v")
            if version_of_endpoint_config(group, config.name) is not None
        ]
        names = [endpoint_name, *(config.endpoint for config in configs)]
        by_name = {name.lower(): name for name in reversed(names) if name}
        endpoints = {name: hook.find_endpoint(name) for name in by_name.values()}
        return cls(hook, group, packages, configs, endpoints)

    def has_changed(self) -> bool:
        """Whether any of the endpoints serves, or is to serve, something else by now.

        Raises:
            AwsCallFailed: A call was refused, or not answered.
        """
        return any(
            _state(self.hook.find_endpoint(name)) != _state(endpoint)
            for name, endpoint in self.endpoints.items()
        )

    def configs_of(self, arn: str) -> list[EndpointConfig]:
        """Give the endpoint configurations that were made of a model package."""
        return [each for each in self.configs if each.package and _same(each.package.arn, arn)]

    def reasons(self) -> Reasons:
        """Say which packages the endpoints need, and why.

        Raises:
            SageMakerTuningError: It cannot be known what an endpoint serves.
            AwsCallFailed: A call was refused, or not answered.
        """
        found: Reasons = defaultdict(list)
        for name, config, why in self._in_use():
            for arn in self._packages_of(name, config):
                if why not in found[arn]:
                    found[arn].append(why)
        return found

    def uris(self) -> list[str]:
        """Give what the models that the endpoints need read from S3.

        Raises:
            AwsCallFailed: A call was refused, or not answered.
        """
        configs = (config for _, config, _ in self._in_use() if config is not None)
        names = {name for config in configs for name in config.model_names}
        return [uri for name in names for uri in uris_in(self.hook.find_model(name))]

    def hindrances(self, package: Mapping[str, Any]) -> list[str]:
        """Say why a package's endpoint configurations cannot be deleted; empty if they can."""
        version, arn = package["ModelPackageVersion"], package["ModelPackageArn"]
        return [
            f"the endpoint configuration {config.name} has its name, but no tag of it"
            for config in self.configs
            if version_of_endpoint_config(self.group, config.name) == version
            and not (config.package and _same(config.package.arn, arn))
        ]

    def _in_use(self) -> Iterator[tuple[str, EndpointConfig | None, str]]:
        for endpoint_name, endpoint in self.endpoints.items():
            for name, why in self._targets(endpoint_name, endpoint):
                config = self.hook.find_endpoint_config(name)
                yield name, config, f"{endpoint_name} {why} {name}"
                for previous in self._way_back(config) if config else ():
                    yield previous.name, previous, f"{endpoint_name} may go back to {previous.name}"

    def _targets(
        self, endpoint_name: str, endpoint: Mapping[str, Any] | None
    ) -> Iterator[tuple[str, str]]:
        """Give each endpoint configuration that an endpoint has, or may be on its way to."""
        own = [each for each in self.configs if _same(each.endpoint or "", endpoint_name)]
        if endpoint is None:
            # A rollback may have deleted it a moment ago, to create it again.
            restored = (each.name for each in own if each.update == RESTORING)
            yield from ((name, "is being created again after") for name in restored)
            return
        status = endpoint["EndpointStatus"]
        current = endpoint.get("EndpointConfigName")
        pending = _pending(endpoint)
        if current:
            yield current, "serves"
        if pending:
            yield pending, "is being updated to"
        elif status != "InService":
            # Which one a failed update or a broken rollback was about, it does not say.
            yield from ((each.name, f"is {status}, and may have to do with") for each in own)

    def _way_back(self, config: EndpointConfig) -> Iterator[EndpointConfig]:
        """Give what a rollback goes through: back to the first that was not rejected."""
        seen = {config.name}
        found = self.hook.find_endpoint_config(config.previous)
        while found is not None and found.name not in seen:
            yield found
            package = self._tagged(found)
            if package is not None and package.get("ModelApprovalStatus") != "Rejected":
                return
            seen.add(found.name)
            found = self.hook.find_endpoint_config(found.previous)

    def _tagged(self, config: EndpointConfig) -> Mapping[str, Any] | None:
        arn = config.package.arn if config.package else ""
        found = (each for each in self.packages.values() if _same(each["ModelPackageArn"], arn))
        return next(found, None)

    def _packages_of(self, name: str, config: EndpointConfig | None) -> Iterable[str]:
        """Give the packages that an endpoint configuration serves, by tag and models' names.

        Raises:
            SageMakerTuningError: It is not there any more, and its name does not tell either.
        """
        versions = {version_of_endpoint_config(self.group, name)}
        if config is not None:
            versions = {version_of_model(self.group, each) for each in config.model_names}
        elif versions == {None}:
            msg = (
                f"an endpoint has the configuration {name}, which is not there, so what it serves "
                "cannot be known, and nothing is deleted: update that endpoint"
            )
            raise SageMakerTuningError(msg)
        packages = [self.packages.get(version) for version in versions if version]
        tagged = self._tagged(config) if config else None
        return {each["ModelPackageArn"] for each in (*packages, tagged) if each is not None}


def _state(endpoint: Mapping[str, Any] | None) -> tuple[object, ...]:
    if endpoint is None:
        return ()
    return endpoint.get("EndpointConfigName"), _pending(endpoint), endpoint["EndpointStatus"]


def _pending(endpoint: Mapping[str, Any]) -> str | None:
    name: str | None = endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    return name


def _same(one: str, other: str) -> bool:
    """Whether two names or ARNs are one: SageMaker does not tell their case."""
    return one.lower() == other.lower()
