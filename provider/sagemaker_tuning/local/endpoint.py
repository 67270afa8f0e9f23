"""The endpoint's parts, put together."""

import shutil
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import create_backend_app

from sagemaker_tuning.local.access.access import Access
from sagemaker_tuning.local.api import training_jobs
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.emulation import Moto
from sagemaker_tuning.local.events import EventPublisher
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.http.dispatch import Dispatcher
from sagemaker_tuning.local.http.hosts import AllowedHosts
from sagemaker_tuning.local.http.server import serve_on
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.recovery import require_algorithms
from sagemaker_tuning.local.runner.workplace import Settings, Workplace
from sagemaker_tuning.local.s3_mirror import S3Mirror
from sagemaker_tuning.local.serving.live_endpoints import LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.processes import TrainingProcesses
from sagemaker_tuning.local.transform.live_transform_jobs import LiveTransformJobs
from sagemaker_tuning.local.wire import service_model

_CLOSING_GRACE_SECONDS = 2
"""How long a training process may take to end on SIGTERM when the endpoint itself ends."""


class Endpoint:
    """A running endpoint; leaving its context ends every training process.

    Args:
        listening: the bound socket.
        directory: where the jobs are kept, and what belongs to running ones.
        processes: the started training processes.
        hosts: the `Host` headers taken.
        settings: how it was asked to behave.
        keep_objects: whether what is in S3 is kept in the directory too.
        fault_token: what a request to the fault rules has to carry; None closes their route.
        access: what callers may do; everything by default.

    Raises:
        MissingAlgorithmError: tuning jobs in the directory need algorithms that are not there.
            Nothing has been changed.
    """

    account = ACCOUNT_ID

    def __init__(
        self,
        listening: socket.socket,
        directory: Path,
        processes: TrainingProcesses,
        hosts: AllowedHosts,
        settings: Settings,
        *,
        keep_objects: bool = False,
        fault_token: str | None = None,
        access: Access | None = None,
    ) -> None:
        self._store = Store(directory / "jobs.sqlite")
        require_algorithms(self._store, processes.algorithms)
        for leftover in ("containers", "inputs", "transforms"):
            shutil.rmtree(directory / leftover, ignore_errors=True)
        moto = _moto(directory / "s3" if keep_objects else None)
        faults = Faults()
        logs = LogShipper()
        self._live_jobs = LiveJobs(
            Workplace(
                directory, self._store, processes, logs, settings, faults, processes.algorithms
            )
        )
        self._transform_jobs = LiveTransformJobs(self._store, logs, directory / "transforms")
        self._endpoints = LiveEndpoints(self._store)
        self._endpoints.resume()
        self._events = EventPublisher(
            self._store,
            lambda region, name: training_jobs.describe(
                Context(
                    region,
                    self._store,
                    self._live_jobs,
                    faults,
                    self._endpoints,
                    self._transform_jobs,
                ),
                {"TrainingJobName": name},
            ),
        )
        self._store.observe(self._events.changed)
        self._live_jobs.resume()
        self._transform_jobs.resume()
        self._dispatcher = Dispatcher(
            self._store,
            self._live_jobs,
            hosts,
            moto,
            faults=faults,
            endpoints=self._endpoints,
            transform_jobs=self._transform_jobs,
            algorithms=processes.algorithms,
            fault_token=fault_token,
            access=access,
        )
        self._server = serve_on(listening, self._dispatcher)
        self._thread = threading.Thread(target=self._server.serve_forever, name="http")

    def __enter__(self) -> Self:
        """Answers from here on."""
        service_model()  # read now rather than by the first request
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the training processes, then the server."""
        # First: what is created from here on would not be run.
        self._dispatcher.close()
        self._live_jobs.close(_CLOSING_GRACE_SECONDS)
        self._transform_jobs.close()
        self._endpoints.close()
        self._server.shutdown()
        self._thread.join()
        self._events.close()
        self._store.close()


def _moto(objects: Path | None) -> WSGIApplication:
    """All of AWS that is not ours; the objects in S3 are kept in the directory, if there is one."""
    application = Moto(create_backend_app)
    if objects is None:
        return application
    mirror = S3Mirror(objects)
    mirror.restore()
    mirror.watch()
    return mirror.around(application)
