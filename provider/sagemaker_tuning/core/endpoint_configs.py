"""The request of CreateEndpointConfig, from a model and what a user says of its endpoint."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIANT = "AllTraffic"
"""Name of the only variant: the one that SageMaker's own SDK and AWS's examples give it."""

_SERVERLESS = "ServerlessConfig"
_OF_INSTANCES = ("InstanceType", "InitialInstanceCount")
_OTHERWISE_GIVEN = {
    "EndpointConfigName": "it follows from the model package",
    "ProductionVariants": "give the members of the variant themselves, such as ServerlessConfig",
    "Tags": "give them as tags",
    "ModelName": "it follows from the model package",
}


def endpoint_config_fields(
    model_name: str,
    instance_type: str | None,
    initial_instance_count: int | str,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the request of CreateEndpointConfig without name and tags.

    Args:
        model_name: ``ModelName`` of what is served.
        instance_type: ``InstanceType``; none where ``fields`` say where else it is served.
        initial_instance_count: ``InitialInstanceCount``.
        fields: Further members, of the request or of its variant; they win.

    Raises:
        InvalidTuningRequest: A field is neither's, or is given in another way.
    """
    shape = shapes.input_shape("CreateEndpointConfig")
    of_variant = shapes.item_shape("CreateEndpointConfig", "ProductionVariants").members
    mistakes = list(_mistakes(fields, [*shape.members, *of_variant]))
    if mistakes:
        raise InvalidTuningRequest(mistakes)
    variant: dict[str, Any] = {"VariantName": VARIANT, "ModelName": model_name}
    if _SERVERLESS not in fields:
        variant["InitialInstanceCount"] = initial_instance_count
        if instance_type is not None:
            variant["InstanceType"] = instance_type
    variant |= {key: value for key, value in fields.items() if key in of_variant}
    request = {key: value for key, value in fields.items() if key in shape.members}
    request["ProductionVariants"] = [variant]
    return dict(shapes.to_model_types(request, shape))


def _mistakes(fields: Mapping[str, Any], known: Iterable[str]) -> Iterable[Violation]:
    for key in fields:
        path = f"endpoint_config_fields.{key}"
        if key in _OTHERWISE_GIVEN:
            yield Violation(path, "not to be given here", _OTHERWISE_GIVEN[key])
        elif key not in known:
            near = get_close_matches(key, known, n=1)
            guess = f"; did you mean {near[0]}?" if near else ""
            rule = "a member of CreateEndpointConfig or ProductionVariant" + guess
            yield Violation(path, "unknown field", rule)
    if _SERVERLESS in fields:
        for key in _OF_INSTANCES:
            if key in fields:
                path = f"endpoint_config_fields.{key}"
                yield Violation(path, "beside ServerlessConfig", "one of the two")
