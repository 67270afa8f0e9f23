"""A tuning job: it asks the search, launches training jobs and keeps the counters."""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import Definition, definitions
from sagemaker_tuning.local.names import training_job_number
from sagemaker_tuning.local.runner import warm_start
from sagemaker_tuning.local.runner.attempt import INTERNAL_ERROR
from sagemaker_tuning.local.runner.driver import ClockDriver, Driver, ThreadDriver, Work
from sagemaker_tuning.local.runner.inputs import Inputs
from sagemaker_tuning.local.runner.progress import Progress
from sagemaker_tuning.local.runner.recovery import fail_interrupted
from sagemaker_tuning.local.runner.simulation import SimulatedTrainingJob
from sagemaker_tuning.local.runner.training_job import Plan, Report, TrainingJob
from sagemaker_tuning.local.runner.verdict import Ending
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.search.tuning import Proposal, TuningSearch
from sagemaker_tuning.local.training.algorithms import Simulation
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

# The documented quota of training jobs per tuning job, for a request that names no number.
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
_MOST_TRAINING_JOBS = 750
# Kept of one training job for another start of the endpoint; the search heeds no more either.
_MOST_REPORTS = 20_000


class TuningJob:
    """One live tuning job.

    Its work waits until a training job has ended, it is told to stop, or a deadline passes.
    Whatever happens in it, the job ends with a terminal status. The progress is the work's,
    but for `stop`, which is why both change it under the lock.

    Args:
        workplace: the endpoint's resources.
        region: where the job is.
        request: the completed Create request.
        progress: its new document, stored already.
        ended: called once by the work, when there is nothing left to do.
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
        self._progress = Progress(workplace.store, region, request, progress)
        self._ended = ended
        self._definitions = definitions(request)
        # Not by its name, which a later job may have while this one's work tidies up.
        self._inputs = Inputs(workplace.directory / "inputs" / uuid.uuid4().hex, self._definitions)
        self._request = request
        self._lock = threading.Lock()
        self._running: dict[str, TrainingJob] = {}
        self._launched = 0
        # Of the running training jobs by number, where the search wants to know.
        self._reports: dict[int, list[float]] = {}
        self._ending: Ending | None = None
        self._halted = False
        self._driver = self._driven(self._run())

    def start(self) -> None:
        """Starts its work."""
        self._driver.start()

    def stop(self) -> bool:
        """Stops the running training jobs and launches no more; returns at once.

        Returns:
            False when the job is ending already; it is left as it is.
        """
        with self._lock:
            if self._ending is not None:
                return False
            self._progress.stopping()
            self._end(Ending("Stopped"))
        self._driver.tell(None)
        return True

    def stop_training_job(self, name: str) -> None:
        """Stops one training job; one that does not run any more is left as it is."""
        with self._lock:
            job = self._running.get(name)
        if job is not None:
            job.stop("Stopped")

    def halt(self, grace_seconds: float) -> None:
        """Ends every process because the endpoint ends; the store keeps the job as it is."""
        with self._lock:
            self._halted = True
            for job in self._running.values():
                job.halt(grace_seconds)
        self._driver.tell(None)

    def join(self, timeout_seconds: float) -> None:
        """Waits for its work, and so for every training process, to end."""
        self._driver.join(timeout_seconds)

    def _driven(self, work: Work) -> Driver:
        if all(self._simulation(definition) for definition in self._definitions):
            return ClockDriver(work, self._workplace.clock)
        return ThreadDriver(work, self.name)

    def _run(self) -> Work:
        try:
            yield from self._work()
        except Exception:  # noqa: BLE001 -- logged; the job must end whatever it was
            _log.exception("tuning job %s", self.name)
            with self._lock:  # from here on a stop must not write over what is stored
                self._ending = Ending("Failed", INTERNAL_ERROR)
            self.halt(0)
            fail_interrupted(self._workplace.store, self.region, self.name)
        finally:
            self._inputs.delete()
            self._ended(self)

    def _work(self) -> Work:
        limits = self._request["HyperParameterTuningJobConfig"]["ResourceLimits"]
        parallel: int = limits["MaxParallelTrainingJobs"]
        number: int = limits.get("MaxNumberOfTrainingJobs", _MOST_TRAINING_JOBS)
        deadline: float = self._progress.creation_time + limits.get("MaxRuntimeInSeconds", math.inf)
        history = warm_start.observations(self._workplace.store, self.region, self._request)
        self._search = TuningSearch(self._request, history)
        again = self._restore()
        self._enforce_limits(deadline)
        with self._lock:
            self._judge(last=self._launched == number or self._search.exhausted)
            for job in again:
                self._start(job)
        while True:
            while len(self._running) < parallel and self._may_launch(number):
                proposal = self._search.next()
                if proposal is None:
                    break
                self._launch(proposal)
            if not self._running:
                break
            yield from self._wait(deadline, last=self._launched == number or self._search.exhausted)
        if not self._halted:
            self._conclude()

    def _may_launch(self, number: int) -> bool:
        return self._ending is None and not self._halted and self._launched < number

    def _launch(self, proposal: Proposal) -> None:
        index = proposal.index
        definition = self._definitions[index]
        document = documents.new_training_job(
            self.region, self.name, self._launched + 1, definition, proposal.hyperparameters
        )
        job = self._training_job(self._launched, index, document)
        with self._lock:
            if self._ending is not None or self._halted:
                return
            self._launched += 1
            self._progress.launched(document)
            self._start(job)

    def _training_job(self, number: int, index: int, document: Document) -> TrainingJob:
        definition = self._definitions[index]
        ended = self._driver.tell
        reported = ended if self._search.wants_reports else None
        simulation = self._simulation(definition)
        if simulation is not None:
            # What is never read is not downloaded.
            plan = Plan(self.region, number, definition, document, inputs=Path())
            return SimulatedTrainingJob(
                self._workplace, plan, simulation.seconds, ended=ended, reported=reported
            )
        plan = Plan(self.region, number, definition, document, self._inputs.of(index))
        return TrainingJob(self._workplace, plan, ended=ended, reported=reported)

    def _simulation(self, definition: Definition) -> Simulation | None:
        program = self._workplace.algorithms.find(
            definition.image, definition.static_hyperparameters
        ).program
        return program if isinstance(program, Simulation) else None

    def _start(self, job: TrainingJob) -> None:
        """Starts a training job that is stored; the lock is the caller's."""
        if self._halted:
            return
        self._running[job.name] = job
        if self._ending is not None:  # its program is not to be started at all
            job.stop("Stopped")
        job.start()

    def _restore(self) -> list[TrainingJob]:
        """Takes up what a former endpoint left: results, and training jobs to start again."""
        again = []
        store = self._workplace.store
        reports = store.reports(self.region, self.name)
        names = [definition.name for definition in self._definitions]
        past = {
            training_job_number(document["TrainingJobName"]) - 1: document
            for document in store.training_jobs(self.region, self.name)
        }
        for number, document in sorted(past.items()):
            index = names.index(document.get("TrainingJobDefinitionName"))
            tuned = document["TunedHyperParameters"]
            self._launched = number + 1
            if document["TrainingJobStatus"] == "InProgress":
                self._search.resume(index, tuned)
                again.append(self._training_job(number, index, document))
            else:
                objective = documents.objective(document)
                self._search.restore(number, index, tuned, objective, reports.get(number, ()))
        return again

    def _wait(self, deadline: float, *, last: bool) -> Work:
        """Waits until something has happened, and sees to it."""
        soonest = min(job.deadline for job in self._running.values())
        if self._ending is None:
            soonest = min(soonest, deadline)
        event = yield None if soonest == math.inf else max(0, soonest - time.time())
        if isinstance(event, Report):
            self._heed(event)
        elif event is not None:
            self._record(event)
            with self._lock:
                self._judge(last=last)
        # Also where so much happens that the wait never lasts.
        if time.time() >= soonest:
            self._enforce_limits(deadline)

    def _heed(self, report: Report) -> None:
        """Stops a training job that is not worth going on with."""
        number = report.job.number
        reports = self._reports.setdefault(number, [])
        if len(reports) < _MOST_REPORTS:
            reports.append(report.value)
        if self._search.report(number, report.step, report.value):
            report.job.stop("Stopped")

    def _enforce_limits(self, deadline: float) -> None:
        moment = time.time()
        for job in self._running.values():
            if moment >= job.deadline:
                job.stop("MaxRuntimeExceeded")
        if moment >= deadline:
            with self._lock:
                self._end(Ending("Completed"))

    def _end(self, ending: Ending) -> None:
        """Decides the end, once, and stops what runs; the lock is the caller's."""
        if self._ending is None:
            self._ending = ending
            for job in self._running.values():
                job.stop("Stopped")

    def _record(self, job: TrainingJob) -> None:
        """Takes an ended training job into the search, the counters and the best so far."""
        reports = self._reports.pop(job.number, None)
        with self._lock:
            del self._running[job.name]
            if self._halted:
                return
            self._search.tell(job.number, job.objective)
            self._progress.ended(
                job.number,
                job.document,
                reports,
                maximize=job.definition.maximize,
                converged=self._search.converged(),
            )

    def _judge(self, *, last: bool) -> None:
        """Ends the job where enough has been found, or nothing will be; the caller locks."""
        ending = self._progress.due_ending(last=last)
        if ending is not None:
            self._end(ending)

    def _conclude(self) -> None:
        with self._lock:
            self._ending = self._progress.conclude(self._ending)
