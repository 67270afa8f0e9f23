"""Leaves its process group through a child in a session of its own, which keeps the output open."""

import os
import sys
import time
from pathlib import Path

from sagemaker_tuning.local.training.container import Container


def train(_container: Container, _cache_dir: Path) -> None:
    """Have the child write its pid, and stay."""
    if os.fork() == 0:
        os.setsid()
        # Others see only the environment that a program was started with.
        program = "import os, time; print(os.getpid(), flush=True); time.sleep(1000)"
        os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 -- a fixed program
    while True:
        time.sleep(60)
