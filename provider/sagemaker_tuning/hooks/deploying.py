"""Bring a model package to an endpoint, step by step, from wherever an earlier try left it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.deployments import PREVIOUS_TAG, UPDATE_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, DeploymentFailed, TuningJobConflict
from sagemaker_tuning.core.tags import tag_list
from sagemaker_tuning.hooks.deployment import IN_PROGRESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagemaker_tuning.core.deployments import EndpointConfig, PackageVersion
    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook
    from sagemaker_tuning.hooks.model_creation import ModelCreation

log = logging.getLogger(__name__)

_CAPACITY = "InsufficientInstanceCapacity"
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html"""


@dataclass
class Deployment:
    """An endpoint that is to serve a model package.

    Attributes:
        hook: Which account and region.
        package: What is to be served.
        endpoint_name: ``EndpointName``.
        model: The model of the package.
        config: The request of CreateEndpointConfig without tags.
        update_options: Further arguments of UpdateEndpoint.
        tags: The user's tags, as AWS takes them.
        own_tags: Ours, of the endpoint configuration.
        try_id: Which try of which task this is.
        adopt_endpoint: Whether an endpoint may be updated that serves something else.
        allow_downgrade: Whether a newer version of the group may be replaced.
    """

    hook: SageMakerDeploymentHook
    package: PackageVersion
    endpoint_name: str
    model: ModelCreation
    config: Mapping[str, Any]
    update_options: Mapping[str, Any]
    tags: Sequence[Mapping[str, str]]
    own_tags: Mapping[str, str]
    try_id: str
    adopt_endpoint: bool
    allow_downgrade: bool
    _is_marked: bool = field(default=False, init=False)

    def step(self) -> dict[str, Any] | None:
        """Do the next thing that is missing; give the result once the endpoint serves the package.

        What an update has become can only be told by whether this try has asked for it, for AWS
        brings an endpoint back to its former configuration by itself. That is kept in a tag of the
        endpoint configuration, so that each try asks once and never again.

        Raises:
            DeploymentFailed: AWS could not bring the endpoint to serve it.
            TuningJobConflict: The endpoint serves what must not be replaced, or the model's name
                is taken.
            AwsCallFailed: A call was refused, or not answered.
        """
        endpoint = self.hook.find_endpoint(self.endpoint_name)
        if endpoint is None:
            self._create()
            return None
        if endpoint["EndpointStatus"] in IN_PROGRESS:
            self._mark_if_ours(endpoint)
            return None
        current = endpoint.get("EndpointConfigName")
        if current == self._name and endpoint["EndpointStatus"] == "InService":
            return self._result(endpoint)
        served = self.hook.find_endpoint_config(current)
        self._refuse_what_must_stay(endpoint, served)
        self._refuse_repetition(endpoint)
        config = self._ensure_config()
        self._keep_previous(config, current, served)
        if endpoint["EndpointStatus"] == "Failed":
            # AWS lets nothing else be done to it.
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
            log.info("The endpoint %s is Failed: deleting it", self.endpoint_name)
            self.hook.delete_endpoint(self.endpoint_name)
        else:
            self._update(config)
        return None

    @property
    def _name(self) -> str:
        return str(self.config["EndpointConfigName"])

    def _create(self) -> None:
        config = self.hook.find_endpoint_config(self._name)
        if config and config.update == self.try_id:
            msg = f"the endpoint {self.endpoint_name} was deleted while it was being deployed"
            raise DeploymentFailed(msg)
        config = self._ensure_config()
        request = {"EndpointName": self.endpoint_name, "EndpointConfigName": self._name}
        log.info("Creating the endpoint %s, configuration %s", self.endpoint_name, self._name)
        try:
            self.hook.create_endpoint(
                request | ({"Tags": list(self.tags)} if self.tags else {}),
            )
        except AwsCallFailed:
            # Somebody else's, or ours whose answer was lost: the next look tells.
            if self.hook.find_endpoint(self.endpoint_name) is None:
                raise
        else:
            self._mark(config)

    def _update(self, config: EndpointConfig) -> None:
        log.info("Updating the endpoint %s to %s", self.endpoint_name, self._name)
        request = {
            "EndpointName": self.endpoint_name,
            "EndpointConfigName": self._name,
            **self.update_options,
        }
        try:
            self.hook.update_endpoint(request)
        except AwsCallFailed:
            endpoint = self.hook.find_endpoint(self.endpoint_name)
            if endpoint is not None and endpoint["EndpointStatus"] not in IN_PROGRESS:
                raise
        else:
            self._mark(config)

    def _mark(self, config: EndpointConfig) -> None:
        """Keep that this try has asked for the update, or waits for it."""
        self._is_marked = True
        self.hook.add_tags(config.arn, {UPDATE_TAG: self.try_id})

    def _mark_if_ours(self, endpoint: Mapping[str, Any]) -> None:
        """Take an update over that an earlier try has begun."""
        pending = endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
        is_created = endpoint["EndpointStatus"] == "Creating"
        wanted = pending or (endpoint.get("EndpointConfigName") if is_created else None)
        if wanted != self._name:
            status = endpoint["EndpointStatus"]
            log.info("Waiting: %s is %s, not for this deployment", self.endpoint_name, status)
        elif not self._is_marked:
            config = self.hook.find_endpoint_config(self._name)
            if config is not None and config.update != self.try_id:
                self._mark(config)

    def _refuse_repetition(self, endpoint: Mapping[str, Any]) -> None:
        config = self.hook.find_endpoint_config(self._name)
        if config is None or config.update != self.try_id:
            return
        current, status = endpoint.get("EndpointConfigName"), endpoint["EndpointStatus"]
        reason = endpoint.get("FailureReason", "AWS gives no FailureReason")
        msg = (
            f"the endpoint {self.endpoint_name} did not come to serve {self.package.arn} "
            f"({self._name}): it is {status} with the configuration {current}: {reason}"
        )
        raise DeploymentFailed(msg, is_retried=_CAPACITY in reason)

    def _refuse_what_must_stay(
        self, endpoint: Mapping[str, Any], served: EndpointConfig | None
    ) -> None:
        head = f"the endpoint {self.endpoint_name} serves {endpoint.get('EndpointConfigName')}"
        package = served.package if served else None
        if package is None or not package.is_of_group_of(self.package):
            if self.adopt_endpoint:
                return
            what = f"{package.arn}, of another group" if package else "nothing that we deployed"
            msg = (
                f"{head}, which is {what}: choose another endpoint_name, or set "
                "adopt_endpoint=True to have it updated"
            )
            raise TuningJobConflict(msg)
        is_newer = package.version > self.package.version
        if is_newer and endpoint["EndpointStatus"] != "Failed" and not self.allow_downgrade:
            msg = (
                f"{head}, version {package.version} of {package.group}, which is newer than "
                f"version {self.package.version}: set allow_downgrade=True to have it replaced"
            )
            raise TuningJobConflict(msg)

    def _ensure_config(self) -> EndpointConfig:
        self.model.run(self.hook)
        config = self.hook.find_endpoint_config(self._name)
        if config is None:
            tags = [*self.tags, *tag_list(self.own_tags)]
            try:
                self.hook.create_endpoint_config({**self.config, "Tags": tags})
            except AwsCallFailed as error:
                # Perhaps it was carried out all the same, or another run of the DAG did it.
                config = self.hook.find_endpoint_config(self._name)
                if config is None:
                    if error.code == "AccessDeniedException":
                        error.add_note("Its tags say what to roll back to: sagemaker:AddTags")
                    raise
            else:
                config = self.hook.find_endpoint_config(self._name)
        if config is None:
            msg = f"the endpoint configuration {self._name} was deleted while it was being deployed"
            raise DeploymentFailed(msg)
        return config

    def _keep_previous(
        self, config: EndpointConfig, current: str | None, served: EndpointConfig | None
    ) -> None:
        """Write down what the endpoint goes back to: before the update, which forgets it."""
        if current == self._name:
            return
        # Other settings of the same package: what was before them was before the package.
        is_same = served is not None and self.package.is_same_as(served.package)
        previous = served.previous if served and is_same else current
        if previous and previous != config.previous:
            self.hook.add_tags(config.arn, {PREVIOUS_TAG: previous})

    def _result(self, endpoint: Mapping[str, Any]) -> dict[str, Any]:
        config = self.hook.find_endpoint_config(self._name)
        return {
            "EndpointName": endpoint["EndpointName"],
            "EndpointArn": endpoint["EndpointArn"],
            "EndpointConfigName": self._name,
            "ModelName": self.model.request["ModelName"],
            "PreviousEndpointConfigName": config.previous if config else None,
        }
