"""Training processes: never left behind, whoever ends and however suddenly."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sagemaker_tuning.local.training.algorithms import (
    Algorithms,
)
from sagemaker_tuning.local.training.processes import TrainingProcesses
from tests.unit.local.training.launched import (
    HERE,
    PROGRAMS,
    MakeContainer,
    algorithm,
    finish,
    is_running,
    parent_of,
    wait_until_gone,
)


def test_closing_kills_every_training_process(
    make_container: MakeContainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With its group, and nothing can be launched any more."""
    monkeypatch.syspath_prepend(PROGRAMS)
    cache = tmp_path / "cache"
    processes = TrainingProcesses(cache, Algorithms(built_in=[algorithm("stubborn")]))
    processes.start()
    process = processes.launch(make_container(image="stubborn"))
    lines = process.lines()
    pids = map(int, next(lines).split())
    processes.close()
    processes.close()
    assert list(lines) == []
    assert process.wait() is None
    wait_until_gone(*pids)
    assert not cache.exists()
    with pytest.raises(RuntimeError, match="the endpoint is ending"):
        processes.launch(make_container(image="stubborn"))


def test_a_killed_fork_server_takes_its_processes_along_and_is_replaced(
    make_container: MakeContainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that was killed for its memory does not end all training."""
    monkeypatch.syspath_prepend(PROGRAMS)
    with TrainingProcesses(
        tmp_path / "cache", Algorithms(built_in=[algorithm("orderly"), algorithm("show")])
    ) as processes:
        process = processes.launch(make_container(image="orderly"))
        lines = process.lines()
        assert next(lines) == "ready"
        os.kill(parent_of(process.pid), signal.SIGKILL)
        assert list(lines) == []
        assert process.wait() is None
        container = make_container(image="show", environment={"MY_FLAG": "again"})
        assert finish(processes.launch(container))[0] == 0


def test_what_fled_ends_when_the_fork_server_is_killed(
    make_container: MakeContainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody is left who knows it as a child, and it holds the output open."""
    monkeypatch.syspath_prepend(PROGRAMS)
    fleeing = Algorithms(built_in=[algorithm("fleeing")])
    with TrainingProcesses(tmp_path / "cache", fleeing) as processes:
        process = processes.launch(make_container(image="fleeing"))
        lines = process.lines()
        child = int(next(lines))
        os.kill(parent_of(process.pid), signal.SIGKILL)
        assert list(lines) == []
        assert process.wait() is None
        wait_until_gone(child, process.pid)


def test_what_fled_does_not_outlive_the_endpoint(tmp_path: Path) -> None:
    """However suddenly that dies."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "parent.py"), str(PROGRAMS), "fleeing", str(tmp_path / "job")],
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until_gone(child)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_nothing_outlives_the_endpoint(tmp_path: Path, signum: signal.Signals) -> None:
    """However it dies: no training process, no child of one, no fork server, no file of theirs."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = str(HERE / "parent.py")
    with subprocess.Popen(
        [sys.executable, script, str(PROGRAMS), "stubborn", str(tmp_path / "job")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as parent:
        assert parent.stdout is not None
        pid, child = map(int, parent.stdout.readline().split())
        server = parent_of(pid)
        assert all(map(is_running, (pid, child, server)))
        assert list(scratch.iterdir())
        parent.send_signal(signum)
    wait_until_gone(pid, child, server)
    assert not list(scratch.iterdir())


def test_the_endpoints_main_module_is_not_run_again(tmp_path: Path) -> None:
    """Neither the fork server nor a training process imports the program that they serve."""
    script = tmp_path / "unguarded.py"
    script.write_text(f"print('once')\n{(HERE / 'parent.py').read_text()}")
    result = subprocess.run(
        [sys.executable, str(script), str(PROGRAMS), "broken", str(tmp_path / "job")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.count("once") == 1
    assert "no rows to divide by" in result.stdout
