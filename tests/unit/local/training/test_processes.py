"""Training processes: launched, followed, stopped."""

import itertools
import operator
import os
import resource
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import xgboost

from sagemaker_tuning.local.training.algorithms import (
    BUILT_IN,
    Algorithms,
    UnknownAlgorithmError,
    failure_reason,
)
from sagemaker_tuning.local.training.processes import TrainingProcesses
from tests.unit.local.training.launched import (
    PATIENCE_SECONDS,
    PROGRAMS,
    MakeContainer,
    algorithm,
    finish,
    is_running,
    parent_of,
    wait_until,
    wait_until_gone,
)

FOREVER_SECONDS = 1000.0


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingProcesses]:
    """A fork server that knows XGBoost and the programs of this directory."""
    algorithms = [*BUILT_IN, *(algorithm(path.stem) for path in PROGRAMS.glob("*.py"))]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROGRAMS)
        cache = tmp_path_factory.mktemp("processes") / "cache"
        with TrainingProcesses(cache, Algorithms(built_in=algorithms)) as running:
            yield running


def test_lines_are_as_cloudwatch_shows_them(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Both outputs in order, control characters by their codes, too long a line in pieces."""
    process = processes.launch(make_container(image="show", environment={"MY_FLAG": "on"}))
    exit_code, lines = finish(process)
    assert exit_code == 0
    assert lines[:4] == ["out#011put", "error #033[0m#015", "é", "\ufffd"]
    assert [len(line) for line in lines[4:6]] == [262_118, 300_000 - 262_118]
    assert lines[6:] == ["True on", "end"]


def test_an_unknown_image_is_refused(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Before anything is started, with what would be right."""
    with pytest.raises(UnknownAlgorithmError, match=r"'kmeans:1'.*sagemaker-xgboost"):
        processes.launch(make_container(image="kmeans:1"))


def test_an_unforeseen_failure_is_the_algorithms(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """The log has where, the reason what."""
    container = make_container(image="broken")
    exit_code, lines = finish(processes.launch(container))
    assert any("broken.py" in line for line in lines)
    assert exit_code is not None
    assert failure_reason(container, exit_code) == "AlgorithmError: no rows to divide by"


def test_what_fails_before_the_program_is_told_too(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """A training process that finds no container says so before it ends."""
    container = make_container(image="orderly")
    shutil.rmtree(container.root)
    exit_code, lines = finish(processes.launch(container))
    assert exit_code == 1
    assert any(f"No such file or directory: '{container.root}" in line for line in lines)


def test_stop_lets_a_program_end_in_order(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """It gets SIGTERM, and its exit code, last words and files are its own."""
    container = make_container(image="orderly")
    process = processes.launch(container)
    lines = process.lines()
    assert next(lines) == "ready"
    process.stop(FOREVER_SECONDS)
    assert list(lines) == ["bye"]
    assert process.wait() == 3
    assert (container.model_dir / "model").read_text() == "half"


def test_a_program_that_does_not_end_is_killed_with_its_group(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """After the grace; the shortest grace asked for counts."""
    process = processes.launch(make_container(image="stubborn"))
    lines = process.lines()
    pid, child = map(int, next(lines).split())
    assert pid == process.pid
    process.stop(FOREVER_SECONDS)
    assert is_running(pid)
    process.stop(0.1)
    process.stop(FOREVER_SECONDS)
    assert list(lines) == []
    assert process.wait() == -signal.SIGKILL
    wait_until_gone(pid, child)


def test_what_a_program_leaves_behind_is_killed(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Its lines end when it ends, whoever else could write to them."""
    exit_code, lines = finish(processes.launch(make_container(image="careless")))
    assert exit_code == 0
    wait_until_gone(int(lines[0]))


def test_what_flees_its_group_is_killed_too(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """With its own training process, not with another's, and it keeps no lines from ending."""
    staying = processes.launch(make_container(image="fleeing"))
    staying_lines = staying.lines()
    its_child = int(next(staying_lines))
    process = processes.launch(make_container(image="fleeing"))
    lines = process.lines()
    child = int(next(lines))
    os.kill(process.pid, signal.SIGTERM)
    assert list(lines) == []
    assert process.wait() == -signal.SIGTERM
    wait_until_gone(child)
    assert is_running(its_child)
    staying.stop(0)
    assert list(staying_lines) == []
    staying.wait()
    wait_until_gone(its_child)


def test_stopping_a_process_that_has_ended_is_harmless(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """And asking for its exit code again gives the same."""
    process = processes.launch(make_container(image="careless"))
    finish(process)
    process.stop(0)
    assert process.wait() == 0


def test_a_failed_start_leaves_the_fork_server_to_the_others(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Here it runs out of file descriptors; the caller is told, and the others train on."""
    process = processes.launch(make_container(image="orderly"))
    lines = process.lines()
    assert next(lines) == "ready"
    server = parent_of(process.pid)
    _, most = resource.prlimit(server, resource.RLIMIT_NOFILE)
    for free in (0, 1):
        used = {int(path.name) for path in Path(f"/proc/{server}/fd").iterdir()}
        unused = (number for number in itertools.count() if number not in used)
        limit = next(itertools.islice(unused, free, None))
        resource.prlimit(server, resource.RLIMIT_NOFILE, (limit, most))
        with pytest.raises(RuntimeError, match="could not start"):
            processes.launch(make_container(image="careless"))
    resource.prlimit(server, resource.RLIMIT_NOFILE, (most, most))
    again = processes.launch(make_container(image="careless"))
    assert parent_of(again.pid) == server
    finish(again)
    process.stop(FOREVER_SECONDS)
    assert list(lines) == ["bye"]
    assert process.wait() == 3


def test_processes_start_from_many_threads(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Each launch gets its own process and its own lines."""
    containers = [
        make_container(image="show", environment={"MY_FLAG": str(number)}) for number in range(8)
    ]
    shown = {}

    def run(number: int) -> None:
        shown[number] = finish(processes.launch(containers[number]))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert {number: (code, lines[6]) for number, (code, lines) in shown.items()} == {
        number: (0, f"True {number}") for number in range(8)
    }


def test_no_file_descriptor_is_kept(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Neither here nor in the fork server, which is every training process's parent."""
    process = processes.launch(make_container(image="orderly"))
    server = parent_of(process.pid)
    process.stop(0)
    finish(process)

    def open_files() -> list[int]:
        return [sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in (os.getpid(), server)]

    before = open_files()
    for _ in range(5):
        finish(processes.launch(make_container(image="careless")))
    # The server tells that a process has ended just before it closes the pipe for that.
    wait_until(lambda: all(map(operator.le, open_files(), before)))


@pytest.mark.parametrize(("wanted", "models"), [("true", ["xgboost-model"]), ("false", [])])
def test_a_stopped_xgboost_leaves_a_model_if_asked_to(
    processes: TrainingProcesses, make_container: MakeContainer, wanted: str, models: list[str]
) -> None:
    """With save_model_on_termination that of a whole round; it ends at once in any case."""
    container = make_container(
        {"num_round": "1000000", "save_model_on_termination": wanted},
        files={"train/a.csv": "1,2\n0,3\n"},
    )
    process = processes.launch(container)
    lines = process.lines()
    assert any(line.startswith("[3]") for line in lines)
    process.stop(FOREVER_SECONDS)
    list(lines)
    assert process.wait() == -signal.SIGTERM
    assert [path.name for path in container.model_dir.iterdir()] == models
    for path in container.model_dir.iterdir():
        assert xgboost.Booster(model_file=path).num_boosted_rounds() > 3


def test_a_bad_line_fails_the_training_job(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Its reason names file, line and value, in the log too."""
    container = make_container({"num_round": "1"}, files={"train/a.csv": "1,2\n0,abc\n"})
    exit_code, lines = finish(processes.launch(container))
    assert exit_code is not None
    reason = failure_reason(container, exit_code)
    assert reason is not None
    assert reason.startswith("ClientError: ")
    assert "train/a.csv, line 2, column 2: 'abc' is not a number" in reason
    assert lines[-1].endswith(reason)


def test_training_processes_train_side_by_side(
    processes: TrainingProcesses, make_container: MakeContainer
) -> None:
    """Three at once from one fork server, each with its model."""
    containers = [
        make_container({"num_round": "20"}, files={"train/a.csv": "1,2\n0,3\n" * 50})
        for _ in range(3)
    ]
    launched = [processes.launch(container) for container in containers]
    assert [finish(process)[0] for process in launched] == [0, 0, 0]
    for container in containers:
        assert (container.model_dir / "xgboost-model").exists()
