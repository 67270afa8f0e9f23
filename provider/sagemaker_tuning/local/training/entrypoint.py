"""What a training process does: it runs one program in one container."""

import importlib
import logging
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from sagemaker_tuning.local.training import algorithms
from sagemaker_tuning.local.training.container import Container, environment_variables
from sagemaker_tuning.local.training.failures import ProgramError, UserError
from sagemaker_tuning.local.training.messages import Launch

_log = logging.getLogger(__name__)


def preload() -> None:
    """Import what the built-in algorithms need, once for all processes forked from this one."""
    # XGBoost imports these where they are there, for inputs that no container here has, and that
    # takes seconds.
    sys.modules["sklearn"] = sys.modules["pandas"] = None  # type: ignore[assignment]
    for algorithm in algorithms.BUILT_IN:
        with suppress(Exception):  # a training process of this algorithm tells what is wrong
            importlib.import_module(algorithm.program)


def main(launch: Launch, cache_dir: Path) -> int:
    """Run a program in its container to its end and return the process's exit code."""
    container = launch.container
    try:
        _settle(container)
        if isinstance(launch.program, str):
            importlib.import_module(launch.program).train(container, cache_dir)
        else:
            launch.program.run(container)
    except UserError as error:
        return _fail(container, f"ClientError: {error}")
    except ProgramError as error:
        return _fail(container, f"AlgorithmError: {error}")
    except Exception as error:  # noqa: BLE001 - whatever ends a program is why its job failed
        traceback.print_exc()
        return _fail(container, f"AlgorithmError: {error}")
    return 0


def _settle(container: Container) -> None:
    os.environ.clear()
    os.environ.update(environment_variables(container))
    time.tzset()
    os.chdir(container.root)
    sys.stdout = sys.stderr = os.fdopen(
        1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s:%(levelname)s] %(message)s",
        datefmt="%Y-%m-%d:%H:%M:%S",
    )


def _fail(container: Container, reason: str) -> int:
    _log.error(reason)
    container.failure_file.write_text(reason, encoding="utf-8", errors="backslashreplace")
    return 1
