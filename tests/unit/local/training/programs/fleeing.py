"""Leaves its process group through a child in a session of its own, which keeps the output open."""

import os
import sys
import time
from pathlib import Path

from sagemaker_tuning.local.training.container import Container


def train(container: Container, _cache_dir: Path) -> None:
    """Write the child's pid; end, or stay if a hyperparameter says so."""
    child = os.fork()
    if child == 0:
        os.setsid()
        # The environment that a process was started with is the only one that others can see.
        sleep = "import time; time.sleep(1000)"
        os.execv(sys.executable, [sys.executable, "-c", sleep])  # noqa: S606 -- a fixed program
    sys.stdout.write(f"{child}\n")
    while container.hyperparameters.get("stay"):
        time.sleep(60)
