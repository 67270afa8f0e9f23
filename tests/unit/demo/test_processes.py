"""Processes started by the demo end for certain, and no other ever does."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo import processes
from demo.processes import Leader

_WAIT = """
import time
print("ready", flush=True)
time.sleep(600)
"""

_WITH_DEAF_CHILD = f"""
import os, signal
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setpgid(0, 0)
{_WAIT}
"""


def _eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Leader]:
    """A leader with a stubborn child in a process group of its own."""
    log = tmp_path / "family.log"
    leader = processes.start(
        "family", [sys.executable, "-c", _WITH_DEAF_CHILD], dict(os.environ), log
    )
    try:
        _eventually(lambda: log.exists() and log.read_text().count("ready") == 2)
        yield leader
    finally:
        processes.stop([leader], patience_seconds=0)


def test_stop_ends_the_whole_session(family: Leader) -> None:
    """Nothing is left, neither a deaf child nor one in another process group."""
    assert len(family.family()) == 2
    processes.stop([family], patience_seconds=0.2)
    assert family.family() == set()
    assert not family.is_alive


def test_children_are_found_after_their_leader_died(family: Leader) -> None:
    """A leader that was killed does not hide what it had started."""
    os.kill(family.pid, signal.SIGKILL)
    _eventually(lambda: not family.is_alive)
    assert len(family.family()) == 1
    processes.stop([family], patience_seconds=0.2)
    assert family.family() == set()


def test_a_child_that_left_the_session_is_ended_as_well(tmp_path: Path) -> None:
    """What a member has started counts, wherever it went."""
    log = tmp_path / "family.log"
    code = f"import os\nif os.fork() == 0: os.setsid()\n{_WAIT}"
    leader = processes.start("family", [sys.executable, "-c", code], dict(os.environ), log)
    _eventually(lambda: log.exists() and log.read_text().count("ready") == 2)
    pids = [pid for pid, _ in leader.family()]
    assert len({os.getsid(pid) for pid in pids}) == 2
    processes.stop([leader], patience_seconds=5)
    assert not any(_lives(pid) for pid in pids)


def test_a_process_that_got_the_same_id_is_left_alone(family: Leader) -> None:
    """An id given out anew does not make a stranger ours."""
    recorded = replace(family, started=family.started - 1)
    assert not recorded.is_alive
    assert recorded.family() == set()
    processes.stop([recorded], patience_seconds=0)
    assert family.is_alive


def test_a_leader_outlives_an_interrupt_of_the_terminal(family: Leader) -> None:
    """It is in no process group that Ctrl-C reaches."""
    assert os.getsid(family.pid) == family.pid != os.getsid(0)


def test_no_signal_is_heard_undisturbed() -> None:
    """A signal sent within is heard afterwards, also when other threads could take it."""
    heard = []
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with processes.undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard == []
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
        done.set()
        other.join()
