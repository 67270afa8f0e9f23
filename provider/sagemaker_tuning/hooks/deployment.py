"""Endpoints and their configurations, as deployments and rollbacks need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.deployments import EndpointConfig
from sagemaker_tuning.core.errors import TuningJobNotFound
from sagemaker_tuning.core.tags import tag_list
from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
"""``EndpointStatus`` of an endpoint that AWS lets nobody change meanwhile.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""


class SageMakerDeploymentHook(SageMakerRegistryHook):
    """Model registry's hook, with the calls about endpoints and their configurations.

    Example:
        >>> from airflow.sdk import task
        >>> @task
        ... def served_model_package(endpoint_name: str) -> str | None:
        ...     hook = SageMakerDeploymentHook(region_name="eu-west-1")
        ...     endpoint = hook.find_endpoint(endpoint_name) or {}
        ...     config = hook.find_endpoint_config(endpoint.get("EndpointConfigName"))
        ...     return config.package.arn if config and config.package else None
        >>> arn = served_model_package("churn")
    """

    def find_endpoint_config(self, name: str | None) -> EndpointConfig | None:
        """Call DescribeEndpointConfig and ListTags; None if there is none, or no name."""
        if not name:
            return None
        try:
            found = self._call("DescribeEndpointConfig", {"EndpointConfigName": name})
        except TuningJobNotFound:
            return None
        arn = found["EndpointConfigArn"]
        variants = [*found["ProductionVariants"], *found.get("ShadowProductionVariants", ())]
        models = (variant.get("ModelName") for variant in variants)
        tags = self.list_tags(arn)
        return EndpointConfig(found["EndpointConfigName"], arn, tuple(filter(None, models)), tags)

    def iter_endpoint_configs(self, prefix: str) -> Iterator[EndpointConfig]:
        """Give the endpoint configurations whose names begin so, newest first."""
        for page in self._pages("ListEndpointConfigs", {"NameContains": prefix}):
            for summary in page["EndpointConfigs"]:
                name = summary["EndpointConfigName"]
                config = self.find_endpoint_config(name) if name.startswith(prefix) else None
                if config is not None:
                    yield config

    def create_endpoint_config(self, request: Mapping[str, Any]) -> str:
        """Call CreateEndpointConfig.

        Returns:
            The endpoint configuration's ARN.
        """
        return str(self._call("CreateEndpointConfig", request)["EndpointConfigArn"])

    def create_endpoint(self, request: Mapping[str, Any]) -> str:
        """Call CreateEndpoint.

        Returns:
            The endpoint's ARN.
        """
        return str(self._call("CreateEndpoint", request)["EndpointArn"])

    def update_endpoint(self, request: Mapping[str, Any]) -> str:
        """Call UpdateEndpoint.

        Returns:
            The endpoint's ARN.
        """
        return str(self._call("UpdateEndpoint", request)["EndpointArn"])

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Have a resource have these tags, in place of others of the same keys."""
        self._call("AddTags", {"ResourceArn": arn, "Tags": tag_list(tags)})
