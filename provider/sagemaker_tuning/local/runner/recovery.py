"""Jobs that were in flight when whatever ran them died: none stays InProgress for ever."""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR
from sagemaker_tuning.local.store import Condition, Listing, Store

_PAGE = 100


def fail_all_interrupted(store: Store) -> None:
    """Fails every job that a former endpoint over the same data left in flight."""
    for region, document in store.unfinished_tuning_jobs():
        fail_interrupted(store, region, document["HyperParameterTuningJobName"])


def fail_interrupted(store: Store, region: str, tuning_job: str) -> None:
    """Fails a tuning job, and its unfinished training jobs, with an internal error."""
    with store.transaction():
        progress = store.tuning_job_progress(region, tuning_job)
        for status in ("InProgress", "Stopping"):
            unfinished = Listing(
                region,
                (Condition("tuning_job", "=", tuning_job), Condition("status", "=", status)),
                sort_by="name",
                descending=False,
                limit=_PAGE,
            )
            while rows := store.list_jobs("training_job", unfinished):
                for row in rows:
                    row.document["FailureReason"] = INTERNAL_ERROR
                    row.document["ObjectiveStatus"] = "Failed"
                    documents.advance(row.document, "Failed", "Failed")
                    documents.count_ended(progress, row.document)
                    store.update_training_job(region, row.document)
        documents.end_tuning_job(progress, "Failed", INTERNAL_ERROR)
        store.update_tuning_job(region, tuning_job, progress)
