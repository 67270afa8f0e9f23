"""Processes that training processes start and leave behind, in sessions of their own too.

Linux only, where orphans can be had as children; elsewhere nothing is found here, and only a
training process's own group ends with it.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

MARKER: Final = "SAGEMAKER_BASE_DIR"
"""The environment variable by which the processes of one container are known from others."""

_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt() -> None:
    """From now on this process becomes the parent of descendants that have lost theirs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def kill_orphans(jobs: Collection[int], containers: Collection[str]) -> bool:
    """Kill this process's children but ``jobs``, and those that belong to a running one.

    Args:
        jobs: The training processes that are left alone.
        containers: The roots of their containers.

    Returns:
        Whether some were left alone that do not say where they belong; it does not show before
        they have come to exec.
    """
    unknown = False
    for pid in _children():
        if pid in jobs:
            continue
        container = _container(pid)
        if not jobs or container not in {None, *containers}:
            _kill(pid)
        elif container is None:
            unknown = True
    return unknown


def kill_children() -> None:
    """Kill all of this process's children, and theirs as they become its own."""
    while children := _children():
        for pid in children:
            _kill(pid)
        with suppress(ChildProcessError):
            os.wait()


def kill_all_of(container: str) -> None:
    """Kill every process of the container with this root, whoever is its parent now."""
    if sys.platform == "linux":
        for path in Path("/proc").iterdir():
            if path.name.isdigit() and _container(int(path.name)) == container:
                _kill(int(path.name))


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]
    except OSError:  # not Linux, or a kernel without it
        return []


def _container(pid: int) -> str | None:
    """Which container a process was started in; None where it does not say."""
    begin = f"{MARKER}=".encode()
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is somebody else's
        return None
    found = next((each for each in variables if each.startswith(begin)), None)
    return None if found is None else os.fsdecode(found.removeprefix(begin))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
