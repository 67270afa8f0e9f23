"""What runs inside a training process: the program that the container's image names."""

import os
import sys
import traceback

from sagemaker_tuning.local.training import algorithms
from sagemaker_tuning.local.training.container import Container, environment_variables
from sagemaker_tuning.local.training.failures import UserError


def preload() -> None:
    """Import the built-in algorithms' programs, those whose libraries are installed."""
    for algorithm in algorithms.BUILT_IN:
        try:
            algorithm.load()
        except ImportError:
            # A training process of this algorithm says so again, in its own log.
            continue


def main(container: Container) -> int:
    """Run the program of ``container`` to its end and return the process's exit code."""
    os.environ.clear()
    os.environ.update(environment_variables(container))
    os.chdir(container.root)
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    try:
        algorithms.known(container.image).load()(container)
    except UserError as error:
        _report(container, f"ClientError: {error}")
        return 1
    except Exception as error:  # noqa: BLE001 - whatever ends a container is reported, then it ends
        traceback.print_exc()
        _report(container, f"AlgorithmError: {error}")
        return 1
    return 0


def _report(container: Container, reason: str) -> None:
    print(reason)  # noqa: T201 - standard output is this process's log
    container.failure_file.write_text(reason)
