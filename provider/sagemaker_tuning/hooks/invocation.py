"""Ask an endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from sagemaker_tuning.core.errors import AwsCallFailed, PredictionFailed
from sagemaker_tuning.core.smoke import cut
from sagemaker_tuning.hooks.services import AwsService
from sagemaker_tuning.hooks.translation import translated

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

_PATIENCE = Config(read_timeout=70, retries={"mode": "standard", "total_max_attempts": 4})
"""Seconds, because a container has 60 to answer.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers.

    Attributes:
        body: The predictions.
        content_type: ``ContentType`` of them.
        variant: ``InvokedProductionVariant``.
    """

    body: str
    content_type: str
    variant: str


def invoke_endpoint(
    hook: AwsBaseHook, endpoint_name: str, body: str, content_type: str, accept: str | None
) -> Answer:
    """Call InvokeEndpoint, which botocore repeats where SageMaker throttles or fails.

    Raises:
        PredictionFailed: The model's container answered with an error, which is quoted.
        AwsCallFailed: SageMaker refused, or did not answer.
    """
    request = {"EndpointName": endpoint_name, "Body": body.encode(), "ContentType": content_type}
    if accept:
        request["Accept"] = accept
    try:
        runtime = AwsService(hook, "sagemaker-runtime", _PATIENCE)
        answer = runtime.call("InvokeEndpoint", **request)
    except AwsCallFailed as error:
        if error.code != "ModelError":
            raise
        msg = f"the endpoint {endpoint_name} gives no prediction: {error}: asked {cut(body)!r}"
        raise PredictionFailed(msg) from error
    with translated("InvokeEndpoint", request):
        text = answer["Body"].read().decode(errors="replace")
    return Answer(
        text,
        answer.get("ContentType", ""),
        answer.get("InvokedProductionVariant", ""),
    )
