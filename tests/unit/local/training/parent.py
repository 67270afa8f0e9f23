"""A process that starts training as the endpoint does, and stays to be killed.

Arguments: the directory of the programs, the program, a new directory to be its container. It
writes what the training process writes.
"""

import re
import sys
import tempfile
from pathlib import Path

from sagemaker_tuning.local.training.algorithms import Algorithms, BuiltInAlgorithm
from sagemaker_tuning.local.training.container import Container, prepare
from sagemaker_tuning.local.training.processes import TrainingProcesses


def main() -> None:
    """Launch the program and repeat its lines until killed."""
    programs, program, root = sys.argv[1:]
    sys.path.append(programs)
    container = Container(Path(root), program, "job", "arn:job", {}, {})
    prepare(container)
    built_in = BuiltInAlgorithm(program, re.compile(program), program, program, (), {})
    processes = TrainingProcesses(Path(tempfile.mkdtemp()), Algorithms(built_in=[built_in]))
    processes.start()
    for line in processes.launch(container).lines():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
