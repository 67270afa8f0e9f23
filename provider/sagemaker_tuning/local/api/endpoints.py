"""Operations on endpoints."""

from collections.abc import Mapping

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import models, quotas
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import ENDPOINT, ENDPOINT_CONFIG
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.serving.live_endpoints import DEPLOYED, TARGET
from sagemaker_tuning.local.wire import Document

# What an update can retain of a variant, by VariantPropertyType.
_RETAINED = {"DesiredWeight": "CurrentWeight", "DesiredInstanceCount": "CurrentInstanceCount"}


def create(context: Context, request: Document) -> Document:
    """CreateEndpoint."""
    name, config_name = request["EndpointName"], request["EndpointConfigName"]
    if context.store.find("endpoint", context.region, name) is not None:
        raise ENDPOINT.taken(ENDPOINT.arn_of(context.region, name))
    request.pop("DeploymentConfig", None)  # of updates only
    created = documents.now()
    request.update(EndpointStatus="Creating", CreationTime=created, LastModifiedTime=created)
    with context.store.transaction():
        _aim(context, request, config_name, keep={})
        arn = ENDPOINT.add(context, name, request)
    context.endpoints.deploy(context.region, name)
    return {"EndpointArn": arn}


def describe(context: Context, request: Document) -> Document:
    """DescribeEndpoint."""
    document = ENDPOINT.find(context, request["EndpointName"])
    described = dict(document)
    if DEPLOYED in document:
        described["ProductionVariants"] = document[DEPLOYED]
    if TARGET in document:
        described["PendingDeploymentSummary"] = {
            "EndpointConfigName": document["_TargetConfigName"],
            "ProductionVariants": [
                {"VariantName": each["VariantName"]} for each in document[TARGET]
            ],
        }
    return described


def list_all(context: Context, request: Document) -> Document:
    """ListEndpoints."""
    members = (
        "EndpointName",
        "EndpointArn",
        "CreationTime",
        "LastModifiedTime",
        "EndpointStatus",
    )
    return ENDPOINT.page(context, request, "Endpoints", members)


def update(context: Context, request: Document) -> Document:
    """UpdateEndpoint."""
    name = request["EndpointName"]
    kept = {}
    with context.store.transaction():
        document = _updatable(context, name)
        if request.get("RetainAllVariantProperties"):
            dropped = {
                each["VariantPropertyType"]
                for each in request.get("ExcludeRetainedVariantProperties", ())
            }
            members = [_RETAINED[kind] for kind in _RETAINED.keys() - dropped]
            kept = {
                each["VariantName"]: {name: each[name] for name in members if name in each}
                for each in document[DEPLOYED]
            }
        _aim(context, document, request["EndpointConfigName"], keep=kept)
        document["EndpointStatus"] = "Updating"
        if "DeploymentConfig" in request:
            document["LastDeploymentConfig"] = request["DeploymentConfig"]
        ENDPOINT.save(context, name, document)
    context.endpoints.deploy(context.region, name)
    return {"EndpointArn": document["EndpointArn"]}


def update_weights_and_capacities(context: Context, request: Document) -> Document:
    """UpdateEndpointWeightsAndCapacities; at once, since there are no instances to start."""
    name = request["EndpointName"]
    with context.store.transaction():
        document = _updatable(context, name)
        by_name = {each["VariantName"]: each for each in document.get(DEPLOYED, ())}
        for number, desired in enumerate(request["DesiredWeightsAndCapacities"], start=1):
            variant = by_name.get(desired["VariantName"])
            if variant is None:
                raise validation_error(
                    f"DesiredWeightsAndCapacities.{number}.VariantName {desired['VariantName']} is"
                    f" not a variant of the endpoint; it has {', '.join(by_name) or 'none'}."
                )
            _set(variant, desired, "DesiredWeight", "CurrentWeight")
            _set(variant, desired, "DesiredInstanceCount", "CurrentInstanceCount")
        ENDPOINT.save(context, name, document)
    return {"EndpointArn": document["EndpointArn"]}


def delete(context: Context, request: Document) -> Document:
    """DeleteEndpoint."""
    name = request["EndpointName"]
    with context.store.transaction():
        _settled(context, name)
        ENDPOINT.delete(context, name)
    context.endpoints.delete(context.region, name)
    return {}


def _settled(context: Context, name: str) -> Document:
    """The endpoint's document, of one that is not being created or updated."""
    document = ENDPOINT.find(context, name)
    if document["EndpointStatus"] in {"Creating", "Updating"}:
        raise validation_error(f'Cannot update in-progress endpoint "{document["EndpointArn"]}".')
    return document


def _updatable(context: Context, name: str) -> Document:
    """Likewise, of one that answers; of the others AWS lets nothing be done but deletion.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
    """
    document = _settled(context, name)
    if document["EndpointStatus"] != "InService":
        raise validation_error(
            f'Cannot update failed endpoint "{document["EndpointArn"]}". Delete it.'
        )
    return document


def _aim(
    context: Context, document: Document, config_name: str, *, keep: Mapping[str, Document]
) -> None:
    """Writes into an endpoint's document what it is to become."""
    config = ENDPOINT_CONFIG.find(context, config_name)
    document["_TargetConfigName"] = config["EndpointConfigName"]
    document.setdefault("EndpointConfigName", config["EndpointConfigName"])
    document[TARGET] = [
        _summary(context, variant, keep.get(variant["VariantName"], {}))
        for variant in config["ProductionVariants"]
    ]
    quotas.check_variants(context, document)


def _summary(context: Context, variant: Document, kept: Document) -> Document:
    """A production variant as DescribeEndpoint shows it, and its container with it.

    The container is copied: on AWS too an endpoint goes on when its model is deleted.
    """
    container = models.container(context, variant["ModelName"])
    weight = kept.get("CurrentWeight", variant["InitialVariantWeight"])
    summary: Document = {
        "VariantName": variant["VariantName"],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "_Container": container,
    }
    if "Image" in container:
        summary["DeployedImages"] = [
            {
                "SpecifiedImage": container["Image"],
                "ResolvedImage": container["Image"],
                "ResolutionTime": documents.now(),
            }
        ]
    if "ServerlessConfig" in variant:
        summary["CurrentServerlessConfig"] = variant["ServerlessConfig"]
    else:
        count = kept.get("CurrentInstanceCount", variant["InitialInstanceCount"])
        summary["CurrentInstanceCount"] = summary["DesiredInstanceCount"] = count
    return summary


def _set(variant: Document, desired: Document, *names: str) -> None:
    if names[0] in desired:
        for name in names:
            variant[name] = desired[names[0]]
