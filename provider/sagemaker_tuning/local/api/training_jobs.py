"""Operations on training jobs."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import pages, tuning_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import resource_in_use, validation_error
from sagemaker_tuning.local.listings import Condition
from sagemaker_tuning.local.wire import Document


def describe(context: Context, request: Document) -> Document:
    """DescribeTrainingJob."""
    job = find(context, request["TrainingJobName"])
    if "AlgorithmSpecification" in job:  # it has outlived its tuning job
        return job
    return documents.whole_training_job(tuning_jobs.find(context, job["TuningJobName"]), job)


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


def delete(context: Context, request: Document) -> Document:
    """DeleteTrainingJob; one whose tuning job still runs is its result, and in use by it."""
    with context.store.transaction():
        job = find(context, request["TrainingJobName"])
        status = job["TrainingJobStatus"]
        if status not in documents.TERMINAL:
            raise resource_in_use(
                f"The training job {job['TrainingJobName']} is in status {status}. You can delete"
                " only training jobs that are in a terminal state (Stopped, Failed, or Completed)."
            )
        if "AlgorithmSpecification" not in job:
            tuning_job = tuning_jobs.find(context, job["TuningJobName"])
            status = tuning_job["HyperParameterTuningJobStatus"]
            if status not in documents.TERMINAL:
                raise resource_in_use(
                    f"The training job {job['TrainingJobName']} belongs to the hyperparameter"
                    f" tuning job {job['TuningJobName']}, which is in status {status}. Delete it"
                    " when that has ended."
                )
        context.store.delete_resource(
            "training_job", context.region, job["TrainingJobName"], job["TrainingJobArn"]
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
