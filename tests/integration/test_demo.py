"""The demo's commands as a person runs them: they end, say why, and leave no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from demo.record import Record
from demo.stack import ROOT

_SECONDS = 600


class Demo:
    """`python -m demo` on free ports, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._env = os.environ | {"AIRFLOW_PORT": "0", "ENDPOINT_PORT": "0"}

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command and give its process, to be read from and signalled."""
        return subprocess.Popen(
            self._line(command),
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._line(*command),
            cwd=ROOT,
            env=self._env | env,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def processes(self) -> list[str]:
        """The command lines of all living processes that were told of the folder."""
        mark = str(self.home).encode()
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                known = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if mark in known:
                found.append(known.decode(errors="replace")[-200:])
        return found

    def _line(self, *command: str) -> Sequence[str]:
        return [sys.executable, "-m", "demo", *command, "--home", str(self.home)]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of which nothing is left, however the test ends."""
    demo = Demo(tmp_path / "home")
    yield demo
    demo.run("down")


def _eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _read_until(words: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"no line with {words!r}")


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGTERM, "Starting"), (signal.SIGINT, "of 20 training jobs")],
    ids=["terminated-in-the-start", "ctrl-c-while-training"],
)
def test_an_interrupted_demo_leaves_nothing(
    demo: Demo, number: signal.Signals, moment: str
) -> None:
    """Every process that knew of the folder is gone when the command is."""
    with demo.start("run") as process:
        _read_until(moment, process)
        _eventually(lambda: Record.load(demo.home))
        process.send_signal(number)
        _, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == 128 + number
    assert errors == ""
    assert demo.processes() == []
    assert Record.load(demo.home) is None


def test_a_broken_endpoint_ends_the_demo(demo: Demo) -> None:
    """One line says which process ended and where its log is; the others are stopped."""
    with demo.start("run") as process:
        _eventually(lambda: (record := Record.load(demo.home)) and len(record.leaders) == 2)
        record = Record.load(demo.home)
        assert record
        os.kill(record.leaders[0].pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == 1
    assert errors.startswith("make demo: endpoint ended by itself: ")
    assert len(errors.splitlines()) == 1
    assert demo.processes() == []


@pytest.mark.parametrize("variable", ["AIRFLOW_PORT", "ENDPOINT_PORT"])
def test_a_taken_port_is_one_clear_line(demo: Demo, variable: str) -> None:
    """It has the port and the way out, and nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = demo.run("run", **{variable: str(port)})
    assert ended.returncode == 1
    assert ended.stderr == (
        f"make demo: port {port} is not free: another program listens on it;"
        f" choose another with {variable}={port + 1}\n"
    )
    assert demo.processes() == []


def test_up_runs_until_down(demo: Demo) -> None:
    """It outlives its command, is found by the others, and `down` ends all of it."""
    assert demo.run("up").returncode == 0
    record = Record.load(demo.home)
    assert record
    assert record.is_alive
    assert f"Already running: {record.airflow_url}" in demo.run("up").stdout

    refused = demo.run("run")
    assert refused.returncode == 1
    assert "`make up` left a stack running" in refused.stderr
    assert record.is_alive

    assert demo.run("down").stdout == "Stopped.\n"
    assert demo.processes() == []
    assert demo.run("down").stdout == "Nothing is running.\n"


def test_what_is_no_template_is_told(demo: Demo) -> None:
    """One line has those that there are, and nothing was started."""
    ended = demo.run("run", "--dag", "none")
    assert ended.returncode == 1
    assert ended.stderr.startswith("make demo: DAG=none is none of the templates: tune_and_")
    assert demo.processes() == []
