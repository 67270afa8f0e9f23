"""Writes to both outputs, in all that a log can show."""

import os
import sys
from pathlib import Path

from sagemaker_tuning.local.training.container import Container


def train(container: Container, _cache_dir: Path) -> None:
    """Write some lines, the last one without an end."""
    sys.stdout.write("out\tput\n")
    sys.stderr.write("error \x1b[0m\r\n")
    os.write(1, "é\n".encode() + b"\xff\n" + b"x" * 300_000 + b"\n")
    sys.stdout.write(f"{Path.cwd() == container.root} {os.environ['MY_FLAG']}\n")
    os.write(2, b"end")
