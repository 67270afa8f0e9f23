"""Operations on model package groups."""

from sagemaker_tuning.local.api import pages
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import MODEL_PACKAGE_GROUP
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.listings import Condition, Listing
from sagemaker_tuning.local.wire import Document


def create(context: Context, request: Document) -> Document:
    """CreateModelPackageGroup."""
    document = {**request, "ModelPackageGroupStatus": "Completed", "CreatedBy": {}}
    name = request["ModelPackageGroupName"]
    return {"ModelPackageGroupArn": MODEL_PACKAGE_GROUP.add(context, name, document)}


def describe(context: Context, request: Document) -> Document:
    """DescribeModelPackageGroup."""
    return MODEL_PACKAGE_GROUP.find_by(context, request["ModelPackageGroupName"])


def list_all(context: Context, request: Document) -> Document:
    """ListModelPackageGroups; no other account shares any."""
    members = (
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
    )
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        return pages.answer("ModelPackageGroupSummaryList", [], None)
    return MODEL_PACKAGE_GROUP.page(context, request, "ModelPackageGroupSummaryList", members)


def delete(context: Context, request: Document) -> Document:
    """DeleteModelPackageGroup, of one that is empty."""
    group = MODEL_PACKAGE_GROUP.find_by(context, request["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    with context.store.transaction():
        if context.store.list_jobs("model_package", _first_of(context, name)):
            raise ApiError(
                "ConflictException",
                f"Model package group {group['ModelPackageGroupArn']} cannot be deleted: it has"
                " model packages. Delete them first.",
            )
        MODEL_PACKAGE_GROUP.delete(context, name)
    return {}


def _first_of(context: Context, group: str) -> Listing:
    return Listing(
        context.region, (Condition("parent", "=", group),), "name", descending=False, limit=1
    )
