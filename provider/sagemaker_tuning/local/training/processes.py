"""Training processes, as the endpoint starts, follows and stops them."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sagemaker_tuning.local.training import leftovers, messages
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms, Simulation
from sagemaker_tuning.local.training.container import Container

# The server imports what the endpoint would, wherever that comes from.
_START_SERVER: Final = (
    "import sys; sys.path[:] = {path!r}; "
    "from sagemaker_tuning.local.training.fork_server import main; main({fd}, {cache_dir!r})"
)
# An event of CloudWatch Logs has at most 256 KB, 26 bytes of which are its own:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_LONGEST_LINE: Final = 262_144 - 26
_LAST_LINES: Final = 20
_ENDING: Final = "no training process can be started: the endpoint is ending"
_CHUNK: Final = 65_536
_PAUSE_MILLISECONDS: Final = 10
# What fs.pipe-max-size allows a pipe to hold, unless root says otherwise.
_LARGEST_PIPE: Final = 2**20
# CloudWatch shows control characters by their octal codes, a TAB as #011.
_AS_CLOUDWATCH: Final = {code: f"#{code:03o}" for code in range(32)}


class TrainingProcesses:
    """Starts training processes from a fork server that has their libraries loaded already.

    Methods may be called from any thread. However the process that has this object ends, every
    training process ends with it.

    Args:
        cache_dir: Where programs keep what other training processes may use; it is made, and
            removed at the end.
        algorithms: What it can run.
    """

    def __init__(self, cache_dir: Path, algorithms: Algorithms = BUILT_IN_ALONE) -> None:
        self.algorithms = algorithms
        self._cache_dir = cache_dir
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def start(self) -> None:
        """Start the fork server; it loads its libraries while the caller goes on."""
        with self._lock:
            self._start()

    def launch(self, container: Container) -> "TrainingProcess":
        """Start the program of a container that is prepared and has its data.

        Raises:
            UnknownAlgorithmError: No program is known for the container's image.
            RuntimeError: The fork server could not start it, or is closed; or the image is one
                of which nothing runs.
        """
        program = self.algorithms.find(container.image, container.hyperparameters).program
        if isinstance(program, Simulation):
            raise RuntimeError(f"training jobs of {container.image} are simulated")  # noqa: TRY004 -- no caller gave a wrong type
        launch = messages.Launch(container, program)
        output, output_end = os.pipe()
        status, status_end = os.pipe()
        try:
            try:
                self._send_launch(launch, output_end, status_end)
            finally:
                # Before the answer is waited for, which would not end without one otherwise.
                os.close(output_end)
                os.close(status_end)
            return TrainingProcess(self, str(container.root), output, status)
        except BaseException:
            os.close(output)
            os.close(status)
            raise

    def stop(self, pid: int, grace_seconds: float) -> None:
        """SIGTERM to the group of a training process, SIGKILL after the grace; returns at once."""
        with self._lock, suppress(OSError):  # without a fork server there is nothing to stop
            if self._control is not None:
                messages.send(self._control, messages.Stop(pid, grace_seconds))

    def close(self) -> None:
        """Kill every training process and end the fork server; harmless when repeated."""
        with self._lock:
            self._closed = True
            if self._control is not None and self._server is not None:
                self._control.close()
                self._server.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send_launch(self, launch: messages.Launch, *fds: int) -> None:
        with self._lock:
            if self._control is None or self._server is None:
                raise RuntimeError("TrainingProcesses.start() has not been called")
            # A server that was killed, out of memory for one, must not end all training.
            if self._server.poll() is not None:
                self._start()
            try:
                messages.send(self._control, launch, fds)
            except OSError:  # it is being killed just now
                if self._closed:
                    raise RuntimeError(_ENDING) from None
                self._server.wait()
                messages.send(self._start(), launch, fds)

    def _start(self) -> socket.socket:
        if self._closed:
            raise RuntimeError(_ENDING)
        self._cache_dir.mkdir(exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs:
            command = _START_SERVER.format(
                path=sys.path, fd=theirs.fileno(), cache_dir=str(self._cache_dir)
            )
            self._server = subprocess.Popen(
                [sys.executable, "-c", command],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # A Ctrl-C in the endpoint's terminal is the endpoint's to deal with.
                start_new_session=True,
                # BLAS starts threads as soon as it is loaded, and a fork wants none.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        self._control = ours
        return ours


class TrainingProcess:
    """One training process. Its lines must be read to their end, then it must be waited for."""

    def __init__(
        self, processes: TrainingProcesses, container: str, output_fd: int, status_fd: int
    ) -> None:
        self._processes = processes
        self._container = container
        self._status_fd = status_fd
        pid = self._read_status()
        if pid is None:
            raise RuntimeError("the fork server could not start the training process")
        self.pid = pid
        self._output = os.fdopen(output_fd, "rb", buffering=0)
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        """Those read last, up to 20."""
        self._exit_code: int | None = None
        self._waited = False

    def lines(self) -> Iterator[str]:
        """Standard output and error together, as CloudWatch shows them, without the newline.

        Ends with the process, whoever else could still write to them. A line that is too long for
        an event of CloudWatch Logs comes in pieces.
        """
        for piece in self._pieces():
            line = piece.decode(errors="replace").translate(_AS_CLOUDWATCH)
            self.last_lines.append(line)
            yield line

    def stop(self, grace_seconds: float) -> None:
        """SIGTERM to its group, SIGKILL after the grace; returns at once."""
        self._processes.stop(self.pid, grace_seconds)

    def wait(self) -> int | None:
        """Its exit code once it has ended, negative the signal that ended it.

        What was left of its group is gone by then. None where nobody knows: the fork server has
        ended, and the process with it.
        """
        if not self._waited:
            self._waited = True
            self._exit_code = self._read_status()
            os.close(self._status_fd)
            if self._exit_code is None:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                leftovers.kill_all_of(self._container)
        return self._exit_code

    def _pieces(self) -> Iterator[bytes]:
        """The lines, none of them too long."""
        rest = b""
        for chunk in self._chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield from _cut(line)
            while len(rest) >= _LONGEST_LINE:
                yield rest[:_LONGEST_LINE]
                rest = rest[_LONGEST_LINE:]
        if rest:
            yield rest

    def _chunks(self) -> Iterator[bytes]:
        """The output as it comes, until nothing can write to it or the process has ended."""
        with self._output as output:
            poll, end = select.poll(), select.poll()
            for file in (output, self._status_fd):
                poll.register(file, select.POLLIN)
            end.register(self._status_fd, select.POLLIN)
            while not self._waited:
                ready = poll.poll()
                if all(fd != self._status_fd for fd, _ in ready):
                    chunk = output.read(_CHUNK)
                    if not chunk:
                        return
                    yield chunk
                    # Programs write line by line, and to wake up for each costs more than the rest
                    # of what is done with it. One that writes faster is not held up.
                    if len(chunk) < _CHUNK and not self._waited:
                        end.poll(_PAUSE_MILLISECONDS)
                    continue
                # All that it wrote is in the pipe by now, and no pipe has room for more.
                self.wait()
                os.set_blocking(output.fileno(), False)
                left = output.read(_LARGEST_PIPE)
                if left:
                    yield left

    def _read_status(self) -> int | None:
        status = os.read(self._status_fd, messages.STATUS.size)
        return messages.STATUS.unpack(status)[0] if status else None


def _cut(line: bytes) -> Iterator[bytes]:
    for start in range(0, len(line) or 1, _LONGEST_LINE):
        yield line[start : start + _LONGEST_LINE]
