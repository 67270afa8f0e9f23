"""Algorithms of the user's, as the command line and its file describe them."""

import math
import shlex
import shutil
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sagemaker_tuning.local.training.algorithms import Algorithms, OwnAlgorithm, Simulation
from sagemaker_tuning.local.training.programs import Command, Script

_TRAIN = "train"
"""What SageMaker starts a training container with, as `docker run IMAGE train`."""

# The longest runtime that SageMaker has for a training job:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
_LONGEST_SECONDS = 2_419_200

_KEYS = ("image", "command", "arguments", "directory", "environment", "python")


class AlgorithmError(Exception):
    """An algorithm cannot be had as described; the message says which, why and what is right."""


def read(
    options: Sequence[str], files: Sequence[Path], simulated: Sequence[str] = ()
) -> Algorithms:
    """What `--simulate IMAGE=SECONDS`, `--algorithm IMAGE=COMMAND` and `--algorithms FILE` say.

    In that order, the first that has an image being taken.

    Raises:
        AlgorithmError: one of them is not right, or its command is not there.
    """
    own = [_of_simulation(option) for option in simulated]
    own += [_of_option(option) for option in options]
    for file in files:
        own += _of_file(file)
    for image, count in Counter(algorithm.image for algorithm in own).items():
        if count > 1:
            raise AlgorithmError(f"the image {image} has {count} algorithms. Give it one.")
    return Algorithms(own)


def _of_simulation(option: str) -> OwnAlgorithm:
    image, _, text = option.rpartition("=")
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not image or not 0 < seconds <= _LONGEST_SECONDS:
        raise AlgorithmError(
            f"--simulate {option!r} is not IMAGE=SECONDS, such as '*/my-image:*=60'. Give a time"
            f" above 0 and of at most {_LONGEST_SECONDS} seconds, 28 days."
        )
    return OwnAlgorithm(image, Simulation(seconds))


def _of_option(option: str) -> OwnAlgorithm:
    where = f"--algorithm {option!r}"
    image, equals, command = option.partition("=")
    if not (image and equals):
        raise AlgorithmError(f"{where} is not IMAGE=COMMAND, such as my-image:1='python train.py'.")
    return _algorithm({"image": image, "command": command}, Path.cwd(), where)


def _of_file(file: Path) -> list[OwnAlgorithm]:
    where = f"--algorithms {file}"
    try:
        with file.open("rb") as stream:
            document = tomllib.load(stream)
    except OSError as error:
        raise AlgorithmError(f"{where} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # what tomllib raises says line and column
        raise AlgorithmError(f"{where} is not TOML: {error}.") from error
    if not document:
        raise AlgorithmError(f"{where} is empty. Give it [[algorithm]] tables.")
    entries = document.get("algorithm")
    if document.keys() != {"algorithm"} or not isinstance(entries, list):
        raise AlgorithmError(
            f"{where} is not a list of [[algorithm]] tables; it has the keys"
            f" {', '.join(sorted(document))}."
        )
    return [
        _algorithm(entry, file.resolve().parent, f"{where}: [[algorithm]] {number}")
        for number, entry in enumerate(entries, start=1)
    ]


def _algorithm(entry: Any, directory: Path, where: str) -> OwnAlgorithm:
    if not isinstance(entry, dict):
        raise AlgorithmError(f"{where} is {entry!r}, not a table.")
    for key in entry:
        if key not in _KEYS:
            raise AlgorithmError(f"{where}: {key} is not one of {', '.join(_KEYS)}.")
    image = entry.get("image")
    if not (isinstance(image, str) and image):
        raise AlgorithmError(f"{where}: image {image!r} is not a training image.")
    if ("command" in entry) == ("python" in entry):
        raise AlgorithmError(
            f"{where} needs either command, or python for an image that runs scripts."
        )
    if "python" in entry:
        return OwnAlgorithm(image, _script(entry, directory, where))
    return OwnAlgorithm(image, _command(entry, directory, where))


def _script(entry: Mapping[str, Any], directory: Path, where: str) -> Script:
    for key in entry:
        if key not in {"image", "python"}:
            raise AlgorithmError(f"{where}: {key} goes with command, not with python.")
    if not (isinstance(entry["python"], str) and entry["python"]):
        raise AlgorithmError(f"{where}: python {entry['python']!r} is not a program's path.")
    return Script(_program(entry["python"], directory, where))


def _command(entry: Mapping[str, Any], directory: Path, where: str) -> Command:
    command = _words(entry["command"], "command", where)
    if not command:
        raise AlgorithmError(f"{where}: the command is empty.")
    arguments = _words(entry.get("arguments", [_TRAIN]), "arguments", where)
    folder = entry.get("directory", ".")
    if not (isinstance(folder, str) and (directory / folder).is_dir()):
        raise AlgorithmError(f"{where}: directory {folder!r} is not a directory.")
    environment = entry.get("environment", {})
    if not (
        isinstance(environment, dict)
        and all(isinstance(value, str) for value in environment.values())
        and not any("=" in name or "\0" in name + value for name, value in environment.items())
    ):
        raise AlgorithmError(f"{where}: environment is not a table of texts, NAME = 'value'.")
    program = _program(command[0], directory / folder, where)
    return Command((program, *command[1:], *arguments), directory / folder, environment)


def _words(value: Any, key: str, where: str) -> list[str]:
    """A list of texts, or one that is split as a shell would, without being given to one."""
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError as error:
            raise AlgorithmError(f"{where}: {key} {value!r} cannot be split: {error}.") from error
    if not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        raise AlgorithmError(f"{where}: {key} is neither a text nor a list of texts.")
    if any("\0" in word for word in value):
        raise AlgorithmError(f"{where}: {key} has a NUL character.")
    return value


def _program(name: str, directory: Path, where: str) -> str:
    """The absolute path of a program, found in PATH or, if it has a slash, from the directory."""
    found = shutil.which(directory / name if "/" in name else name)
    if found is None:
        raise AlgorithmError(
            f"{where}: {name!r} is not a program that can be run. Give one that is in PATH, or its"
            " path."
        )
    # Not resolved: a virtual environment's Python is a link.
    return str(Path(found).absolute())
