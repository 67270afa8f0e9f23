"""The command: how it starts, refuses to start and ends, and what it leaves."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.aws import DEADLINE_SECONDS, Aws
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import DEFINITION, changed, endless, example, rows
from tests.contract.processes import children, descendants, wait_for, wait_until_gone


def refused(*options: str, code: int = 1) -> str:
    """What an endpoint that does not start says on stderr; it has exited with the code."""
    result = subprocess.run(
        [sys.executable, "-m", "sagemaker_tuning.local", *options],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert (result.returncode, result.stdout) == (code, "")
    return result.stderr


def train(aws: Aws, endpoint: int) -> set[int]:
    """The endpoint's descendants, as soon as three endless training jobs have a process each."""
    request = example(aws.upload(rows(400, seed=1), rows(200, seed=2)))
    name = aws.create(endless(request))
    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 3)
    return wait_for(descendants, endpoint, 1 + 3)  # the fork server and they


def test_it_says_when_it_is_ready_and_ends_with_0(start_endpoint: StartEndpoint) -> None:
    """One line with the address, nothing else on stdout, exit code 0 on SIGINT."""
    aws, process = start_endpoint()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", aws.url)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert (stdout, process.returncode) == ("", 0)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    """The line has the address and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--port", str(port))
    assert said.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "--port" in said


def test_other_machines_are_let_in_only_when_asked() -> None:
    """An address that they can reach needs --allow-remote."""
    said = refused("--port", "0", "--host", "0.0.0.0")  # noqa: S104 -- refused
    assert said.count("\n") == 1
    assert "--allow-remote" in said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--port", "99999", "'99999' is not a port. Give 1 to 65535, or 0 for a free one."),
        ("--port", "-1", "'-1' is not a port. Give 1 to 65535, or 0 for a free one."),
        ("--stop-grace", "-1", "'-1' is not a time in seconds. Give a number from 0 to 86400."),
        ("--completion-delay", "nan", "'nan' is not a time in seconds. Give a number from 0 to"),
        ("--data-dir", "", "'' is not a path. Give one; '.' is the current directory."),
        ("--algorithms", "", "'' is not a path. Give one; '.' is the current directory."),
    ],
)
def test_a_value_that_is_not_right_is_one_clear_line(option: str, value: str, said: str) -> None:
    """With the option, the value and what would be right; the usage is not in its way."""
    line = refused("--port", "0", f"{option}={value}", code=2)
    assert line.startswith(f"sagemaker-tuning local: argument {option}: {said}")
    assert line.count("\n") == 1


def test_an_option_is_given_by_its_whole_name() -> None:
    """Another one may begin as it does later."""
    said = refused("--port", "0", "--fault", code=2)
    assert said == "sagemaker-tuning local: unrecognized arguments: --fault\n"


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_data_directory_that_is_none_is_one_clear_line(tmp_path: Path, below: str) -> None:
    """Rather than that a file exists."""
    file = tmp_path / "file"
    file.touch()
    said = refused("--port", "0", "--data-dir", f"{file}{below}")
    assert said == f"sagemaker-tuning local: --data-dir {file}{below} is not a directory.\n"


@pytest.mark.parametrize("host", ["", "name.invalid", "300.0.0.1"])
def test_a_host_without_an_address_is_one_clear_line(host: str) -> None:
    """It is not taken for an address that other machines can reach."""
    assert refused("--port", "0", f"--host={host}") == (
        f"sagemaker-tuning local: --host {host!r} is not an address, nor a name that has one. Give"
        " an address of this machine, such as 127.0.0.1.\n"
    )


def test_an_address_of_another_machine_is_one_clear_line() -> None:
    """The line does not blame the port."""
    said = refused("--port", "0", "--host", "203.0.113.7", "--allow-remote")
    assert said.count("\n") == 1
    assert "cannot listen on 203.0.113.7:0" in said
    assert said.endswith("Give an address of this machine as --host, such as 127.0.0.1.\n")


def test_files_of_algorithms_add_up(tmp_path: Path) -> None:
    """None replaces another: an image that two of them have is named."""
    files = [tmp_path / "one.toml", tmp_path / "two.toml"]
    for file in files:
        file.write_text('[[algorithm]]\nimage = "mine"\ncommand = "true"\n')
    said = refused("--port", "0", *(f"--algorithms={file}" for file in files))
    assert said == "sagemaker-tuning local: the image mine has 2 algorithms. Give it one.\n"


def test_what_a_killed_endpoint_has_left_is_removed_by_the_next(
    start_endpoint: StartEndpoint,
) -> None:
    """Its temporary directories, also where nothing of it could tidy up; a live one's stay."""
    aws, killed = start_endpoint()
    folder = Path(f"/proc/{killed.pid}/environ").read_bytes().split(b"TMPDIR=")[1].split(b"\0")[0]
    aws.run(example(aws.upload(rows(400, seed=1), rows(200, seed=2))))
    left = set(Path(os.fsdecode(folder)).iterdir())
    assert left
    for pid in (*children(killed.pid), killed.pid):
        os.kill(pid, signal.SIGKILL)
    killed.wait(DEADLINE_SECONDS)
    running, _ = start_endpoint()
    assert not left & set(Path(os.fsdecode(folder)).iterdir())
    start_endpoint()
    running.run(example(running.upload(rows(400, seed=1), rows(200, seed=2))))


def test_missing_packages_are_one_clear_line(tmp_path: Path) -> None:
    """Without the extra the line says which packages are missing and how to install them."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys; sys.modules['moto'] = sys.modules['regex'] = None"
    )
    result = subprocess.run(
        [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert result.returncode == 1
    assert result.stderr == (
        "sagemaker-tuning local: the packages moto, regex are missing. Install them with"
        " pip install 'airflow-provider-sagemaker-tuning[local]'.\n"
    )


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_no_process_is_left_after_a_signal(
    start_endpoint: StartEndpoint, signum: signal.Signals
) -> None:
    """Training processes and the fork server are gone when the endpoint is, within seconds.

    SIGHUP is what the end of a terminal sends.
    """
    # The tests themselves may run under nohup, which children inherit.
    before = signal.signal(signum, signal.SIG_DFL)
    try:
        aws, process = start_endpoint()
    finally:
        signal.signal(signum, before)
    started = train(aws, process.pid)
    process.send_signal(signum)
    assert process.wait(DEADLINE_SECONDS) == 0
    wait_until_gone(started)


def test_a_signal_that_is_ignored_from_the_start_stays_so(start_endpoint: StartEndpoint) -> None:
    """`nohup` is how the endpoint outlives a terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        aws, process = start_endpoint()
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    assert aws.sagemaker.list_training_jobs()["TrainingJobSummaries"] == []
    process.terminate()
    assert process.wait(DEADLINE_SECONDS) == 0


def test_the_account_is_the_endpoints_own(
    start_endpoint: StartEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulated part of AWS is in it too, whatever moto is told elsewhere."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "111111111111")
    aws, _ = start_endpoint()
    assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"
    aws.run(example(aws.upload(rows(400, seed=1), rows(200, seed=2))))


def test_no_process_is_left_after_sigkill(start_endpoint: StartEndpoint) -> None:
    """Likewise when the endpoint cannot do anything about it."""
    aws, process = start_endpoint()
    started = train(aws, process.pid)
    process.kill()
    process.wait(DEADLINE_SECONDS)
    wait_until_gone(started)


def test_a_data_directory_has_one_endpoint(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """A second one would take the first one's running jobs for leftovers."""
    start_endpoint("--data-dir", str(tmp_path))
    said = refused("--port", "0", "--data-dir", str(tmp_path))
    assert said.count("\n") == 1
    assert "is in use by another endpoint" in said


def test_a_foreign_database_is_one_clear_line(tmp_path: Path) -> None:
    """Neither overwritten nor guessed at: no database, or one of a later version's layout."""
    file = tmp_path / "jobs.sqlite"
    file.write_text("not a database" * 100)
    said = refused("--port", "0", "--data-dir", str(tmp_path))
    assert said == (
        f"sagemaker-tuning local: {file} cannot be used: file is not a database."
        " Choose another --data-dir, or move that file away.\n"
    )
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    said = refused("--port", "0", "--data-dir", str(tmp_path))
    assert f"{file} was made by another version of the endpoint: its layout is 99," in said
    assert said.count("\n") == 1


def test_it_listens_on_the_other_loopback_too(start_endpoint: StartEndpoint) -> None:
    """IPv6's address is written with brackets, and is one of its names."""
    aws, _ = start_endpoint("--host", "::1")
    assert aws.url.startswith("http://[::1]:")
    assert aws.sagemaker.list_training_jobs()["TrainingJobSummaries"] == []


def test_nothing_of_an_ended_job_lies_about(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """Input and containers are removed with the job; what is kept is the store and S3."""
    aws, process = start_endpoint("--data-dir", str(tmp_path))
    bucket = aws.upload(rows(400, seed=1), rows(200, seed=2))
    aws.run(changed(example(bucket), DEFINITION, "EnableNetworkIsolation", value=True))
    process.terminate()
    process.wait(DEADLINE_SECONDS)
    kept = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {"jobs.sqlite", "lock", "s3"}
