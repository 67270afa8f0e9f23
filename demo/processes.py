"""Processes that outlive the command that started them, and their certain end.

Each leads a session of its own, so that everything it starts can be found again, also after it
has died itself: a session's number is not given out anew while any of its members lives.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Leader:
    """A process that leads a session of its own.

    Args:
        name: What it is, for people.
        pid: Its process id, which is its session's id as well.
        started: Clock ticks from the machine's start to the process's own: together with
            the id it tells the process from a later one that got the same id.
        log: The file that its output goes to.
    """

    name: str
    pid: int
    started: int
    log: str

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        stat = _Stat.of(self.pid)
        return stat is not None and stat.started == self.started and not stat.is_dead

    def members(self) -> list[int]:
        """The ids of the session's living processes, its leader among them; empty when none."""
        stat = _Stat.of(self.pid)
        if stat is not None and stat.started != self.started:
            return []
        living = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in living if _Stat.belongs(pid, session=self.pid)]


@dataclass(frozen=True, slots=True)
class _Stat:
    is_dead: bool
    session: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "_Stat | None":
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The second field is the command in parentheses, and may hold spaces and parentheses.
        state, *rest = text.rpartition(")")[2].split()
        return cls(state in "ZX", session=int(rest[2]), started=int(rest[18]))

    @classmethod
    def belongs(cls, pid: int, *, session: int) -> bool:
        stat = cls.of(pid)
        return stat is not None and stat.session == session and not stat.is_dead


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal that would end this process arrive within; it arrives afterwards."""
    held = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start(name: str, command: list[str], env: Mapping[str, str], log: Path) -> Leader:
    """Start `command` without a terminal, in a session of its own, its output going to `log`."""
    pid = os.posix_spawn(
        command[0],
        command,
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        # Started in the background of a script, this process itself may ignore SIGINT.
        setsigdef=[signal.SIGINT, signal.SIGTERM],
        setsigmask=[],
    )
    stat = _Stat.of(pid)
    if stat is None:
        raise ProcessLookupError(f"{name} ended as it was started; its output is in {log}")
    return Leader(name, pid, stat.started, str(log))


def stop(leaders: Iterable[Leader], *, patience_seconds: float) -> None:
    """End the leaders by SIGTERM, then whatever is left of their sessions by SIGKILL.

    Args:
        leaders: All of them are told at once.
        patience_seconds: How long the leaders have for an orderly end.
    """
    leaders = list(leaders)
    for leader in leaders:
        if leader.is_alive:
            _send(leader.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while any(leader.is_alive for leader in leaders) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    while left := [pid for leader in leaders for pid in leader.members()]:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
