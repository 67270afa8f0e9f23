"""`python -m demo run|up|down`, which the Makefile calls; `seed` is for docs/distributed.md."""

import argparse
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from demo import commands, console, home, pipelines, ports
from demo.errors import DemoError
from demo.timings import Stretches

_AIRFLOW_PORT = 8080
_ENDPOINT_PORT = 8765
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the command; 1 after one line on standard error that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("command", choices=["run", "up", "down", "seed"])
    parser.add_argument("--home", type=Path, default=home.PATH, help="folder (%(default)s)")
    parser.add_argument("--dag", default=pipelines.DEFAULT, help="what to run (%(default)s)")
    options = parser.parse_args()
    name = "demo" if options.command == "run" else options.command
    for number in _STOP_SIGNALS:
        signal.signal(number, _interrupt)
    try:
        _dispatch(options.command, options.home, options.dag)
    except DemoError as error:
        return _fail(name, str(error))
    except (httpx.HTTPError, BotoCoreError, ClientError) as error:
        return _fail(name, f"a call within the stack failed: {error!r}")
    except BrokenPipeError:
        # Whoever read our lines has gone, as `head` does; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _dispatch(command: str, folder: Path, dag_id: str) -> None:
    if command == "down":
        commands.down(folder)
        return
    if command == "seed":
        commands.seed(os.environ.get("AWS_ENDPOINT_URL", ""))
        return
    airflow_port = _port("AIRFLOW_PORT", _AIRFLOW_PORT)
    endpoint_port = _port("ENDPOINT_PORT", _ENDPOINT_PORT)
    if command == "up":
        commands.up(folder, airflow_port, endpoint_port)
    else:
        commands.demo(folder, dag_id, airflow_port, endpoint_port, _before())


def _before() -> Stretches:
    """What make did before it came to this process."""
    started = os.environ.get("DEMO_STARTED")
    return [("set up", time.time() - float(started))] if started else []


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if text.isdecimal() and int(text) <= ports.LARGEST:
        return int(text)
    raise DemoError(f"{variable}={text} is not a port; it takes 1 to {ports.LARGEST}, or 0 for any")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """End by way of every `finally`; from now on nothing may interrupt the tidying up."""
    for each in _STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        console.line(f"\n{signal.Signals(number).name}: stopping what was started")
    raise SystemExit(128 + number)


def _fail(name: str, message: str) -> int:
    sys.stderr.write(f"make {name}: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
