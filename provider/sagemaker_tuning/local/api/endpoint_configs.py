"""Operations on endpoint configurations."""

from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import ENDPOINT_CONFIG, MODEL
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.wire import Document

# With each of them an endpoint would answer other requests, or otherwise.
_UNSUPPORTED = ("ShadowProductionVariants", "AsyncInferenceConfig", "ExplainerConfig")


def create(context: Context, request: Document) -> Document:
    """CreateEndpointConfig."""
    for member in _UNSUPPORTED:
        if member in request:
            raise validation_error(f"The local SageMaker endpoint does not support {member}.")
    names = [variant["VariantName"] for variant in request["ProductionVariants"]]
    for number, variant in enumerate(request["ProductionVariants"], start=1):
        path = f"ProductionVariants.{number}"
        if names.count(variant["VariantName"]) > 1:
            raise validation_error(
                f"{path}.VariantName {variant['VariantName']} is not unique among the variants."
            )
        if "ModelName" not in variant:
            raise validation_error(
                f"{path}.ModelName is required. The local SageMaker endpoint has no inference"
                " components."
            )
        MODEL.find(context, variant["ModelName"])
        if ("ServerlessConfig" in variant) == ("InstanceType" in variant):
            raise validation_error(f"{path} needs either InstanceType or ServerlessConfig.")
        if "InstanceType" in variant:
            variant.setdefault("InitialInstanceCount", 1)
        variant.setdefault("InitialVariantWeight", 1.0)
    if not any(variant["InitialVariantWeight"] for variant in request["ProductionVariants"]):
        raise validation_error(
            "ProductionVariants have InitialVariantWeight 0 throughout. One of them needs more."
        )
    arn = ENDPOINT_CONFIG.add(context, request["EndpointConfigName"], request)
    return {"EndpointConfigArn": arn}


def describe(context: Context, request: Document) -> Document:
    """DescribeEndpointConfig."""
    return ENDPOINT_CONFIG.find(context, request["EndpointConfigName"])


def list_all(context: Context, request: Document) -> Document:
    """ListEndpointConfigs."""
    members = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
    return ENDPOINT_CONFIG.page(context, request, "EndpointConfigs", members)


def delete(context: Context, request: Document) -> Document:
    """DeleteEndpointConfig; an endpoint that was made of it goes on, as on AWS."""
    ENDPOINT_CONFIG.delete(context, request["EndpointConfigName"])
    return {}
