"""All transform jobs that are not in a terminal status."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.transform.transform_job import TransformJob
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

MOST_RUNNING: Final = 4
"""At a time; each has a process with its model. Others wait, in the order of their creation."""

_Key = tuple[str, str]


class LiveTransformJobs:
    """Runs transform jobs, and finds the live ones for those who want to stop them.

    Args:
        store: where their documents are.
        logs: where their logs go.
        directory: for their files, while they run.
    """

    def __init__(self, store: Store, logs: LogShipper, directory: Path) -> None:
        self._store = store
        self._logs = logs
        self._directory = directory
        self._pool = ThreadPoolExecutor(MOST_RUNNING, "transform job")
        self._lock = threading.Lock()
        self._live: dict[_Key, tuple[TransformJob, Future[None]]] = {}
        self._closed = False

    def start(self, region: str, document: Document) -> None:
        """Has a transform job run that has been stored.

        Once all is closed it stays as it is stored, for the next endpoint to take up.
        """
        job = self._job(region, document)
        with self._lock:
            if not self._closed:
                self._live[_key(region, job.name)] = job, self._pool.submit(self._run, job)

    def resume(self) -> None:
        """Runs again from its start what a former endpoint over the same data left unfinished.

        What was being stopped is stopped.
        """
        for region, document in self._store.unfinished_transform_jobs():
            if document["TransformJobStatus"] == "Stopping":
                self._job(region, document).settle("Stopped")
            else:
                self.start(region, document)

    def stop(self, region: str, name: str) -> bool:
        """Stops a transform job; False when it has ended, or is being stopped already."""
        with self._lock:
            job, future = self._live.get(_key(region, name), (None, None))
        if job is None or future is None or not job.stop():
            return False
        if future.cancel():  # it had not begun, and will not
            job.settle("Stopped")
            self._forget(job)
        return True

    def close(self) -> None:
        """Ends all processes; the store is left alone from then on."""
        with self._lock:
            self._closed = True
            jobs = [job for job, _ in self._live.values()]
        for job in jobs:
            job.halt()
        self._pool.shutdown(cancel_futures=True)

    def _job(self, region: str, document: Document) -> TransformJob:
        return TransformJob(self._store, self._logs, self._directory, region, document)

    def _run(self, job: TransformJob) -> None:
        try:
            job.run()
        except Exception:  # noqa: BLE001 -- logged; nobody asks for the outcome
            _log.exception("transform job %s", job.name)
        finally:
            self._forget(job)

    def _forget(self, job: TransformJob) -> None:
        with self._lock:
            self._live.pop(_key(job.region, job.name), None)


def _key(region: str, name: str) -> _Key:
    return region, name.lower()
