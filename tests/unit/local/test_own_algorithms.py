"""Algorithms of the user's, as the command line and its file describe them."""

import shutil
import sys
from pathlib import Path

import pytest

from sagemaker_tuning.local import own_algorithms
from sagemaker_tuning.local.training.algorithms import Algorithm, Simulation
from sagemaker_tuning.local.training.programs import Command, Script

TRUE = shutil.which("true")


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """The file that a test writes."""
    (tmp_path / "work").mkdir()
    return tmp_path / "algorithms.toml"


def test_an_option_is_image_and_command() -> None:
    """The command is split as a shell would, and plays the entry point of a training image."""
    found = own_algorithms.read(["mine:1@sha256:ab=true 'a b' c=$HOME"], [])
    assert found.find("mine:1@sha256:ab", {}) == Algorithm(
        Command((str(TRUE), "a b", "c=$HOME", "train"), Path.cwd(), {})
    )


def test_a_file_has_several(write: Path) -> None:
    """With arguments, directory and environment; a program's path is from its directory."""
    program = write.parent / "work" / "run"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    write.write_text(
        f"""
        [[algorithm]]
        image = "*/mine:*"
        command = "./run fast"
        arguments = []
        directory = "work"
        environment = {{ FLAG = "on" }}
        [[algorithm]]
        image = "other"
        command = ["true", "a b"]
        [[algorithm]]
        image = "scripts"
        python = "{sys.executable}"
        """
    )
    found = own_algorithms.read(["first=true"], [write])
    work = write.parent / "work"
    assert found.find("x/mine:1", {}) == Algorithm(
        Command((str(program), "fast"), work, {"FLAG": "on"})
    )
    assert found.find("other", {}) == Algorithm(Command((str(TRUE), "a b", "train"), write.parent))
    assert found.find("first", {}) == Algorithm(Command((str(TRUE), "train"), Path.cwd()))
    assert found.find("scripts", {"sagemaker_program": "x.py"}) == Algorithm(Script(sys.executable))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("mine", r"--algorithm 'mine' is not IMAGE=COMMAND, such as"),
        ("=true", "is not IMAGE=COMMAND"),
        ("mine=", "the command is empty"),
        ("mine=no-such-program x", "'no-such-program' is not a program that can be run"),
        ("mine=./no-such-program", "'./no-such-program' is not a program that can be run"),
        ("mine='half", "cannot be split: No closing quotation"),
    ],
)
def test_a_bad_option_is_named(option: str, message: str) -> None:
    """With what is right."""
    with pytest.raises(own_algorithms.AlgorithmError, match=message) as raised:
        own_algorithms.read([option], [])
    assert str(raised.value).startswith(f"--algorithm {option!r}")


def test_a_simulation_is_image_and_seconds() -> None:
    """It is taken before a command for the same image; a tag may have an equals sign before it."""
    found = own_algorithms.read(["*=true"], [], ["*/mine:*=0.5", "a=b=60"])
    assert found.find("x/mine:1", {}) == Algorithm(Simulation(0.5))
    assert found.find("a=b", {}) == Algorithm(Simulation(60))
    assert found.find("other", {}) == Algorithm(Command((str(TRUE), "train"), Path.cwd()))


@pytest.mark.parametrize(
    "option", ["mine", "=1", "mine=", "mine=0", "mine=-1", "mine=nan", "mine=inf", "mine=1s"]
)
def test_a_bad_simulation_is_named(option: str) -> None:
    """With what is right."""
    message = r"is not IMAGE=SECONDS, such as .* Give a time above 0 and of at most 2419200"
    with pytest.raises(own_algorithms.AlgorithmError, match=message) as raised:
        own_algorithms.read([], [], [option])
    assert str(raised.value).startswith(f"--simulate {option!r}")


def test_an_image_is_either_simulated_or_run() -> None:
    """Both for the same is a mistake that would show late."""
    with pytest.raises(own_algorithms.AlgorithmError, match="the image mine has 2 algorithms"):
        own_algorithms.read(["mine=true"], [], ["mine=1"])


ENTRY = '[[algorithm]]\nimage = "a"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[algorithm]]\nimage = a", r"is not TOML: .*line 2"),
        ("# none", r"is empty. Give it \[\[algorithm\]\] tables"),
        ("algorithms = 1", r"not a list of \[\[algorithm\]\] tables; it has the keys algorithms"),
        ("algorithm = 1", "not a list of"),
        ("algorithm = [1]", r"\[\[algorithm\]\] 1 is 1, not a table"),
        (ENTRY, "needs either command, or python"),
        (ENTRY + 'command = "true"\npython = "true"', "needs either command, or python"),
        (ENTRY + 'command = "true"\nshell = true', "shell is not one of image, command"),
        (ENTRY + "command = 1", "command is neither a text nor a list of texts"),
        (ENTRY + 'command = ["true", 1]', "command is neither a text nor a list of texts"),
        (ENTRY + "command = []", "the command is empty"),
        (ENTRY + 'command = "true"\narguments = 1', "arguments is neither"),
        (ENTRY + 'command = "true"\ndirectory = "none"', "directory 'none' is not a directory"),
        (ENTRY + 'command = "true"\nenvironment = { A = 1 }', "environment is not a table of"),
        (ENTRY + 'python = "no-such-python"', "'no-such-python' is not a program"),
        (ENTRY + "python = 3", "python 3 is not a program's path"),
        (ENTRY + 'python = "true"\ndirectory = "."', "directory goes with command"),
        ('[[algorithm]]\ncommand = "true"', "image None is not a training image"),
        ((ENTRY + 'command = "true"\n') * 2, "the image a has 2 algorithms"),
    ],
)
def test_a_bad_file_is_named(write: Path, text: str, message: str) -> None:
    """With the table and the key that are wrong."""
    write.write_text(text)
    with pytest.raises(own_algorithms.AlgorithmError, match=message):
        own_algorithms.read([], [write])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With why it cannot be read."""
    with pytest.raises(own_algorithms.AlgorithmError, match=r"none\.toml cannot be read: No such"):
        own_algorithms.read([], [tmp_path / "none.toml"])
