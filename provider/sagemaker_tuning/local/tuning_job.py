"""A tuning job: the thread that asks the search, launches training jobs and keeps the counters."""

import logging
import math
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sagemaker_tuning.local import documents, objects
from sagemaker_tuning.local.definition import Definition, definitions
from sagemaker_tuning.local.ranges import combinations
from sagemaker_tuning.local.recovery import fail_interrupted
from sagemaker_tuning.local.search import Search, search
from sagemaker_tuning.local.training_job import TrainingJob
from sagemaker_tuning.local.wire import Document
from sagemaker_tuning.local.workplace import Workplace

_log = logging.getLogger(__name__)

# AWS gives up after so many training jobs without a success.
_ATTEMPTS = 5

# Documented quota of training jobs per tuning job, for a request that names no number.
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
_MOST_TRAINING_JOBS = 750

ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures to get more"
    " details."
)
NONE_SUCCEEDED = (
    f"No training job succeeded after {_ATTEMPTS} attempts. For additional details, please take a"
    " look at the training job failures by listing training jobs for the hyperparameter tuning"
    " job."
)
NO_OBJECTIVE = (
    "No objective metrics found after running {count} training jobs. Please ensure that the custom"
    " algorithm is emitting the objective metric as defined by the regular expression provided."
)


@dataclass(frozen=True)
class _Ending:
    """How the tuning job ends, once it has been decided that it launches nothing more."""

    status: str
    failure_reason: str | None = None


class TuningJob:
    """One live tuning job.

    Its thread sleeps until a training job has ended, it is told to stop, or a deadline passes.
    Whatever happens in it, the job ends with a terminal status.

    Args:
        workplace: the endpoint's resources.
        region: where the job is.
        request: the completed Create request.
        progress: its new document, stored already.
        ended: called once from the job's thread, when there is nothing left to do.
    """

    def __init__(
        self,
        workplace: Workplace,
        region: str,
        request: Document,
        progress: Document,
        ended: Callable[["TuningJob"], None],
    ) -> None:
        self.region = region
        self.name: str = request["HyperParameterTuningJobName"]
        self._workplace = workplace
        self._progress = progress
        self._ended = ended
        config = request["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"]
        self._parallel: int = limits["MaxParallelTrainingJobs"]
        self._number: int = limits.get("MaxNumberOfTrainingJobs") or _default_number(request)
        self._deadline: float = progress["CreationTime"] + limits.get(
            "MaxRuntimeInSeconds", math.inf
        )
        self._definitions = definitions(request)
        self._searches = [self._search(definition, config) for definition in self._definitions]
        self._inputs: dict[int, Path | objects.S3AccessError] = {}
        self._directory = workplace.directory / "tuning-jobs" / region / self.name.lower()
        self._lock = threading.Lock()
        self._running: dict[str, TrainingJob] = {}
        self._launched = 0
        self._best: TrainingJob | None = None
        self._ending: _Ending | None = None
        self._halted = False
        self._events: queue.SimpleQueue[TrainingJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> bool:
        """Stops the running training jobs and launches no more; returns at once.

        Returns:
            False when the job is ending already; it is left as it is.
        """
        with self._lock:
            if self._ending is not None:
                return False
            self._ending = _Ending("Stopped")
            self._progress["HyperParameterTuningJobStatus"] = "Stopping"
            self._save()
            self._stop_running()
        self._events.put(None)
        return True

    def stop_training_job(self, name: str) -> None:
        """Stops one training job; one that does not run any more is left as it is."""
        with self._lock:
            job = self._running.get(name.lower())
        if job is not None:
            job.stop("Stopped")

    def halt(self, grace_seconds: float) -> None:
        """Ends every process because the endpoint ends; the store keeps the job as it is."""
        with self._lock:
            self._halted = True
            for job in self._running.values():
                job.halt(grace_seconds)
        self._events.put(None)

    def join(self, timeout_seconds: float) -> None:
        """Waits for the thread, and so for every training process, to end."""
        self._thread.join(timeout_seconds)

    def _search(self, definition: Definition, config: Document) -> Search:
        return search(
            config["Strategy"],
            definition.ranges,
            maximize=definition.maximize,
            seed=config.get("RandomSeed"),
            parallel=self._parallel,
        )

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            _log.exception("tuning job %s", self.name)
            self.halt(0)
            fail_interrupted(self._workplace.store, self.region, self.name)
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._ended(self)

    def _work(self) -> None:
        while True:
            if not self._halted:
                self._launch_due()
            if not self._running:
                break
            self._wait()
        if not self._halted:
            self._conclude()

    def _launch_due(self) -> None:
        while (
            self._ending is None
            and self._launched < self._number
            and len(self._running) < self._parallel
            and self._searches[self._launched % len(self._searches)].ready()
        ):
            self._launch(self._launched)

    def _launch(self, number: int) -> None:
        index = number % len(self._definitions)
        definition = self._definitions[index]
        document = documents.new_training_job(
            self.region, self.name, number + 1, definition, self._searches[index].ask()
        )
        job = TrainingJob(
            self._workplace,
            self.region,
            number,
            definition,
            document,
            self._input(index),
            self._events.put,
        )
        store = self._workplace.store
        with self._lock:
            if self._ending is not None or self._halted:
                return
            self._launched += 1
            self._running[job.name.lower()] = job
            self._progress["TrainingJobStatusCounters"]["InProgress"] += 1
            self._progress["ObjectiveStatusCounters"]["Pending"] += 1
            with store.transaction():
                store.add_training_job(self.region, self.name, document)
                tags = store.tags(self._progress["HyperParameterTuningJobArn"])
                store.add_tags(document["TrainingJobArn"], tags)
                self._save()
            job.start()

    def _input(self, index: int) -> Path | objects.S3AccessError:
        """The channels' data of a definition, downloaded once for all its training jobs."""
        if index not in self._inputs:
            self._inputs[index] = self._download(index)
        return self._inputs[index]

    def _download(self, index: int) -> Path | objects.S3AccessError:
        directory = self._directory / str(index)
        try:
            for channel in self._definitions[index].document["InputDataConfig"]:
                target = directory / channel["ChannelName"]
                target.mkdir(parents=True)
                objects.download(channel["DataSource"]["S3DataSource"]["S3Uri"], target)
        except objects.S3AccessError as error:
            return error
        return directory

    def _wait(self) -> None:
        """Sleeps until something has happened, and sees to it."""
        deadlines = [job.deadline for job in self._running.values()]
        if self._ending is None:
            deadlines.append(self._deadline)
        soonest = min(deadlines)
        timeout = None if soonest == math.inf else max(0, soonest - time.time())
        try:
            job = self._events.get(timeout=timeout)
        except queue.Empty:
            self._enforce_deadlines()
            return
        if job is not None:
            self._record(job)

    def _enforce_deadlines(self) -> None:
        moment = time.time()
        if moment >= self._deadline:
            self._end(_Ending("Completed"))
        for job in self._running.values():
            if moment >= job.deadline:
                job.stop("MaxRuntimeExceeded")

    def _end(self, ending: _Ending) -> None:
        with self._lock:
            if self._ending is None:
                self._ending = ending
                self._stop_running()

    def _stop_running(self) -> None:
        for job in self._running.values():
            job.stop("Stopped")

    def _record(self, job: TrainingJob) -> None:
        """Takes an ended training job into the counters, the best so far and the search."""
        count = len(self._searches)
        with self._lock:
            del self._running[job.name.lower()]
            if self._halted:
                return
            documents.count_ended(self._progress, job.document)
            if job.objective is not None and self._improves(job):
                self._best = job
                self._progress["BestTrainingJob"] = documents.summary(job.document)
            with self._workplace.store.transaction():
                self._workplace.store.update_training_job(self.region, job.document)
                self._save()
        self._searches[job.number % count].tell(job.number // count, job.objective)
        self._give_up_without_success()

    def _improves(self, job: TrainingJob) -> bool:
        best = None if self._best is None else self._best.objective
        if best is None or job.objective is None:
            return True
        return job.objective > best if job.definition.maximize else job.objective < best

    def _give_up_without_success(self) -> None:
        objectives = self._progress["ObjectiveStatusCounters"]
        if objectives["Succeeded"] or (self._launched == self._number and not self._running):
            return
        if documents.failed_count(self._progress) >= _ATTEMPTS:
            self._end(_Ending("Failed", NONE_SUCCEEDED))
        elif objectives["Failed"] >= _ATTEMPTS:
            self._end(_Ending("Failed", NO_OBJECTIVE.format(count=objectives["Failed"])))

    def _conclude(self) -> None:
        with self._lock:
            ending = self._ending = self._ending or self._verdict()
            documents.end_tuning_job(self._progress, ending.status, ending.failure_reason)
            self._workplace.store.update_tuning_job(self.region, self.name, self._progress)

    def _verdict(self) -> _Ending:
        if self._progress["ObjectiveStatusCounters"]["Succeeded"]:
            return _Ending("Completed")
        if documents.failed_count(self._progress) == self._launched:
            return _Ending("Failed", ALL_FAILED)
        return _Ending("Failed", NO_OBJECTIVE.format(count=self._launched))

    def _save(self) -> None:
        documents.touch_tuning_job(self._progress)
        self._workplace.store.update_tuning_job(self.region, self.name, self._progress)


def _default_number(request: Document) -> int:
    """How many training jobs a request asks for that does not say so."""
    if request["HyperParameterTuningJobConfig"]["Strategy"] == "Grid":
        return sum(int(combinations(definition.ranges)) for definition in definitions(request))
    return _MOST_TRAINING_JOBS
