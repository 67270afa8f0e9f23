"""Processes that outlive the command that started them, and their certain end.

Each leads a session of its own, so that what it starts is found again even after its own death:
a session's id is not given out anew while any of its members lives. Linux's /proc tells.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Leader:
    """A process that leads a session of its own.

    Args:
        name: What it is, for people.
        pid: Its process id, which is its session's id as well.
        started: Clock ticks from the machine's start to the process's own: they tell it from a
            later one that was given the same id.
        log: The file that its output goes to.
    """

    name: str
    pid: int
    started: int
    log: str

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return (self.pid, self.started) in {process.identity for process in _living(str(self.pid))}

    def family(self) -> set[tuple[int, int]]:
        """The living processes of its session, and those that have come from them.

        Returns:
            The id and the start of each; empty when none lives.
        """
        living = _living()
        if any(p.pid == self.pid and p.started != self.started for p in living):
            return set()
        kin = {p for p in living if p.session == self.pid}
        while more := {p for p in living if p.parent in {k.pid for k in kin}} - kin:
            kin |= more
        return {p.identity for p in kin}


def start(name: str, command: list[str], env: Mapping[str, str], log: Path) -> Leader:
    """Start `command` without a terminal, in a session of its own, its output going to `log`.

    Args:
        name: What it is, for people.
        command: The program's path, and its arguments.
        env: Its whole environment.
        log: Made if it is not there, else continued.
    """
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
    # Even a process that has ended keeps its entry until its parent asks how it ended.
    return Leader(name, pid, _Process.read(Path(f"/proc/{pid}")).started, str(log))


def stop(leaders: Sequence[Leader], *, patience_seconds: float) -> None:
    """End the leaders by SIGTERM, then what is left of their families by SIGKILL.

    Args:
        leaders: All of them are told at once.
        patience_seconds: How long the leaders have for an orderly end.
    """
    doomed = set().union(*(leader.family() for leader in leaders))
    for leader in leaders:
        _send(signal.SIGTERM, {(leader.pid, leader.started)} & doomed)
    deadline = time.monotonic() + patience_seconds
    while any(leader.is_alive for leader in leaders) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        doomed = doomed.union(*(leader.family() for leader in leaders))
    while left := doomed & {process.identity for process in _living()}:
        _send(signal.SIGKILL, left)
        time.sleep(_POLL_SECONDS)
        doomed = doomed.union(*(leader.family() for leader in leaders))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal that would end this process be heard within; it is heard afterwards.

    For the main thread. Masking would not do: any other thread takes the signal instead.
    """
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda heard, _frame: arrived.append(heard))
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for heard in dict.fromkeys(arrived):
            signal.raise_signal(heard)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    is_dead: bool
    parent: int
    session: int
    started: int

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.started

    @classmethod
    def read(cls, folder: Path) -> "_Process":
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        # The second field is the command in parentheses, and may hold spaces and parentheses.
        state, *rest = text.rpartition(")")[2].split()
        return cls(
            pid=int(folder.name),
            is_dead=state in "ZX",
            parent=int(rest[0]),
            session=int(rest[2]),
            started=int(rest[18]),
        )


def _living(pid: str = "[0-9]*") -> list[_Process]:
    found = []
    for folder in Path("/proc").glob(pid):
        # A process may end between being listed and being read.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(_Process.read(folder))
    return [process for process in found if not process.is_dead]


def _send(number: signal.Signals, processes: set[tuple[int, int]]) -> None:
    for pid, _ in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
