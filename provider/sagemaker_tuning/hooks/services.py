"""AWS services beside SageMaker, reached as SageMaker is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.config import Config

from sagemaker_tuning.hooks.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
"""For many small calls in a row, which services throttle; the user's own settings win."""


class AwsService:
    """Another service of the account and region that a hook reaches.

    Connection, assumed role, region, endpoint (``endpoint_url`` and ``service_config`` of the
    connection), ``verify`` and botocore's configuration are the hook's.

    Args:
        hook: Whose connection serves.
        name: botocore's name of the service, such as ``s3``.
        config: What botocore's configuration is where the hook's says nothing else.
    """

    def __init__(self, hook: AwsBaseHook, name: str, config: Config = _PATIENT) -> None:
        self._hook = hook
        self._name = name
        self._config = config

    @cached_property
    def client(self) -> Any:
        """A boto3 client."""
        hook = self._hook
        return hook.get_session(region_name=hook.region_name).client(
            self._name,
            endpoint_url=hook.conn_config.get_service_endpoint_url(self._name),
            config=self._config.merge(hook.config),
            verify=hook.verify,
        )

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call an operation such as ``GetRole``.

        Raises:
            AwsCallFailed: It was refused or not answered.
        """
        with translated(operation, request):
            return dict(getattr(self.client, xform_name(operation))(**request))

    def pages(self, operation: str, **request: Any) -> Iterator[dict[str, Any]]:
        """Give all pages of an operation that lists.

        Raises:
            AwsCallFailed: It was refused or not answered.
        """
        with translated(operation, request):
            yield from self.client.get_paginator(xform_name(operation)).paginate(**request)
