"""Operations on model packages, of a group by version or alone by name."""

from collections.abc import Sequence

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import (
    MODEL_PACKAGE,
    MODEL_PACKAGE_GROUP,
    name_of,
)
from sagemaker_tuning.local.errors import ApiError, validation_error
from sagemaker_tuning.local.listings import Condition, Listing
from sagemaker_tuning.local.wire import Document

_SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
)
# Neither is to be kept: one is of the request alone, the other stands elsewhere in the document.
_OF_THE_REQUEST = ("ClientToken", "ModelPackageName")
_SENT_WITH = "_ClientToken"


def create(context: Context, request: Document) -> Document:
    """CreateModelPackage."""
    alone, group = request.get("ModelPackageName"), request.get("ModelPackageGroupName")
    if (alone is None) == (group is None):
        raise validation_error("Provide either ModelPackageName or ModelPackageGroupName.")
    if "ValidationSpecification" in request:
        raise validation_error(
            "The local SageMaker endpoint does not support ValidationSpecification: it validates no"
            " model packages."
        )
    document = {
        **{name: value for name, value in request.items() if name not in _OF_THE_REQUEST},
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": request.get("CertifyForMarketplace", False),
        "CreatedBy": {},
        _SENT_WITH: request.get("ClientToken"),
    }
    if alone is not None:
        document["ModelPackageName"] = alone
        return {"ModelPackageArn": MODEL_PACKAGE.add(context, alone, document)}
    with context.store.transaction():
        return {"ModelPackageArn": _add_version(context, str(group), document)}


def describe(context: Context, request: Document) -> Document:
    """DescribeModelPackage."""
    return MODEL_PACKAGE.find_by(context, request["ModelPackageName"])


def update(context: Context, request: Document) -> Document:
    """UpdateModelPackage."""
    with context.store.transaction():
        document = MODEL_PACKAGE.find_by(context, request["ModelPackageArn"])
        properties = document.get("CustomerMetadataProperties", {})
        properties.update(request.pop("CustomerMetadataProperties", {}))
        for name in request.pop("CustomerMetadataPropertiesToRemove", ()):
            properties.pop(name, None)
        if properties or "CustomerMetadataProperties" in document:
            document["CustomerMetadataProperties"] = properties
        added = request.pop("AdditionalInferenceSpecificationsToAdd", [])
        if added:
            document.setdefault("AdditionalInferenceSpecifications", []).extend(added)
        for name in ("ClientToken", "ModelPackageArn"):
            request.pop(name, None)
        document.update(request)
        MODEL_PACKAGE.save(context, name_of(MODEL_PACKAGE, document["ModelPackageArn"]), document)
    return {"ModelPackageArn": document["ModelPackageArn"]}


def list_all(context: Context, request: Document) -> Document:
    """ListModelPackages; of packages alone, unless the request names a group or wants both."""
    conditions = []
    if "ModelPackageGroupName" in request:
        group = MODEL_PACKAGE_GROUP.find_by(context, request["ModelPackageGroupName"])
        conditions.append(Condition("parent", "=", group["ModelPackageGroupName"]))
    elif (kind := request.get("ModelPackageType", "Unversioned")) != "Both":
        versioned = kind == "Versioned"
        conditions.append(Condition("name", "contains" if versioned else "lacks", "/"))
    if "ModelApprovalStatus" in request:
        conditions.append(Condition("status", "=", request["ModelApprovalStatus"]))
    return MODEL_PACKAGE.page(context, request, "ModelPackageSummaryList", _SUMMARY, conditions)


def batch_describe(context: Context, request: Document) -> Document:
    """BatchDescribeModelPackage."""
    found: Document = {}
    missing: Document = {}
    for arn in request["ModelPackageArnList"]:
        try:
            found[arn] = MODEL_PACKAGE.find_by(context, arn)
        except ApiError as error:
            missing[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": missing}


def delete(context: Context, request: Document) -> Document:
    """DeleteModelPackage."""
    document = MODEL_PACKAGE.find_by(context, request["ModelPackageName"])
    MODEL_PACKAGE.delete(context, name_of(MODEL_PACKAGE, document["ModelPackageArn"]))
    return {}


def containers(document: Document, specification: str | None) -> Sequence[Document]:
    """What a model package is served with; may be empty.

    Args:
        document: the model package's.
        specification: `InferenceSpecificationName`, of an additional one; None for its own.

    Raises:
        ApiError: ValidationException where it has no such specification.
    """
    additional = document.get("AdditionalInferenceSpecifications", ())
    by_name = {None: document.get("InferenceSpecification", {})}
    by_name |= {each["Name"]: each for each in additional}
    if specification not in by_name:
        raise validation_error(
            f"InferenceSpecificationName {specification} is not in"
            f" {document['ModelPackageArn']}; AdditionalInferenceSpecifications has"
            f" {', '.join(each['Name'] for each in additional) or 'none'}."
        )
    found: Sequence[Document] = by_name[specification].get("Containers", ())
    return found


def _add_version(context: Context, group_or_arn: str, document: Document) -> str:
    """Versions go up, also over those that have been deleted.

    botocore repeats a request that got no answer with the token that it had: it gets the version
    that there is.
    """
    group = MODEL_PACKAGE_GROUP.find_by(context, group_or_arn)
    name = group["ModelPackageGroupName"]
    for each in _versions(context, name):
        if document[_SENT_WITH] is not None and each.get(_SENT_WITH) == document[_SENT_WITH]:
            return str(each["ModelPackageArn"])
    version = group["_LastVersion"] = group.get("_LastVersion", 0) + 1
    MODEL_PACKAGE_GROUP.save(context, name, group)
    document.update(
        ModelPackageGroupName=name,
        ModelPackageVersion=version,
        LastModifiedTime=documents.now(),
    )
    document.setdefault("ModelApprovalStatus", "PendingManualApproval")
    return MODEL_PACKAGE.add(context, f"{name}/{version}", document, parent=name)


def _versions(context: Context, group: str) -> Sequence[Document]:
    """All versions of a group."""
    conditions = (Condition("parent", "=", group),)
    listing = Listing(context.region, conditions, "name", descending=True, limit=-1)
    return [row.document for row in context.store.list_jobs("model_package", listing)]
