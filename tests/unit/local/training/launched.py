"""Programs of this directory as algorithms, and what becomes of their processes."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from sagemaker_tuning.local.training.algorithms import BuiltInAlgorithm
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.processes import TrainingProcess

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
PATIENCE_SECONDS = 30

MakeContainer = Callable[..., Container]


def algorithm(program: str) -> BuiltInAlgorithm:
    """A program of this directory as an algorithm whose image is its name."""
    return BuiltInAlgorithm(program, re.compile(program), program, program, (), {})


def stat(pid: int) -> list[str]:
    """What the kernel tells of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def parent_of(pid: int) -> int:
    """The fork server of a training process."""
    return int(stat(pid)[1])


def is_running(pid: int) -> bool:
    """Whether a process is there; a zombie is not, its parent has only not asked for it."""
    try:
        return stat(pid)[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll ``condition``, and fail when it does not come true for long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def wait_until_gone(*pids: int) -> None:
    """Poll until none of the processes runs."""
    wait_until(lambda: not any(map(is_running, pids)))


def finish(process: TrainingProcess) -> tuple[int | None, list[str]]:
    """Exit code and lines of a process that ends by itself."""
    lines = list(process.lines())
    return process.wait(), lines
