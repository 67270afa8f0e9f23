"""Operations on the tags of everything that is ours."""

import re

from sagemaker_tuning.local.api import resources, training_jobs, tuning_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.wire import Document

_MOST_TAGS = 50

_JOB = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:(hyper-parameter-tuning-job|training-job)/(.+)"
)


def is_ours(arn: object) -> bool:
    """Whether an ARN names a resource of ours, there or not."""
    return isinstance(arn, str) and (
        _JOB.fullmatch(arn) is not None or resources.of_arn(arn) is not None
    )


def add(context: Context, request: Document) -> Document:
    """AddTags."""
    arn = _arn(context, request)
    given = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    with context.store.transaction():
        tags = {**context.store.tags(arn), **given}
        if len(tags) > _MOST_TAGS:
            raise validation_error(
                f"The resource would have {len(tags)} tags. A resource has at most {_MOST_TAGS}."
            )
        context.store.add_tags(arn, given)
    return {"Tags": _listed(tags)}


def delete(context: Context, request: Document) -> Document:
    """DeleteTags."""
    context.store.delete_tags(_arn(context, request), request["TagKeys"])
    return {}


def list_tags(context: Context, request: Document) -> Document:
    """ListTags; one page has them all, because a page's least size is a resource's most tags."""
    return {"Tags": _listed(context.store.tags(_arn(context, request)))}


def _arn(context: Context, request: Document) -> str:
    """The ARN of the existing resource, with its name as it was created."""
    given = request["ResourceArn"]
    arn = _stored_arn(context, given)
    if not resources.is_meant(arn, given):
        raise validation_error(f"There is no {given} here: the region and account are {arn}'s.")
    return arn


def _stored_arn(context: Context, given: str) -> str:
    """The ARN of what has the given one's name in this region."""
    resource = resources.of_arn(given)
    if resource is not None:
        kind, name = resource
        arn: str = kind.find(context, name)[kind.arn]
        return arn
    match = _JOB.fullmatch(given)
    if match is None:
        raise validation_error(f"The ARN {given} names no resource that has tags.")
    job, name = match.groups()
    if job == "training-job":
        arn = training_jobs.find(context, name)["TrainingJobArn"]
    else:
        arn = tuning_jobs.find(context, name)["HyperParameterTuningJobArn"]
    return arn


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
