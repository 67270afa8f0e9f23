"""The operator that deletes an endpoint.

To create or update one, the amazon provider's ``SageMakerEndpointOperator`` serves. Only where it
creates the endpoint's configuration as well does a second try fail, for that is there by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.hooks import model
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields, hook_of
from sagemaker_tuning.operators.base import errors_for_airflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class SageMakerDeleteEndpointOperator(CallsAws):
    """Delete an endpoint and its configuration; what is not there is as good as deleted.

    The endpoint goes first: AWS wants no configuration deleted that an endpoint uses. Its models
    stay. The amazon provider has no such operator.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpoint.html

    Args:
        endpoint_name: ``EndpointName``, of one that is neither being created nor updated.
        endpoint_config_name: ``EndpointConfigName``; by default the one that the endpoint has.
            Give it where that must be certain to go: if a try dies between endpoint and
            configuration, only this name tells the next one which it was.
        keep_endpoint_config: Leave the configuration.
        wait_for_completion: Succeed only when the endpoint is gone, so that another of its name
            can be created; half an hour at most, looking every ten seconds.

    Raises:
        AirflowFailException: That is no endpoint's name (``InvalidTuningRequest``).
        AwsCallFailed: AWS refuses a call, so for an endpoint that is being created or updated.

    Example:
        >>> SageMakerDeleteEndpointOperator(task_id="delete_endpoint", endpoint_name="churn")
        <Task(SageMakerDeleteEndpointOperator): delete_endpoint>
    """

    hook = hook_of(lambda: model.SageMakerModelHook)
    template_fields: Sequence[str] = aws_template_fields("endpoint_name", "endpoint_config_name")
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        endpoint_name: str,
        endpoint_config_name: str | None = None,
        keep_endpoint_config: bool = False,
        wait_for_completion: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name
        self.endpoint_config_name = endpoint_config_name
        self.keep_endpoint_config = keep_endpoint_config
        self.wait_for_completion = wait_for_completion

    def execute(self, context: Context) -> None:  # noqa: ARG002 -- Airflow calls it so
        """Delete both, and say which was there."""
        name = self.endpoint_name
        with errors_for_airflow():
            endpoint = self.hook.find_endpoint(name) or {}
            was_there = self.hook.delete_endpoint(name)
            self._report("endpoint", name, was_there=was_there)
            if not self.keep_endpoint_config:
                self._delete_config(self.endpoint_config_name or endpoint.get("EndpointConfigName"))
            if self.wait_for_completion and endpoint:
                self.hook.await_endpoint_deleted(name)

    def _delete_config(self, name: str | None) -> None:
        if name is None:
            self.log.info("With the endpoint, it is no longer known which configuration was its")
            return
        was_there = self.hook.delete_endpoint_config(name)
        self._report("endpoint configuration", name, was_there=was_there)

    def _report(self, what: str, name: str, *, was_there: bool) -> None:
        outcome = "is deleted" if was_there else "is not there, so there is nothing to delete"
        self.log.info("The %s %s %s", what, name, outcome)
