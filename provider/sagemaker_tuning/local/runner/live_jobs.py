"""All live tuning jobs of the endpoint."""

import logging
import threading

from sagemaker_tuning.local.runner.recovery import fail_interrupted, settle
from sagemaker_tuning.local.runner.tuning_job import TuningJob
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

_Key = tuple[str, str]


class LiveJobs:
    """Starts tuning jobs, and finds the live ones for those who want to stop them."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._lock = threading.Lock()
        self._live: dict[_Key, TuningJob] = {}
        self._closed = False

    def start(self, region: str, request: Document, progress: Document) -> None:
        """Starts a tuning job that has been stored; one that cannot be started has failed.

        Once all is closed it stays as it is stored, for the next endpoint to take up.
        """
        name: str = request["HyperParameterTuningJobName"]
        try:
            job = TuningJob(self._workplace, region, request, progress, self._forget)
            with self._lock:
                if self._closed:
                    return
                self._live[_key(region, name)] = job
                job.start()
        except Exception:  # noqa: BLE001 -- logged; the stored job must end whatever it was
            _log.exception("tuning job %s", name)
            with self._lock:
                self._live.pop(_key(region, name), None)
            fail_interrupted(self._workplace.store, region, name)

    def resume(self) -> None:
        """Goes on with every tuning job that a former endpoint over the same data left unfinished.

        What was in flight is settled when this returns; call it before anything is answered.
        """
        store = self._workplace.store
        for region, document in store.unfinished_tuning_jobs():
            name: str = document["HyperParameterTuningJobName"]
            try:
                if settle(store, region, document):
                    self.start(region, document, store.tuning_job_progress(region, name))
            except Exception:  # noqa: BLE001 -- logged; the others go on
                _log.exception("tuning job %s", name)
                fail_interrupted(store, region, name)

    def stop(self, region: str, name: str) -> bool:
        """Stops a tuning job; False when it has ended, or is ending already."""
        job = self._find(region, name)
        return job is not None and job.stop()

    def stop_training_job(self, region: str, tuning_job: str, name: str) -> None:
        """Stops a training job of a tuning job, if it still runs."""
        job = self._find(region, tuning_job)
        if job is not None:
            job.stop_training_job(name)

    def count(self) -> int:
        """How many are live."""
        with self._lock:
            return len(self._live)

    def close(self, grace_seconds: float) -> None:
        """Ends every training process; what ignores SIGTERM is killed after the grace."""
        with self._lock:
            self._closed = True
            jobs = list(self._live.values())
        for job in jobs:
            job.halt(grace_seconds)
        for job in jobs:
            job.join(grace_seconds + 1)
        self._workplace.clock.close()

    def _find(self, region: str, name: str) -> TuningJob | None:
        with self._lock:
            return self._live.get(_key(region, name))

    def _forget(self, job: TuningJob) -> None:
        key = _key(job.region, job.name)
        with self._lock:
            # A later job may have the name already.
            if self._live.get(key) is job:
                del self._live[key]


def _key(region: str, name: str) -> _Key:
    return region, name.lower()
