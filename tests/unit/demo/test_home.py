"""The demo's folder: one command at a time, and nothing of a killed one is left."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo import home, processes
from demo.errors import DemoError
from demo.processes import Leader
from demo.record import Record

_STACK = Record(airflow_url="http://127.0.0.1:1", endpoint_url="http://127.0.0.1:2")


@pytest.fixture
def leader(tmp_path: Path) -> Iterator[Leader]:
    """A process that waits."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    waiting = processes.start("waiting", command, dict(os.environ), tmp_path / "waiting.log")
    yield waiting
    processes.stop([waiting], patience_seconds=0)


def test_a_second_command_is_kept_out(tmp_path: Path) -> None:
    """It is told what is the matter; after the first one's end it may come."""
    with (
        home.locked(tmp_path),
        pytest.raises(DemoError, match="at work in this folder"),
        home.locked(tmp_path),
    ):
        pass
    with home.locked(tmp_path):
        pass


def test_a_kept_stack_is_found_again(tmp_path: Path, leader: Leader) -> None:
    """It is given back as it was written, and runs on."""
    record = replace(_STACK, leaders=(leader,), kept=True)
    record.save(tmp_path)
    assert home.kept(tmp_path) == record
    assert leader.is_alive


def test_what_a_killed_command_left_behind_is_ended(tmp_path: Path, leader: Leader) -> None:
    """It was not to be kept, so nobody else will ever end it."""
    replace(_STACK, leaders=(leader,)).save(tmp_path)
    assert home.kept(tmp_path) is None
    assert not leader.is_alive
    assert Record.load(tmp_path) is None


def test_a_kept_stack_of_which_a_part_died_is_ended(tmp_path: Path, leader: Leader) -> None:
    """Half a stack is of no use, and would only be in the way of the next."""
    dead = Leader("dead", leader.pid, leader.started - 1, leader.log)
    replace(_STACK, leaders=(dead, leader), kept=True).save(tmp_path)
    assert home.kept(tmp_path) is None
    assert not leader.is_alive


def test_clear_leaves_the_lock_alone(tmp_path: Path) -> None:
    """A lock that is deleted keeps nobody out."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").touch()
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    (tmp_path / "airflow.db").touch()
    with home.locked(tmp_path):
        home.clear(tmp_path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
