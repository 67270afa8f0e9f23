"""Operations on transform jobs."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import models, rules_of_transform
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import TRANSFORM_JOB
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.transform.processing import DEFAULTS
from sagemaker_tuning.local.transform.transform_job import CONTAINER
from sagemaker_tuning.local.wire import Document

_SUMMARY = (
    "TransformJobName",
    "TransformJobArn",
    "CreationTime",
    "TransformEndTime",
    "LastModifiedTime",
    "TransformJobStatus",
    "FailureReason",
)


def create(context: Context, request: Document) -> Document:
    """CreateTransformJob."""
    name = request["TransformJobName"]
    rules_of_transform.check(request)
    container = models.container(context, request["ModelName"])
    rules_of_transform.check_container(container)
    if context.store.find("transform_job", context.region, name) is not None:
        raise TRANSFORM_JOB.taken(TRANSFORM_JOB.arn_of(context.region, name))
    rules_of_transform.check_input(request)
    _complete(request)
    created = documents.now()
    request.update(CreationTime=created, LastModifiedTime=created, TransformJobStatus="InProgress")
    request[CONTAINER] = container
    arn = TRANSFORM_JOB.add(context, name, request)
    context.transform_jobs.start(context.region, TRANSFORM_JOB.find(context, name))
    return {"TransformJobArn": arn}


def describe(context: Context, request: Document) -> Document:
    """DescribeTransformJob."""
    return TRANSFORM_JOB.find(context, request["TransformJobName"])


def list_all(context: Context, request: Document) -> Document:
    """ListTransformJobs."""
    return TRANSFORM_JOB.page(context, request, "TransformJobSummaries", _SUMMARY)


def stop(context: Context, request: Document) -> Document:
    """StopTransformJob."""
    name = TRANSFORM_JOB.find(context, request["TransformJobName"])["TransformJobName"]
    if not context.transform_jobs.stop(context.region, name):
        status = TRANSFORM_JOB.find(context, name)["TransformJobStatus"]
        raise validation_error(
            f"The request was rejected because the transform job is in status {status}."
        )
    return {}


def _complete(request: Document) -> None:
    """Adds what AWS takes where the request has nothing, and Describe shows."""
    source, target = request["TransformInput"], request["TransformOutput"]
    source.setdefault("CompressionType", "None")
    source.setdefault("SplitType", "None")
    target.setdefault("AssembleWith", "None")
    target.setdefault("KmsKeyId", "")
    request["DataProcessing"] = {**DEFAULTS, **request.get("DataProcessing", {})}
    request.setdefault("Environment", {})
