"""``sagemaker-tuning validate``: exit status, output, and what it must not need."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sagemaker_tuning import cli

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]
_PROGRAM = "import sys; from sagemaker_tuning.cli import main; sys.exit(main())"


@dataclass
class _Done:
    """What a run of the command left."""

    returncode: int
    stdout: str
    stderr: str


def _validate(*arguments: str | Path) -> _Done:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            status = cli.main(["validate", *map(str, arguments)])
        except SystemExit as error:
            status = int(error.code or 0)
    return _Done(status, out.getvalue(), err.getvalue())


def _in_a_process(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, "validate", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
        env={"PYTHONIOENCODING": "ascii"},
    )


def _file(folder: Path, document: Any, name: str = "request.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def _limits(document: Document) -> Document:
    limits: Document = document["HyperParameterTuningJobConfig"]["ResourceLimits"]
    return limits


def test_a_valid_request_is_exit_status_0(tmp_path: Path, request_document: Document) -> None:
    """Warnings do not change that, nor does the name that the operator gives."""
    done = _validate(_file(tmp_path, request_document))
    assert done.returncode == 0, done.stdout
    assert "request.json: no violations, 1 warning\n  warning: Hyper" in done.stdout


def test_one_wrong_file_of_several_is_exit_status_1(
    tmp_path: Path, request_document: Document
) -> None:
    """Each file has its own line, and each violation names path, value, rule and page."""
    right = _file(tmp_path, request_document, "right.json")
    _limits(request_document)["MaxParallelTrainingJobs"] = 0
    wrong = _file(tmp_path, request_document, "wrong.json")
    done = _validate(right, wrong)
    assert done.returncode == 1
    assert "right.json: no violations" in done.stdout
    assert "wrong.json: 1 violation" in done.stdout
    assert (
        "  error: HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs: 0: at "
        "least 1 (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits"
    ) in done.stdout


def test_the_report_as_json(tmp_path: Path, request_document: Document) -> None:
    """A list of files, each with its violations and warnings, for other programs."""
    _limits(request_document)["MaxParallelTrainingJobs"] = 0
    bad = _file(tmp_path, "a: [", "bad.yaml")
    done = _validate("--format", "json", _file(tmp_path, request_document), bad)
    assert done.returncode == 1
    first, second = json.loads(done.stdout)
    assert first["valid"] is False
    assert first["error"] is None
    assert [sorted(each) for each in first["violations"]] == [["path", "problem", "rule"]]
    assert first["warnings"]
    assert second["error"].startswith("not YAML: line 1")


def test_yaml_from_standard_input(request_document: Document) -> None:
    """``-`` reads it; numbers and switches are what the operator makes of them."""
    config = request_document["HyperParameterTuningJobConfig"]
    config["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] = 0.1
    config["TrainingJobEarlyStoppingType"] = "switch"
    text = yaml.safe_dump(request_document).replace("switch", "Off")
    done = _in_a_process("-", stdin=text)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("-: no violations")


def test_what_templates_hide_is_not_checked(tmp_path: Path, request_document: Document) -> None:
    """Neither their own fields nor what depends on them; what is visible is checked."""
    definition = request_document["TrainingJobDefinition"]
    definition["RoleArn"] = "{{ var.value.role }}"
    definition["InputDataConfig"] = "{{ params.channels }}"
    definition["StaticHyperParameters"] = "{{ params.static }}"
    definition["AlgorithmSpecification"]["TrainingImage"] = "{{ params.image }}"
    config = request_document["HyperParameterTuningJobConfig"]
    config["Strategy"] = "{{ params.strategy }}"
    config["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] = "{{ low }}"
    _limits(request_document)["MaxNumberOfTrainingJobs"] = "{{ params.jobs }}"
    done = _validate(_file(tmp_path, request_document))
    assert done.returncode == 0, done.stdout
    definition["rolearn"] = "x"
    assert "did you mean RoleArn?" in _validate(_file(tmp_path, request_document)).stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "not YAML: line 1, column 5: while parsing a flow node"),
        ("[1]", "is a list, and no request of CreateHyperParameterTuningJob"),
        ("", "is empty, and no request"),
        ("\x00", "special characters are not allowed"),
    ],
)
def test_what_is_no_request_is_said_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    """Without a traceback."""
    done = _validate(_file(tmp_path, content))
    assert done.returncode == 1
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert said in done.stdout


def test_what_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    """Letters of no script of its, and half of a surrogate pair, in a value of the request."""
    done = _in_a_process(_file(tmp_path, '{"Tags": "\\ud800\\u2603"}'))
    assert done.returncode == 1
    assert done.stderr == ""
    assert r"Tags: '\ud800\u2603' (str): must be a list" in done.stdout


def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    """Others are checked all the same."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    done = _validate(tmp_path / "missing.json", tmp_path, tmp_path / "binary")
    assert done.returncode == 1
    missing, folder, binary = done.stdout.splitlines()
    assert missing.endswith("missing.json: No such file or directory")
    assert folder.endswith(": Is a directory")
    assert binary.endswith(": not UTF-8: invalid start byte at byte 0")


@pytest.mark.parametrize("arguments", [(), ("--format", "xml", "f"), ("--frobnicate", "f")])
def test_wrong_usage_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    """With the usage on standard error."""
    done = _validate(*arguments)
    assert done.returncode == 2
    assert "usage: sagemaker-tuning validate" in done.stderr


def test_it_needs_neither_airflow_nor_boto3(tmp_path: Path, request_document: Document) -> None:
    """Neither is imported, so that it starts at once."""
    program = (
        "import sys; from sagemaker_tuning.cli import main; main(); "
        "sys.exit(sorted({'airflow', 'boto3', 'numpy', 'optuna'} & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", program, "validate"]
    done = subprocess.run(
        [*command, str(_file(tmp_path, request_document))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
