"""The process that every training process is forked from.

It has what training programs import, but never runs one itself: OpenMP hangs in a child whose
parent has used it. The standard library's fork server is not used because it imports the
endpoint's ``__main__`` again in every child, and because its children would each need a thread
to notice that the endpoint is gone, which a program started by exec cannot have.

It outlives the endpoint just long enough to kill all that was started: the endpoint's end of the
socket closes however the endpoint dies.
"""

import ctypes
import gc
import os
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass

from sagemaker_tuning.local.training import entrypoint, messages
from sagemaker_tuning.local.training.container import Container

# What the status pipe of a training process carries: first its pid, later its exit code.
STATUS = struct.Struct("!i")

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve the endpoint at the other end of the socket whose descriptor is the last argument."""
    control = socket.socket(fileno=int(sys.argv[-1]))
    _preload()
    _ForkServer(control).serve()


def _preload() -> None:
    """Import what is slow to import, once for all training processes."""
    # XGBoost imports these if they are there, for input types that no container here sees;
    # that alone takes seconds.
    sys.modules["sklearn"] = sys.modules["pandas"] = None  # type: ignore[assignment]
    entrypoint.preload()
    gc.collect()
    # The children's collector would else touch, and so copy, every page that they share.
    gc.freeze()


@dataclass
class _Job:
    status_fd: int
    kill_at: float | None = None


class _ForkServer:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, _Job] = {}
        self._wakeup, wakeup = socket.socketpair()
        self._wakeup.setblocking(False)
        wakeup.setblocking(False)
        # A handler that does nothing, because only a handled signal writes to the wakeup socket.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup.detach(), warn_on_full_buffer=False)

    def serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._control, self._wakeup], [], [], self._patience())
            if self._wakeup in ready:
                self._wakeup.recv(4096)
            self._reap()
            self._kill_overdue()
            if self._control in ready and not self._answer():
                break
        for pid in self._jobs:
            _signal_group(pid, signal.SIGKILL)

    def _patience(self) -> float | None:
        """Seconds until a training process must be killed, None when none must."""
        deadlines = [job.kill_at for job in self._jobs.values() if job.kill_at is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _answer(self) -> bool:
        received = messages.receive(self._control)
        if received is None:
            return False
        message, fds = received
        if isinstance(message, messages.Stop):
            self._stop(message)
        else:
            self._launch(message, *fds)
        return True

    def _launch(self, container: Container, output_fd: int, status_fd: int) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _run(container, output_fd, server)
        os.close(output_fd)
        self._jobs[pid] = _Job(status_fd)
        _tell(status_fd, pid)

    def _stop(self, stop: messages.Stop) -> None:
        job = self._jobs.get(stop.pid)
        if job is None:
            return
        deadline = time.monotonic() + stop.grace_seconds
        job.kill_at = deadline if job.kill_at is None else min(deadline, job.kill_at)
        _signal_group(stop.pid, signal.SIGTERM)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for pid, job in self._jobs.items():
            if job.kill_at is not None and job.kill_at <= now:
                _signal_group(pid, signal.SIGKILL)
                job.kill_at = None

    def _reap(self) -> None:
        while self._jobs:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            pid = ended.si_pid
            # Before it is reaped, while its id cannot belong to anybody else.
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            job = self._jobs.pop(pid)
            _tell(job.status_fd, os.waitstatus_to_exitcode(status))
            os.close(job.status_fd)


def _tell(status_fd: int, number: int) -> None:
    # The endpoint may have lost interest.
    try:
        os.write(status_fd, STATUS.pack(number))
    except BrokenPipeError:
        pass


def _signal_group(pid: int, signum: int) -> None:
    try:
        os.killpg(pid, signum)
    except ProcessLookupError:
        # It has not come to setsid() yet, so it is alone.
        os.kill(pid, signum)


def _run(container: Container, output_fd: int, server: int) -> None:
    """The life of a training process, right from the fork; never returns."""
    exit_code = 1
    try:
        os.setsid()
        _die_with(server)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        gc.unfreeze
        exit_code = entrypoint.main(container)
    finally:
        sys.stdout.flush()
        os._exit(exit_code)


def _die_with(server: int) -> None:
    """Make the kernel kill this process when the fork server is killed, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os.kill(os.getpid(), signal.SIGKILL)
