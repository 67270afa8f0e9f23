"""The process that every training process is forked from.

It has what training programs import, but never runs one itself: OpenMP hangs in a child whose
parent has used it. The standard library's fork server is not used because it imports the
endpoint's ``__main__`` again in every child, and because each child would need a thread to notice
that the endpoint is gone, which a program started by exec cannot have. Here the server notices:
its end of the socket closes however the endpoint dies, and it kills all that it started.
"""

import ctypes
import gc
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from sagemaker_tuning.local.training import entrypoint, leftovers, messages

_PR_SET_PDEATHSIG: Final = 1
_LOOK_AGAIN_SECONDS: Final = 0.5


def main(control_fd: int, cache_dir: str) -> None:
    """Serve the endpoint at the other end of a socket until it is gone.

    Args:
        control_fd: This end of the socket.
        cache_dir: Where programs keep what other training processes may use; it goes with the
            endpoint.
    """
    entrypoint.preload()
    leftovers.adopt()
    gc.collect()
    # A child's collector would touch, and so copy, every page that it shares with the server.
    gc.freeze()
    _ForkServer(socket.socket(fileno=control_fd), Path(cache_dir)).serve()
    shutil.rmtree(cache_dir, ignore_errors=True)


@dataclass
class _Job:
    """A training process that has not been reaped, by its pipe to the endpoint."""

    status_fd: int
    container: str
    kill_at: float | None = None


class _ForkServer:
    def __init__(self, control: socket.socket, cache_dir: Path) -> None:
        self._control = control
        self._cache_dir = cache_dir
        self._jobs: dict[int, _Job] = {}
        self._unknown_orphans = False
        self._wakeup, wakeup = socket.socketpair()
        for end in (self._wakeup, wakeup):
            end.settimeout(0)
        # Only a signal that has a handler writes to the wakeup socket.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup.detach(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the endpoint is gone, and then kill what is left of its training processes."""
        while True:
            ready, _, _ = select.select([self._control, self._wakeup], [], [], self._patience())
            if self._wakeup in ready:
                self._wakeup.recv(4096)
            if self._wakeup in ready or self._unknown_orphans:
                self._reap()
            self._kill_overdue()
            if self._control in ready and not self._answer():
                break
        # The socket goes with this server, and the ends of the processes are still to come.
        signal.set_wakeup_fd(-1)
        for pid in self._jobs:
            _signal_group(pid, signal.SIGKILL)
        leftovers.kill_children()

    def _patience(self) -> float | None:
        """Seconds until a process may have to be killed, None when none has."""
        now = time.monotonic()
        deadlines = [job.kill_at for job in self._jobs.values() if job.kill_at is not None]
        if self._unknown_orphans:
            deadlines.append(now + _LOOK_AGAIN_SECONDS)
        return max(0.0, min(deadlines) - now) if deadlines else None

    def _answer(self) -> bool:
        received = messages.receive(self._control)
        if received is None:
            return False
        message, fds = received
        if isinstance(message, messages.Stop):
            self._stop(message)
        else:
            self._launch(message, fds)
        return True

    def _launch(self, launch: messages.Launch, fds: list[int]) -> None:
        """Start a training process; where that fails the endpoint finds its pipe closed."""
        server = os.getpid()
        try:
            output_fd, status_fd = fds  # the kernel leaves out what there is no room for
            pid = os.fork()
        except (OSError, ValueError):
            traceback.print_exc()
            for fd in fds:
                os.close(fd)
            return
        if pid == 0:
            _run(launch, self._cache_dir, output_fd, server)
        os.close(output_fd)
        self._jobs[pid] = _Job(status_fd, str(launch.container.root))
        _tell(status_fd, pid)

    def _stop(self, stop: messages.Stop) -> None:
        job = self._jobs.get(stop.pid)
        if job is None:  # it has ended meanwhile
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
        with suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._bury(ended.si_pid)
        self._unknown_orphans = leftovers.kill_orphans(
            self._jobs, {job.container for job in self._jobs.values()}
        )

    def _bury(self, pid: int) -> None:
        job = self._jobs.pop(pid, None)
        if job is not None:
            # What is left of its group, while no other process can have its id.
            _signal_group(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if job is not None:
            _tell(job.status_fd, os.waitstatus_to_exitcode(status))
            os.close(job.status_fd)


def _tell(status_fd: int, number: int) -> None:
    with suppress(BrokenPipeError):  # the endpoint may have lost interest
        os.write(status_fd, messages.STATUS.pack(number))


def _signal_group(pid: int, signum: int) -> None:
    try:
        os.killpg(pid, signum)
    except ProcessLookupError:
        # It has not come to setsid() yet, so it is alone.
        os.kill(pid, signum)


def _run(launch: messages.Launch, cache_dir: Path, output_fd: int, server: int) -> NoReturn:
    """The life of a training process, from the fork on."""
    exit_code = 1
    try:
        os.setsid()
        _die_with(server)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        exit_code = entrypoint.main(launch, cache_dir)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 -- whatever it was, this is the last chance to say so
        traceback.print_exc()
    finally:
        os._exit(exit_code)


def _die_with(server: int) -> None:
    """Be killed when the fork server is, where the kernel offers it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os.kill(os.getpid(), signal.SIGKILL)
