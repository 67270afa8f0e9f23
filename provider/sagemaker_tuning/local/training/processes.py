"""Training processes, as the endpoint starts, follows and stops them."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

from sagemaker_tuning.local.training import algorithms, messages
from sagemaker_tuning.local.training.container import Container

_START_SERVER: Final = (
    "import sys; sys.path[:] = {path!r}; "
    "from sagemaker_tuning.local.training.fork_server import main; main()"
)
_STATUS_SIZE: Final = 4
# CloudWatch Logs takes events of at most 256 KB, 26 bytes of which are its own.
_LONGEST_LINE: Final = 262_118
# CloudWatch shows control characters as their octal codes.
_CLOUDWATCH: Final = {code: f"#{code:03o}" for code in range(32)}


class TrainingProcesses:
    """Starts training processes from a fork server that has their libraries loaded already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the fork server; it loads its libraries while the endpoint goes on."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-c", _START_SERVER.format(path=sys.path), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # A Ctrl-C in the endpoint's terminal is for the endpoint.
                start_new_session=True,
                # BLAS would start threads that nobody uses, and a fork wants none.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        self._control = ours

    def launch(self, container: Container) -> "TrainingProcess":
        """Start the program of a container that is prepared and has its data.

        Raises:
            UnknownAlgorithmError: No program is known for its image.
        """
        algorithms.known(container.image)
        output, output_end = os.pipe()
        status, status_end = os.pipe()
        try:
            self._send(container, (output_end, status_end))
        finally:
            os.close(output_end)
            os.close(status_end)
        return TrainingProcess(self, output, status)

    def _send(self, message, fds=()):
        with self._lock:
            messages.send(self._control, message, fds)

    def close(self) -> None:
        """Kill every training process and end the fork server."""
        if self._control:
            self._control.close()
            self._server.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.close()


class TrainingProcess:
    def __init__(self, processes, output, status):
        self._processes = processes
        self._output = os.fdopen(output, "rb")
        self._status = os.fdopen(status, "rb", buffering=0)
        self.pid = self._read_status()

    def _read_status(self):
        data = self._status.read(_STATUS_SIZE)
        if len(data) < _STATUS_SIZE:
            raise RuntimeError("the fork server has ended")
        return int.from_bytes(data, sys.byteorder, signed=True)

    def lines(self):
        with self._output:
            for line in iter(lambda: self._output.readline(_LONGEST_LINE), b""):
                yield line.removesuffix(b"\n").decode(errors="replace").translate(_CLOUDWATCH)

    def stop(self, grace_seconds):
        self._processes._send(messages.Stop(self.pid, grace_seconds))

    def wait(self):
        with self._status:
            return self._read_status()
