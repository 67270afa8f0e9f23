"""The local SageMaker endpoint as a command: options, start, end."""

import argparse
import contextlib
import ctypes
import fcntl
import importlib.util
import logging
import math
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sagemaker_tuning.local import own_algorithms
from sagemaker_tuning.local.faults.route import FAULTS, TOKEN_HEADER
from sagemaker_tuning.local.http.hosts import AllowedHosts, is_loopback
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.training.processes import TrainingProcesses

if TYPE_CHECKING:
    from sagemaker_tuning.local.endpoint import Endpoint

_EXTRA = "airflow-provider-sagemaker-tuning[local]"
# How long a thread that computes, as the search does, keeps one waiting that is back from a file.
_SWITCH_SECONDS = 0.0005
_M_ARENA_MAX = -8  # of glibc's malloc.h
_NEEDED = ("flask", "flask_cors", "moto", "optuna", "xgboost")


class StartError(Exception):
    """The endpoint cannot start; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the endpoint until SIGTERM, SIGINT or SIGHUP.

    Returns:
        The exit code: 0 at the end, 1 when it could not start, which one line on stderr explains.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    try:
        _run(options)
    except StartError as error:
        sys.stderr.write(f"sagemaker-tuning local: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sagemaker-tuning local",
        description="The local SageMaker endpoint: tuning and training jobs run for real, the"
        " rest of AWS is emulated by moto. Point AWS_ENDPOINT_URL at it.",
    )
    parser.add_argument(
        "--port", type=int, required=True, help="port to listen on; 0 picks a free one"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="allow a --host that other machines can reach; there is no authentication",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="directory that keeps the jobs and the objects in S3 between runs; without it nothing"
        " is kept. Logs, queues and the rest of the emulated AWS are not kept in any case",
    )
    parser.add_argument(
        "--algorithm",
        action="append",
        default=[],
        metavar="IMAGE=COMMAND",
        help="train with a command of yours where a request names this training image; * in IMAGE"
        " is any text. The command plays the image's entry point: it is started as 'COMMAND train',"
        " without a shell, in the directory where the endpoint was started. Can be repeated",
    )
    parser.add_argument(
        "--algorithms",
        type=Path,
        metavar="FILE",
        help="TOML file of [[algorithm]] tables for several of them: image, and command (text or"
        " list), arguments (instead of 'train'), directory (from the file's) and environment; or"
        " image and python, the interpreter for scripts that are submitted for that image",
    )
    parser.add_argument(
        "--completion-delay",
        type=_seconds,
        default=0,
        metavar="SECONDS",
        help="hold back each training job's completion by a random time up to this, to show that"
        " results do not depend on which job ends first",
    )
    parser.add_argument(
        "--stop-grace",
        type=_seconds,
        default=120,
        metavar="SECONDS",
        help="time between SIGTERM and SIGKILL for a training job that is stopped (%(default)s)",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="let tests and rehearsals inject faults, through a route whose address and token are"
        " printed",
    )
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(text)
    return value


def _run(options: argparse.Namespace) -> None:
    _check_packages()
    _share_heaps()
    sys.setswitchinterval(_SWITCH_SECONDS)
    if not (options.allow_remote or is_loopback(options.host)):
        raise StartError(
            f"--host {options.host} can be reached from other machines, and the endpoint has no"
            " authentication. Add --allow-remote if that is what you want."
        )
    try:
        algorithms = own_algorithms.read(options.algorithm, options.algorithms)
    except own_algorithms.AlgorithmError as error:
        raise StartError(str(error)) from error
    fault_token = secrets.token_urlsafe() if options.faults else None
    with (
        _end_asked_for() as asked,
        _listen(options.host, options.port) as listening,
        _directory(options) as directory,
        # Before moto and all else is imported, and before there is any thread.
        TrainingProcesses(algorithms) as processes,
        _endpoint(options, listening, directory, processes, fault_token) as endpoint,
    ):
        host, port = listening.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        # For whoever started it to wait for, so it goes out at once.
        sys.stdout.write(f"Local SageMaker endpoint ready on {url} (account {endpoint.account})\n")
        if fault_token is not None:
            sys.stdout.write(
                f"Fault control: PUT {url}{FAULTS}, header {TOKEN_HEADER}: {fault_token}\n"
            )
        sys.stdout.flush()
        asked.recv(1)


def _share_heaps() -> None:
    """Has all threads allocate from two heaps, before there is a second thread.

    glibc gives up to eight for each core to its threads, and what a training job's thread leaves
    in one keeps the rest of it from the next: together half of the memory that a job costs.
    """
    with contextlib.suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


@contextlib.contextmanager
def _end_asked_for() -> Iterator[socket.socket]:
    """A socket that has something to read once a signal has asked for the end.

    Not an Event: set by a handler, it would wait for a lock that the interrupted wait may hold.
    """
    asked, wakeup = socket.socketpair()
    with asked, wakeup:
        wakeup.settimeout(0)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Only a signal that has a handler writes to the socket. nohup ignores SIGHUP.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        try:
            yield asked
        finally:
            signal.set_wakeup_fd(-1)


def _check_packages() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StartError(
            f"the packages {', '.join(missing)} are missing. Install them with"
            f" pip install '{_EXTRA}'."
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise StartError(
            f"cannot listen on {host}:{port}: {error}. Choose another --port, or 0 for a free one."
        ) from error


@contextlib.contextmanager
def _directory(options: argparse.Namespace) -> Iterator[Path]:
    if options.data_dir is None:
        with tempfile.TemporaryDirectory(
            prefix="sagemaker-local-", ignore_cleanup_errors=True
        ) as directory:
            yield Path(directory)
        return
    try:
        options.data_dir.mkdir(parents=True, exist_ok=True)
        lock = (options.data_dir / "lock").open("w")
    except OSError as error:
        raise StartError(f"--data-dir {options.data_dir} cannot be used: {error}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(
                f"--data-dir {options.data_dir} is in use by another endpoint. Choose another one."
            ) from error
        yield options.data_dir.resolve()


def _endpoint(
    options: argparse.Namespace,
    listening: socket.socket,
    directory: Path,
    processes: TrainingProcesses,
    fault_token: str | None,
) -> "Endpoint":
    # moto reads them when it is imported, which is therefore here and not at the top.
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
    from sagemaker_tuning.local.endpoint import Endpoint  # noqa: PLC0415 -- see above
    from sagemaker_tuning.local.runner.workplace import Settings  # noqa: PLC0415 -- likewise

    return Endpoint(
        listening,
        directory,
        processes,
        AllowedHosts(options.host, remote=options.allow_remote),
        Settings(options.completion_delay, options.stop_grace),
        keep_objects=options.data_dir is not None,
        fault_token=fault_token,
    )
