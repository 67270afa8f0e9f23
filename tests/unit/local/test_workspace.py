"""Whose directory it is, and what is removed of endpoints that are gone."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from sagemaker_tuning.local import workspace

# Says where its directory is, and waits with it.
ENDPOINT = """
from sagemaker_tuning.local import workspace
with workspace.temporary() as directory:
    (directory / "containers" / "one").mkdir(parents=True)
    (directory / "jobs.sqlite").touch()
    print(directory, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def endpoint() -> tuple[subprocess.Popen[str], Path]:
    """A process with a directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDPOINT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_only_what_belongs_to_nobody_alive_is_removed() -> None:
    """The killed one's directory goes, the running one's stays until it ends."""
    killed, left = endpoint()
    running, used = endpoint()
    workspace.remove_leftovers()
    assert (left / "jobs.sqlite").exists()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    workspace.remove_leftovers()
    assert not left.exists()
    assert (used / "jobs.sqlite").exists()
    running.communicate("\n")
    assert not used.exists()


def test_what_is_no_endpoints_stays(temporary_directory: Path) -> None:
    """A file, a link to somewhere else, a directory without a lock."""
    elsewhere = temporary_directory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (temporary_directory / "sagemaker-local-file").touch()
    (temporary_directory / "sagemaker-local-link").symlink_to(elsewhere)
    (temporary_directory / "sagemaker-local-other").mkdir()
    before = sorted(temporary_directory.rglob("*"))
    workspace.remove_leftovers()
    assert sorted(temporary_directory.rglob("*")) == before


def test_starting_beside_each_other_takes_nothing_away() -> None:
    """Whoever is given a directory has it until the end, however many start and clean up."""
    lost: list[Path] = []

    def start() -> None:
        for _ in range(50):
            workspace.remove_leftovers()
            with workspace.temporary() as directory:
                workspace.remove_leftovers()
                if not (directory / "lock").exists():
                    lost.append(directory)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_a_directory_of_the_users_stays(tmp_path: Path) -> None:
    """It is made with its parents, has one endpoint at a time, and keeps what is in it."""
    directory = tmp_path / "a" / "b"
    with workspace.kept(directory):
        (directory / "jobs.sqlite").touch()
        with pytest.raises(workspace.DirectoryInUseError), workspace.kept(directory):
            pass
    with workspace.kept(directory) as again:
        assert (again / "jobs.sqlite").exists()
