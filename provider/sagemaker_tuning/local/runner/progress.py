"""What Describe answers of a live tuning job: its counters, its best so far, its end."""

from collections.abc import Sequence

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.runner import completion, verdict, warm_start
from sagemaker_tuning.local.runner.verdict import Ending
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document


class Progress:
    """The changing part of a tuning job's document, stored with all that has changed it.

    Not for two threads at once.

    Args:
        store: where it is.
        region: the tuning job's.
        request: the completed Create request.
        document: the new document, stored already.
    """

    def __init__(self, store: Store, region: str, request: Document, document: Document) -> None:
        self._store = store
        self._region = region
        self._name: str = request["HyperParameterTuningJobName"]
        self._request = request
        self._definitions = definitions(request)
        self._document = document

    @property
    def creation_time(self) -> float:
        """When the tuning job was created, in epoch seconds."""
        time: float = self._document["CreationTime"]
        return time

    def stopping(self) -> None:
        """It is being stopped."""
        self._document["HyperParameterTuningJobStatus"] = "Stopping"
        self._save()

    def launched(self, training_job: Document) -> None:
        """Adds a training job, with the tuning job's tags."""
        documents.count_launched(self._document)
        with self._store.transaction():
            self._store.add_training_job(self._region, self._name, training_job)
            tags = self._store.tags(self._document["HyperParameterTuningJobArn"])
            self._store.add_tags(training_job["TrainingJobArn"], tags)
            self._save()

    def ended(
        self,
        number: int,
        training_job: Document,
        reports: Sequence[float] | None,
        *,
        maximize: bool,
        converged: bool,
    ) -> None:
        """Takes an ended training job into the counters and the best so far.

        Args:
            number: the training job's, from 0.
            training_job: its last document.
            reports: what it reported as it ran, where the search wants to know it again.
            maximize: whether a higher objective is better to it.
            converged: whether the search has converged with it.
        """
        documents.count_ended(self._document, training_job)
        completion.take(self._document, training_job, maximize=maximize)
        if converged:
            completion.take_convergence(self._document)
        overall_best = warm_start.overall_best(
            self._store, self._region, self._request, self._document.get("BestTrainingJob")
        )
        if overall_best is not None:
            self._document["OverallBestTrainingJob"] = overall_best
        with self._store.transaction():
            self._store.update_training_job(self._region, training_job)
            if reports:
                self._store.add_reports(self._region, self._name, number, reports)
            self._save()

    def due_ending(self, *, last: bool) -> Ending | None:
        """The end that is due now: enough has been found, or nothing will be.

        Args:
            last: whether no training job is to be launched any more.
        """
        config = self._request["HyperParameterTuningJobConfig"]
        if completion.is_met(config, self._document, maximize=self._maximizes_best()):
            return Ending("Completed")
        # The last ones running may still succeed; none is left to be spared.
        return None if last else verdict.hopeless(self._document)

    def conclude(self, ending: Ending | None) -> Ending:
        """Ends it, as its counters say unless it was stopped or has failed already; that end."""
        # Over its runtime, a job has still to have something to show for it.
        if ending is None or ending.status == "Completed":
            ending = verdict.final(self._document)
        documents.end_tuning_job(self._document, ending.status, ending.failure_reason)
        with self._store.transaction():
            self._store.update_tuning_job(self._region, self._name, self._document)
            self._store.delete_reports(self._region, self._name)
        return ending

    def _maximizes_best(self) -> bool:
        name = self._document.get("BestTrainingJob", {}).get("TrainingJobDefinitionName")
        return next(each.maximize for each in self._definitions if name in {None, each.name})

    def _save(self) -> None:
        documents.touch_tuning_job(self._document)
        self._store.update_tuning_job(self._region, self._name, self._document)
