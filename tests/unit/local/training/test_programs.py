"""A user's command and a user's script, in place of a training process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sagemaker_tuning.local.training.algorithms import Algorithms, OwnAlgorithm, failure_reason
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.processes import TrainingProcesses
from sagemaker_tuning.local.training.programs import Command

MakeContainer = Callable[..., Container]

ENVIRONMENT = {"OF_IMAGE": "image", "OF_BOTH": "image", "SAGEMAKER_BASE_DIR": "/nowhere"}
CODE = {"sagemaker_submit_directory": "/opt/ml/input/data/code"}


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingProcesses]:
    """A fork server with commands of a user's."""
    directory = tmp_path_factory.mktemp("work")
    script = 'trap - PIPE; pwd; echo "$OF_IMAGE $OF_BOTH $SAGEMAKER_BASE_DIR $0 $1"; cat'
    shell = Command(("/bin/sh", "-c", script, "train"), directory, ENVIRONMENT)
    broken = directory / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    pipe = Command(("/bin/sh", "-c", "yes | head -n 1"), directory)
    own = {"shell": shell, "broken": Command((str(broken),), directory), "pipe": pipe}
    algorithms = Algorithms([OwnAlgorithm(image, command) for image, command in own.items()])
    with TrainingProcesses(directory / "cache", algorithms) as running:
        yield running


def run(processes: TrainingProcesses, container: Container) -> tuple[str | None, list[str]]:
    """Failure reason and lines of a container that ends by itself."""
    process = processes.launch(container)
    lines = list(process.lines())
    exit_code = process.wait()
    assert exit_code is not None
    return failure_reason(container, exit_code, process.last_lines), lines


def test_a_command_has_its_directory_and_environment(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """The request's variables win over the image's; its input is empty."""
    container = make_container(image="shell", environment={"OF_BOTH": "request"})
    failure, (directory, variables) = run(processes, container)
    assert failure is None
    assert Path(directory).name.startswith("work")
    assert variables == f"image request {container.root} train "


def test_a_pipe_within_a_command_ends_as_in_a_shell(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """The writer is ended by SIGPIPE without a complaint."""
    assert run(processes, make_container(image="pipe")) == (None, ["y"])


def test_a_command_that_cannot_be_started_says_so(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Where the check at the start could not see it."""
    failure, lines = run(processes, make_container(image="broken"))
    assert failure is not None
    assert failure.startswith("AlgorithmError: ")
    assert "No such file or directory" in failure
    assert lines[-1].endswith(failure)


@pytest.mark.parametrize(
    ("program", "files", "said"),
    [
        ("train.py", {"train.py": "import sys; print(sys.argv)"}, "['train.py', '-x', '1 2']"),
        ("train.sh", {"train.sh": 'echo "$0:$1:$2"'}, "train.sh:-x:1 2"),
        (
            "run",
            {"run": f"#!{sys.executable}\nimport sys; print(sys.argv[1:])"},
            "['-x', '1 2']",
        ),
        (
            "pack.main",
            {"setup.py": "", "pack/main.py": "import sys; print(__package__, sys.argv[1:])"},
            "pack ['-x', '1 2']",
        ),
        (
            "deep/train.py",
            {"deep/train.py": "import other; print(other.NAME)", "other.py": "NAME = 'other'"},
            "other",
        ),
    ],
)
def test_every_kind_of_script_runs(
    processes: TrainingProcesses,
    make_container: MakeContainer,
    program: str,
    files: dict[str, str],
    said: str,
) -> None:
    """As SageMaker's toolkit runs it; its code may come from a channel."""
    container = make_container(
        {"sagemaker_program": program, **CODE, "x": "1 2"},
        image="any",
        files={f"code/{name}": text for name, text in files.items()},
    )
    failure, lines = run(processes, container)
    assert failure is None, lines
    assert lines[-1] == said


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"sagemaker_program": "../x.py", **CODE}, "'../x.py' is outside of sagemaker_submit_dir"),
        (
            {"sagemaker_program": "none.py", **CODE},
            "'none.py' is not in sagemaker_submit_directory",
        ),
        (
            {"sagemaker_program": "x.py", "sagemaker_submit_directory": "/etc"},
            "'/etc' is neither an s3:// URI nor below /opt/ml",
        ),
        (
            {"sagemaker_program": "x.py", "sagemaker_submit_directory": "/opt/ml/../../etc"},
            "'/opt/ml/../../etc' is neither an s3:// URI nor below /opt/ml",
        ),
        (
            {"sagemaker_program": "x.py", "sagemaker_submit_directory": "/opt/ml/none"},
            "'/opt/ml/none' does not exist",
        ),
    ],
)
def test_a_script_that_cannot_be_started_says_so(
    processes: TrainingProcesses,
    make_container: MakeContainer,
    hyperparameters: dict[str, str],
    reason: str,
) -> None:
    """With the hyperparameter that is wrong."""
    files = {"code/train.py": "print(1)"}
    failure, _ = run(processes, make_container(hyperparameters, image="any", files=files))
    assert failure is not None
    assert failure.startswith("AlgorithmError: sagemaker_")
    assert reason in failure
