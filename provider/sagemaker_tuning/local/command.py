"""The local SageMaker endpoint as a command: options, start, end."""

import argparse
import contextlib
import ctypes
import errno
import importlib.util
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sagemaker_tuning.local import own_algorithms, workspace
from sagemaker_tuning.local.access.route import ACCESS
from sagemaker_tuning.local.database import UnusableDatabaseError
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
_NEEDED = ("flask", "flask_cors", "moto", "optuna", "regex", "xgboost")
_LARGEST_PORT = 65_535
_LONGEST_SECONDS = 86_400


class StartError(Exception):
    """The endpoint cannot start; the message says why and what to do."""


class _Parser(argparse.ArgumentParser):
    """A mistake is one line, without all the options before it."""

    def error(self, message: str) -> NoReturn:
        """Exits with 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the endpoint until SIGTERM, SIGINT or SIGHUP.

    Returns:
        The exit code: 0 at the end, 1 when it could not start, which one line on stderr explains.

    Raises:
        SystemExit: 2 for an option that is not right, which one line on stderr explains too.
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
    parser = _Parser(
        prog="sagemaker-tuning local",
        allow_abbrev=False,
        description="The local SageMaker endpoint: tuning and training jobs run for real, the"
        " rest of AWS is emulated by moto. Point AWS_ENDPOINT_URL at it.",
    )
    parser.add_argument(
        "--port", type=_port, required=True, help="port to listen on; 0 picks a free one"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="allow a --host that other machines can reach; there is no authentication",
    )
    parser.add_argument(
        "--data-dir",
        type=_path,
        metavar="DIRECTORY",
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
        action="append",
        type=_path,
        default=[],
        metavar="FILE",
        help="TOML file of [[algorithm]] tables for several of them: image, and command (text or"
        " list), arguments (instead of 'train'), directory (from the file's) and environment; or"
        " image and python, the interpreter for scripts that are submitted for that image. Can be"
        " repeated",
    )
    parser.add_argument(
        "--simulate",
        action="append",
        default=[],
        metavar="IMAGE=SECONDS",
        help="for rehearsals of many jobs at once: training jobs of this image take so long and"
        " start no process; their objective metric is made up. * in IMAGE is any text. Can be"
        " repeated",
    )
    parser.add_argument(
        "--completion-delay",
        type=_seconds,
        default=0,
        metavar="SECONDS",
        help="for tests and rehearsals: hold back the completion of each training job by a random"
        " time up to this, so that jobs end late and in another order (%(default)s)",
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
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="[KEY=]FILE",
        help="refuse what an IAM policy does not allow; with KEY= to those alone whose access key"
        " id that is. `sagemaker-tuning policy` prints policies. How they were used is told at"
        f" {ACCESS}. Can be repeated: a caller may do what any of them allows",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _LARGEST_PORT):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a port. Give 1 to {_LARGEST_PORT}, or 0 for a free one."
        )
    return int(text)


def _path(text: str) -> Path:
    if not text:  # which pathlib takes for the current directory
        raise argparse.ArgumentTypeError(
            "'' is not a path. Give one; '.' is the current directory."
        )
    return Path(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= _LONGEST_SECONDS:
            return float(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a time in seconds. Give a number from 0 to {_LONGEST_SECONDS}."
    )


def _run(options: argparse.Namespace) -> None:
    _check_packages()
    _share_heaps()
    sys.setswitchinterval(_SWITCH_SECONDS)
    family, address = _resolve(options.host)
    if not (options.allow_remote or is_loopback(address)):
        raise StartError(
            f"--host {options.host} can be reached from other machines, and the endpoint has no"
            " authentication. Add --allow-remote if that is what you want."
        )
    try:
        algorithms = own_algorithms.read(options.algorithm, options.algorithms, options.simulate)
    except own_algorithms.AlgorithmError as error:
        raise StartError(str(error)) from error
    fault_token = secrets.token_urlsafe() if options.faults else None
    with (
        _end_asked_for() as asked,
        _listen(family, address, options.port) as listening,
        _temporary() as temporary,
        _directory(options, temporary) as directory,
        # Before moto and all else is imported, and before there is any thread.
        TrainingProcesses(temporary / "cache", algorithms) as processes,
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


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        # IPv4 first, which is what clients try that are given a name.
        found = sorted(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise StartError(
            f"--host {host!r} is not an address, nor a name that has one. Give an address of this"
            " machine, such as 127.0.0.1."
        ) from error
    family, *_, address = found[0]
    return family, str(address[0])


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        advice = "Choose another --port, or 0 for a free one."
        if error.errno == errno.EADDRNOTAVAIL:
            advice = "Give an address of this machine as --host, such as 127.0.0.1."
        reason = error.strerror if error.errno is None else os.strerror(error.errno)
        raise StartError(f"cannot listen on {address}:{port}: {reason}. {advice}") from error


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    workspace.remove_leftovers()
    with _usable("a temporary directory", workspace.temporary()) as directory:
        yield directory


@contextlib.contextmanager
def _directory(options: argparse.Namespace, temporary: Path) -> Iterator[Path]:
    if options.data_dir is None:
        yield temporary
        return
    kept = workspace.kept(options.data_dir)
    with _usable(f"--data-dir {options.data_dir}", kept) as directory:
        yield directory


@contextlib.contextmanager
def _usable(where: str, opened: contextlib.AbstractContextManager[Path]) -> Iterator[Path]:
    with contextlib.ExitStack() as stack:
        try:
            directory = stack.enter_context(opened)
        except (FileExistsError, NotADirectoryError) as error:
            raise StartError(f"{where} is not a directory.") from error
        except OSError as error:
            raise StartError(f"{where} cannot be used: {error}.") from error
        except workspace.DirectoryInUseError as error:
            raise StartError(
                f"{where} is in use by another endpoint. Choose another one."
            ) from error
        yield directory


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
    from sagemaker_tuning.local.access.access import Access, Policy  # noqa: PLC0415 -- see above
    from sagemaker_tuning.local.access.policies import PolicyError  # noqa: PLC0415 -- likewise
    from sagemaker_tuning.local.endpoint import Endpoint  # noqa: PLC0415 -- likewise
    from sagemaker_tuning.local.runner.recovery import (  # noqa: PLC0415 -- likewise
        MissingAlgorithmError,
    )
    from sagemaker_tuning.local.runner.workplace import Settings  # noqa: PLC0415 -- likewise

    try:
        access = Access([Policy.of(each) for each in options.policy])
    except PolicyError as error:
        raise StartError(f"--policy {error}") from error
    try:
        return Endpoint(
            listening,
            directory,
            processes,
            AllowedHosts(options.host, remote=options.allow_remote),
            Settings(options.completion_delay, options.stop_grace),
            keep_objects=options.data_dir is not None,
            fault_token=fault_token,
            access=access,
        )
    except MissingAlgorithmError as error:
        raise StartError(f"--data-dir {options.data_dir}: {error}") from error
    except UnusableDatabaseError as error:
        raise StartError(f"{error}. Choose another --data-dir, or move that file away.") from error
