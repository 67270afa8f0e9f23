"""Operations on tuning jobs."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import autotune, pages, quotas, rules
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.definition import complete
from sagemaker_tuning.local.errors import (
    ApiError,
    resource_in_use,
    resource_not_found,
    validation_error,
)
from sagemaker_tuning.local.store import NameTakenError
from sagemaker_tuning.local.wire import Document

_SUMMARY = (
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "CreationTime",
    "HyperParameterTuningEndTime",
    "LastModifiedTime",
    "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
)


def create(context: Context, request: Document) -> Document:
    """CreateHyperParameterTuningJob."""
    name = request["HyperParameterTuningJobName"]
    autotune.choose(request)
    rules.check(context, request)
    if context.store.find("tuning_job", context.region, name) is not None:
        raise _name_taken(name)
    rules.check_inputs(request)
    tags = {tag["Key"]: tag["Value"] for tag in request.pop("Tags", ())}
    complete(request, context.algorithms)
    progress = documents.new_tuning_job(context.region, name)
    arn = progress["HyperParameterTuningJobArn"]
    try:
        with context.store.transaction():
            # Within it, or two at once would both be let in to the last place.
            quotas.check(context, request)
            context.store.add_tuning_job(context.region, request, progress)
            context.store.add_tags(arn, tags)
    except NameTakenError as error:
        raise _name_taken(name) from error
    context.live_jobs.start(context.region, request, progress)
    return {"HyperParameterTuningJobArn": arn}


def describe(context: Context, request: Document) -> Document:
    """DescribeHyperParameterTuningJob."""
    job = find(context, request["HyperParameterTuningJobName"])
    if job["HyperParameterTuningJobStatus"] not in documents.TERMINAL:
        # On AWS both move on while no training job starts or ends.
        documents.touch_tuning_job(job)
    return job


def list_all(context: Context, request: Document) -> Document:
    """ListHyperParameterTuningJobs."""
    found, token = pages.page(context, "tuning_job", request, sort_by="Name")
    return pages.answer("HyperParameterTuningJobSummaries", [_summary(job) for job in found], token)


def stop(context: Context, request: Document) -> Document:
    """StopHyperParameterTuningJob."""
    job = find(context, request["HyperParameterTuningJobName"])
    if not context.live_jobs.stop(context.region, job["HyperParameterTuningJobName"]):
        status = find(context, job["HyperParameterTuningJobName"])["HyperParameterTuningJobStatus"]
        raise validation_error(
            "The request was rejected because the hyperparameter tuning job is already in status"
            f" {status}."
        )
    return {}


def delete(context: Context, request: Document) -> Document:
    """DeleteHyperParameterTuningJob: its entry and tags go; its training jobs stay, as on AWS."""
    store = context.store
    with store.transaction():
        job = find(context, request["HyperParameterTuningJobName"])
        name, status = job["HyperParameterTuningJobName"], job["HyperParameterTuningJobStatus"]
        if status not in documents.TERMINAL:
            raise validation_error(
                f"The request was rejected because the hyperparameter tuning job {name} is not in a"
                f" terminal state: its status is {status}. Stop it, and delete it when it has"
                " stopped."
            )
        for training_job in store.training_jobs(context.region, name):
            whole = documents.whole_training_job(job, training_job)
            store.release_training_job(context.region, whole)
        arn = job["HyperParameterTuningJobArn"]
        store.delete_resource("tuning_job", context.region, name, arn)
    return {}


def find(context: Context, name: str) -> Document:
    """A tuning job's document.

    Raises:
        ApiError: ResourceNotFound.
    """
    job = context.store.find("tuning_job", context.region, name)
    if job is None:
        raise resource_not_found(
            f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return job


def _name_taken(name: str) -> ApiError:
    return resource_in_use(
        f"A hyperparameter tuning job with the name, {name}, already exists. Choose a different"
        " name."
    )


def _summary(job: Document) -> Document:
    config = job["HyperParameterTuningJobConfig"]
    return {
        **{name: job[name] for name in _SUMMARY if name in job},
        "Strategy": config["Strategy"],
        "ResourceLimits": config["ResourceLimits"],
    }
