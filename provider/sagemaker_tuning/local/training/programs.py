"""What runs in a container besides built-in algorithms: a user's command, or a user's script.

Both run in a training process, and put a program in its place: nothing of the endpoint is left in
it.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from sagemaker_tuning.local.training import source, toolkit
from sagemaker_tuning.local.training.container import OPT_ML, Container
from sagemaker_tuning.local.training.failures import ProgramError
from sagemaker_tuning.local.training.leftovers import MARKER

_log = logging.getLogger(__name__)

_DEFAULT_LOG_LEVEL: Final = 20


@dataclass(frozen=True)
class Command:
    """What an image would run.

    Attributes:
        command: Program, an absolute path, and arguments, as ENTRYPOINT and CMD make them up.
        directory: Plays WORKDIR.
        environment: Plays ENV; the request's Environment wins over it.
    """

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, container: Container) -> NoReturn:
        """Become the command.

        Raises:
            OSError: It cannot be started.
        """
        os.chdir(self.directory)
        _become(self.command, {**os.environ, **_but_the_requests(self.environment, container)})


@dataclass(frozen=True)
class Script:
    """A framework container in script mode: it runs ``sagemaker_program`` with arguments.

    Attributes:
        python: The interpreter, an absolute path.
    """

    python: str

    def run(self, container: Container) -> NoReturn:
        """Unpack ``sagemaker_submit_directory``, and become the script.

        Raises:
            ProgramError: There is no such script, or nothing it could be unpacked from.
            OSError: It cannot be started.
        """
        parameters = {
            name: toolkit.decoded(value) for name, value in container.hyperparameters.items()
        }
        code = container.root / "code"
        code.mkdir(exist_ok=True)
        _unpack(container, str(parameters.get(toolkit.SUBMIT_DIRECTORY, "")), code)
        name = str(parameters[toolkit.PROGRAM])
        values = toolkit.of_users(container.hyperparameters)
        arguments = toolkit.arguments(values)
        command = [*self._interpreter(code, name), *arguments]
        if (code / "requirements.txt").exists():
            _log.warning(
                "requirements.txt is not installed by the local SageMaker endpoint: %s has to have"
                " what it lists.",
                self.python,
            )
        os.chdir(code)
        variables = _variables(container, name, parameters, arguments)
        _log.info("Invoking script with the following command:\n\n%s\n", " ".join(command))
        _become(command, {**os.environ, **variables})

    def _interpreter(self, code: Path, name: str) -> list[str]:
        """How the toolkit runs a file of this name: as a module, by Python, or by itself."""
        file = code / name
        if not file.resolve().is_relative_to(code.resolve()):
            raise ProgramError(
                f"{toolkit.PROGRAM} {name!r} is outside of {toolkit.SUBMIT_DIRECTORY}"
            )
        if (code / "setup.py").exists():
            return [self.python, "-m", name.removesuffix(".py")]
        if not file.is_file():
            there = ", ".join(sorted(path.name for path in code.iterdir())) or "nothing"
            raise ProgramError(
                f"{toolkit.PROGRAM} {name!r} is not in {toolkit.SUBMIT_DIRECTORY}, which has:"
                f" {there}"
            )
        if name.endswith(".py"):
            return [self.python, name]
        return ["/bin/sh", name] if file.read_bytes()[:2] != b"#!" else [str(_executable(file))]


def _executable(file: Path) -> Path:
    file.chmod(file.stat().st_mode | 0o111)
    return file


def _unpack(container: Container, submitted: str, code: Path) -> None:
    """Put the submitted code where the script is started; it may be in an input channel."""
    if container.source is not None:
        source.extract(container.source, code)
        return
    path = Path(submitted)
    if path.is_relative_to(OPT_ML) and ".." not in path.parts:
        path = container.root / path.relative_to(OPT_ML)
    else:
        raise ProgramError(
            f"{toolkit.SUBMIT_DIRECTORY} {submitted!r} is neither an s3:// URI nor below {OPT_ML}"
        )
    if path.is_dir():
        source.copy(path, code)
    elif path.is_file():
        source.extract(path, code)
    else:
        raise ProgramError(f"{toolkit.SUBMIT_DIRECTORY} {submitted!r} does not exist")


def _variables(
    container: Container, name: str, parameters: Mapping[str, Any], arguments: Sequence[str]
) -> dict[str, str]:
    values = {
        "user_entry_point": name,
        "module_name": name.removesuffix(".py"),
        "module_dir": parameters.get(toolkit.SUBMIT_DIRECTORY),
        "log_level": parameters.get(toolkit.LOG_LEVEL, _DEFAULT_LOG_LEVEL),
        "framework_module": container.environment.get("SAGEMAKER_TRAINING_MODULE"),
        "framework_params": toolkit.of_framework(container.hyperparameters),
        "user_args": list(arguments),
    }
    variables = {f"SM_{each.upper()}": toolkit.variable(value) for each, value in values.items()}
    for each in (toolkit.JOB_NAME, toolkit.REGION):
        if each in parameters:
            variables[each.upper()] = toolkit.variable(parameters[each])
    variables["PYTHONPATH"] = str(container.root / "code")
    variables["SM_TRAINING_ENV"] = json.dumps(
        {
            **values,
            "additional_framework_parameters": values["framework_params"],
            "hyperparameters": toolkit.of_users(container.hyperparameters),
            "channel_input_dirs": {
                channel: str(container.channel_dir(channel)) for channel in container.channels
            },
            "current_host": os.environ["SM_CURRENT_HOST"],
            "hosts": json.loads(os.environ["SM_HOSTS"]),
            "input_config_dir": os.environ["SM_INPUT_CONFIG_DIR"],
            "input_data_config": json.loads(os.environ["SM_INPUT_DATA_CONFIG"]),
            "input_dir": os.environ["SM_INPUT_DIR"],
            "is_master": True,
            "job_name": container.training_job_name,
            "model_dir": os.environ["SM_MODEL_DIR"],
            "network_interface_name": os.environ["SM_NETWORK_INTERFACE_NAME"],
            "num_cpus": int(os.environ["SM_NUM_CPUS"]),
            "num_gpus": int(os.environ["SM_NUM_GPUS"]),
            "output_data_dir": os.environ["SM_OUTPUT_DATA_DIR"],
            "output_dir": os.environ["SM_OUTPUT_DIR"],
            "resource_config": json.loads(os.environ["SM_RESOURCE_CONFIG"]),
        }
    )
    return _but_the_requests(variables, container)


def _but_the_requests(variables: Mapping[str, str], container: Container) -> dict[str, str]:
    """Without those of the request's Environment, which wins, and what marks its processes."""
    kept = {*container.environment, MARKER}
    return {name: value for name, value in variables.items() if name not in kept}


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    # Python ignores SIGPIPE, and what it becomes would too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execve(command[0], list(command), dict(environment))  # noqa: S606 -- the user's own, no shell
