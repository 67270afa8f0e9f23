"""Jobs that were in flight when whatever ran them died: none stays InProgress for ever."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import definition_of, definitions
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import Algorithms, UnknownAlgorithmError
from sagemaker_tuning.local.wire import Document


class MissingAlgorithmError(Exception):
    """Tuning jobs that would go on cannot; the message says which, and what they need."""


def require_algorithms(store: Store, algorithms: Algorithms) -> None:
    """Makes sure that every tuning job which goes on has what it runs; changes nothing.

    Raises:
        MissingAlgorithmError: one has not.
    """
    missing: dict[str, list[str]] = {}
    for _, tuning_job in store.unfinished_tuning_jobs():
        if tuning_job["HyperParameterTuningJobStatus"] == "Stopping":
            continue
        for definition in definitions(tuning_job):
            try:
                algorithms.find(definition.image, definition.static_hyperparameters)
            except UnknownAlgorithmError:
                names = missing.setdefault(definition.image, [])
                names.append(tuning_job["HyperParameterTuningJobName"])
    if missing:
        needed = "; ".join(f"{image} ({', '.join(jobs)})" for image, jobs in missing.items())
        raise MissingAlgorithmError(
            "tuning jobs that are not finished need programs for these training images:"
            f" {needed}. Give them with --algorithm IMAGE=COMMAND, --algorithms FILE or --simulate"
            " IMAGE=SECONDS, as before."
            " Nothing has been changed."
        )


def settle(store: Store, region: str, tuning_job: Document) -> bool:
    """Settles what a former endpoint over the same data left of a tuning job in flight.

    To its training jobs the end of that endpoint was an internal error: they have failed, or are
    started again where their RetryStrategy has attempts left. What was being stopped is stopped.

    Returns:
        Whether the tuning job goes on.
    """
    name = tuning_job["HyperParameterTuningJobName"]
    stopping = tuning_job["HyperParameterTuningJobStatus"] == "Stopping"
    with store.transaction():
        progress = store.tuning_job_progress(region, name)
        for job in _in_flight(store, region, name):
            if stopping or job["TrainingJobStatus"] == "Stopping":
                _end(progress, job, "Stopped")
            elif documents.may_restart(job, definition_of(tuning_job, job)):
                documents.restart(job)
            else:
                _fail(progress, job)
            store.update_training_job(region, job)
        if stopping:
            documents.end_tuning_job(progress, "Stopped", None)
            store.delete_reports(region, name)
        else:
            documents.touch_tuning_job(progress)
        store.update_tuning_job(region, name, progress)
    return not stopping


def fail_interrupted(store: Store, region: str, tuning_job: str) -> None:
    """Fails a tuning job, and its unfinished training jobs, with an internal error."""
    with store.transaction():
        progress = store.tuning_job_progress(region, tuning_job)
        for job in _in_flight(store, region, tuning_job):
            _fail(progress, job)
            store.update_training_job(region, job)
        documents.end_tuning_job(progress, "Failed", INTERNAL_ERROR)
        store.update_tuning_job(region, tuning_job, progress)
        store.delete_reports(region, tuning_job)


def _fail(progress: Document, job: Document) -> None:
    job["FailureReason"] = INTERNAL_ERROR
    _end(progress, job, "Failed")


def _end(progress: Document, job: Document, status: str) -> None:
    job["ObjectiveStatus"] = "Failed"
    documents.advance(job, status, status)
    documents.count_ended(progress, job)


def _in_flight(store: Store, region: str, tuning_job: str) -> list[Document]:
    """The training jobs that are in no terminal status."""
    return [
        job
        for job in store.training_jobs(region, tuning_job)
        if job["TrainingJobStatus"] in {"InProgress", "Stopping"}
    ]
