"""Processes, as the kernel lists them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.contract.aws import DEADLINE_SECONDS


def descendants(pid: int) -> set[int]:
    """The ids of a process's children, their children and so on."""
    parents = {child: _parent(child) for child in _all()}
    found: set[int] = set()
    pending = [pid]
    while pending:
        parent = pending.pop()
        children = {child for child, its_parent in parents.items() if its_parent == parent}
        pending.extend(children - found)
        found |= children
    return found


def children(pid: int) -> set[int]:
    """The ids of a process's own children."""
    return {child for child in _all() if _parent(child) == pid}


def wait_for(listed: Callable[[int], set[int]], pid: int, count: int) -> set[int]:
    """What `listed` says of a process, as soon as there are that many."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(found := listed(pid)) < count:
        assert time.monotonic() < deadline, f"only {found}"
        time.sleep(0.05)
    return found


def wait_until_gone(pids: set[int]) -> None:
    """Returns when none of the processes is there, a zombie at most."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while left := {pid for pid in pids if _is_running(pid)}:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


def _all() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 -- one of thousands of names


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _is_running(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _stat(pid: int) -> list[str]:
    """State, parent and what follows; nothing for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
