"""The console command ``sagemaker-tuning``."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DISTRIBUTION = "airflow-provider-sagemaker-tuning"
_USAGE = """\
usage: sagemaker-tuning local [--help] [OPTION ...]
       sagemaker-tuning validate [--help] [--format {text,json}] FILE [FILE ...]
       sagemaker-tuning list [--help] [--orphans] [--stop]
       sagemaker-tuning policy [--help] (--dag FILE | --feature NAME ... | --list) [OPTION ...]
       sagemaker-tuning --version

  local      run a local SageMaker endpoint that really trains
  validate   look for mistakes in requests before they cost anything
  list       list live tuning jobs of this Airflow, and stop those that nobody waits for
  policy     print the IAM policies that the tasks of a DAG file need
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; give its exit status."""
    command, *arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if command == "local":
        # In place of this process: the endpoint starts its fork server before anything else is
        # imported, and shares no module with the provider.
        os.execv(sys.executable, [sys.executable, "-m", "sagemaker_tuning.local", *arguments])  # noqa: S606 -- a list, and our own interpreter
    if command == "validate":
        from sagemaker_tuning.core import validation  # noqa: PLC0415 -- no other command needs it

        return validation.main(arguments)
    if command == "list":
        return _list(arguments)
    if command == "policy":
        return _policy(arguments)
    if command == "--version":
        sys.stdout.write(f"sagemaker-tuning {version(_DISTRIBUTION)}\n")
        return 0
    if command in {"-h", "--help"}:
        sys.stdout.write(_USAGE)
        return 0
    sys.stderr.write(f"sagemaker-tuning: no command {command!r}\n{_USAGE}")
    return 2


def _list(arguments: Sequence[str]) -> int:
    # Airflow looks connections up in its database only in what it takes for one of its own
    # components, which its own commands say of themselves in this way.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # where Airflow's log goes, from its import on
        from sagemaker_tuning.hooks import orphans  # noqa: PLC0415 -- no other command needs it

        return orphans.main(arguments, out)


def _policy(arguments: Sequence[str]) -> int:
    from sagemaker_tuning.core.permissions import command  # noqa: PLC0415 -- no other needs it

    def read(file: Path, dag_id: str | None, params: Mapping[str, str]) -> Any:
        # What goes wrong is one line of the command's own; Airflow logs it with a traceback.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            from sagemaker_tuning.operators import dag_files  # noqa: PLC0415 -- Airflow's import

            return dag_files.read_dag_file(file, dag_id, params)

    return command.main(arguments, read, sys.stdout)
