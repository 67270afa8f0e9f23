"""Take a model package off an endpoint, step by step, from wherever an earlier try left it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.deployments import UPDATE_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, DeploymentFailed, TuningJobConflict
from sagemaker_tuning.hooks.deployment import IN_PROGRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.deployments import EndpointConfig, PackageVersion
    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook

log = logging.getLogger(__name__)

RESTORING = "restoring"
"""``UPDATE_TAG`` while there is no endpoint, which was deleted to be created again."""

_BROKEN = frozenset({"Failed", "UpdateRollbackFailed"})


@dataclass
class Rollback:
    """An endpoint that must not serve a model package any longer.

    Attributes:
        hook: Which account and region.
        package: What must not be served.
        endpoint_name: ``EndpointName``.
        update_options: Further arguments of UpdateEndpoint.
        try_id: Which try of which task this is.
    """

    hook: SageMakerDeploymentHook
    package: PackageVersion
    endpoint_name: str
    update_options: Mapping[str, Any]
    try_id: str

    def has_begun(self) -> bool:
        """Whether anybody has begun to deploy the package to the endpoint."""
        return bool(self._own_configs())

    def step(self) -> dict[str, Any] | None:
        """Do the next thing that is missing; give the result once the package is not served.

        Returns:
            ``EndpointName``, and ``EndpointConfigName`` that it has, None if there is no endpoint.

        Raises:
            DeploymentFailed: AWS could not bring the endpoint back.
            TuningJobConflict: What it goes back to is not there any more.
            AwsCallFailed: A call was refused, or not answered.
        """
        endpoint = self.hook.find_endpoint(self.endpoint_name)
        if endpoint is None:
            config = self._being_restored()
            if config is None:
                log.info("There is no endpoint %s", self.endpoint_name)
                return {"EndpointName": self.endpoint_name, "EndpointConfigName": None}
            self._create(config)
            return None
        if endpoint["EndpointStatus"] in IN_PROGRESS:
            return None
        config = self._config_to_leave(endpoint)
        if config is None:
            current = endpoint.get("EndpointConfigName")
            log.info("%s has %s: not %s", self.endpoint_name, current, self.package.arn)
            return {"EndpointName": self.endpoint_name, "EndpointConfigName": current}
        self._leave(config, endpoint)
        return None

    def _leave(self, config: EndpointConfig, endpoint: Mapping[str, Any]) -> None:
        if config.update == self.try_id:
            msg = (
                f"the endpoint {self.endpoint_name} did not come off {config.name}: it is "
                f"{endpoint['EndpointStatus']} with {endpoint.get('EndpointConfigName')}: "
                f"{endpoint.get('FailureReason', 'AWS gives no FailureReason')}"
            )
            raise DeploymentFailed(msg)
        target = self._target(config)
        if target is None:
            log.info("Deleting the endpoint %s: nothing was served before", self.endpoint_name)
            self.hook.delete_endpoint(self.endpoint_name)
        elif endpoint["EndpointStatus"] == "Failed":
            log.info("The endpoint %s is Failed: creating it again", self.endpoint_name)
            self.hook.add_tags(config.arn, {UPDATE_TAG: RESTORING})
            self.hook.delete_endpoint(self.endpoint_name)
        else:
            self._update(config, target)

    def _update(self, config: EndpointConfig, target: str) -> None:
        log.info("Updating the endpoint %s back to %s", self.endpoint_name, target)
        request = {
            "EndpointName": self.endpoint_name,
            "EndpointConfigName": target,
            **self.update_options,
        }
        try:
            self.hook.update_endpoint(request)
        except AwsCallFailed:
            # Somebody else's update has begun, or ours whose answer was lost: the next look tells.
            endpoint = self.hook.find_endpoint(self.endpoint_name)
            if endpoint is not None and endpoint["EndpointStatus"] not in IN_PROGRESS:
                raise
        else:
            self.hook.add_tags(config.arn, {UPDATE_TAG: self.try_id})

    def _create(self, config: EndpointConfig) -> None:
        target = self._target(config)
        request = {"EndpointName": self.endpoint_name, "EndpointConfigName": target}
        log.info("Creating the endpoint %s with %s again", self.endpoint_name, target)
        try:
            self.hook.create_endpoint(request)
        except AwsCallFailed:
            if self.hook.find_endpoint(self.endpoint_name) is None:
                raise
        else:
            self.hook.add_tags(config.arn, {UPDATE_TAG: self.try_id})

    def _config_to_leave(self, endpoint: Mapping[str, Any]) -> EndpointConfig | None:
        """Give the package's configuration that the endpoint has, or broke on the way to."""
        current = self.hook.find_endpoint_config(endpoint.get("EndpointConfigName"))
        if current is not None and self.package.is_same_as(current.package):
            return current
        if endpoint["EndpointStatus"] not in _BROKEN:
            return None
        name = endpoint.get("EndpointConfigName")
        broken = (
            config
            for config in self._own_configs()
            if config.update == self.try_id or (config.update and config.previous == name)
        )
        return next(broken, None)

    def _being_restored(self) -> EndpointConfig | None:
        restored = (config for config in self._own_configs() if config.update == RESTORING)
        return next(restored, None)

    def _own_configs(self) -> list[EndpointConfig]:
        return [
            config
            for config in self.hook.iter_endpoint_configs(self.package.endpoint_config_prefix)
            if self.package.is_same_as(config.package)
            and _is_same(config.endpoint, self.endpoint_name)
        ]

    def _target(self, config: EndpointConfig) -> str | None:
        """Give what the endpoint goes back to: past what was rejected meanwhile, if that can be.

        Raises:
            TuningJobConflict: It is not there any more.
        """
        if config.previous is None:
            return None
        found = self.hook.find_endpoint_config(config.previous)
        problem = "which is not there" if found is None else self._problem(found)
        if problem:
            msg = (
                f"the endpoint {self.endpoint_name} cannot go back to the configuration "
                f"{config.previous}, {problem} any more: update or delete the endpoint"
            )
            raise TuningJobConflict(msg)
        seen = {config.name}
        while found is not None and found.name not in seen:
            if not self._is_rejected(found) and not self._problem(found):
                return found.name
            seen.add(found.name)
            found = self.hook.find_endpoint_config(found.previous)
        return config.previous

    def _problem(self, config: EndpointConfig) -> str:
        missing = (name for name in config.model_names if self.hook.find_model(name) is None)
        name = next(missing, None)
        return f"whose model {name} is not there" if name else ""

    def _is_rejected(self, config: EndpointConfig) -> bool:
        package = self.hook.find_model_package(config.package.arn) if config.package else None
        return package is not None and package.get("ModelApprovalStatus") == "Rejected"


def _is_same(name: str | None, other: str) -> bool:
    """Whether both name one endpoint: SageMaker does not tell the case of names."""
    return name is not None and name.lower() == other.lower()
