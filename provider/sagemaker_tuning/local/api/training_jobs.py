"""Operations on training jobs."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import pages, tuning_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.definition import definition_of
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.store import Condition
from sagemaker_tuning.local.wire import Document

_FROM_DEFINITION = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
    "Environment",
)


def describe(context: Context, request: Document) -> Document:
    """DescribeTrainingJob."""
    job = find(context, request["TrainingJobName"])
    definition = definition_of(tuning_jobs.find(context, job["TuningJobName"]), job)
    described = {name: definition.document.get(name) for name in _FROM_DEFINITION}
    # AWS has the key here even where the request has none.
    described["OutputDataConfig"] = {"KmsKeyId": "", **definition.document["OutputDataConfig"]}
    return {**described, "HyperParameters": documents.hyperparameters(definition, job), **job}


def list_all(context: Context, request: Document) -> Document:
    """ListTrainingJobs."""
    if {"WarmPoolStatusEquals", "TrainingPlanArnEquals"} & request.keys():
        return {"TrainingJobSummaries": []}  # no job here has a warm pool or a training plan
    found, token = pages.page(context, "training_job", request, sort_by="CreationTime")
    return pages.answer("TrainingJobSummaries", found, token)


def list_of_tuning_job(context: Context, request: Document) -> Document:
    """ListTrainingJobsForHyperParameterTuningJob."""
    tuning_job = tuning_jobs.find(context, request["HyperParameterTuningJobName"])
    name = tuning_job["HyperParameterTuningJobName"]
    found, token = pages.page(
        context,
        "training_job",
        request,
        sort_by="Name",
        conditions=[Condition("tuning_job", "=", name)],
    )
    summaries = [documents.summary(job) for job in found]
    return pages.answer("TrainingJobSummaries", summaries, token)


def stop(context: Context, request: Document) -> Document:
    """StopTrainingJob."""
    job = find(context, request["TrainingJobName"])
    if job["TrainingJobStatus"] != "InProgress":
        raise validation_error(
            "The request was rejected because the training job is in status"
            f" {job['TrainingJobStatus']}."
        )
    context.live_jobs.stop_training_job(
        context.region, job["TuningJobName"], job["TrainingJobName"]
    )
    return {}


def find(context: Context, name: str) -> Document:
    """A training job's own document.

    Raises:
        ApiError: ValidationException, which is what AWS answers here.
    """
    job = context.store.find("training_job", context.region, name)
    if job is None:
        raise validation_error("Requested resource not found.")
    return job
