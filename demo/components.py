"""Airflow's four components, forked from one process that has already imported what all need.

Run as a program, it creates the metadata database if there is none, starts the components and
stays their parent. It ends, and they with it, on SIGTERM, on SIGINT, or when one of them ends
by itself; with `--restart` that one is started again. Each writes to
`<AIRFLOW_HOME>/<component>.log`, and its process id to `<component>.pid`. The environment is
stack.py's.

Most of Airflow's start is importing the same modules in every component and again in every task.
On 2 cores `airflow standalone` takes 19 s until it answers; this takes 9 s.
"""

import importlib
import logging
import os
import runpy
import signal
import sys
import time
from pathlib import Path

from airflow import configuration, settings
from airflow.utils import db

# Task logs are read from this machine's disk: nobody needs them served, nor ports for it.
COMPONENTS = {
    "api-server": ["api-server"],
    "dag-processor": ["dag-processor"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}

# What tasks import anyway. Nothing here may start a thread: threads do not survive a fork.
PRELOADED = ["airflow.sdk.execution_time.supervisor", "airflow.providers.amazon.aws.hooks.base_aws"]

# More than an orderly end takes. Airflow may wait much longer: the scheduler for tasks that run,
# the triggerer now and then for nothing. What is left then is up to whoever started this process.
PATIENCE_SECONDS = 1.5

_STOP = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Run the components until told to stop; 1 if one of them ended by itself."""
    # Taken up one by one in _supervise; a handler could strike between any two instructions.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_STOP, signal.SIGCHLD})
    for module in PRELOADED:
        importlib.import_module(module)
    # Each component would do it, at the same time, and keep the key for encryption that it made.
    configuration.write_default_airflow_configuration_if_needed()
    db.initdb()
    if settings.engine:
        # No connection to the database may be shared by the processes to come.
        settings.engine.dispose()
    return _supervise(
        {_fork(name): name for name in COMPONENTS}, restarts="--restart" in sys.argv[1:]
    )


def _fork(name: str) -> int:
    if pid := os.fork():
        return pid
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_STOP, signal.SIGCHLD})
        _run(name)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        logging.getLogger(__name__).exception("%s broke down", name)
    finally:
        os._exit(status)


def _run(name: str) -> None:
    home = Path(os.environ["AIRFLOW_HOME"])
    (home / f"{name}.pid").write_text(str(os.getpid()), encoding="utf-8")
    with (home / f"{name}.log").open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    sys.argv = ["airflow", *COMPONENTS[name]]
    runpy.run_module("airflow", run_name="__main__", alter_sys=True)


def _supervise(running: dict[int, str], *, restarts: bool) -> int:
    while len(running) == len(COMPONENTS) and signal.sigwait({*_STOP, signal.SIGCHLD}) not in _STOP:
        _reap(running)
        if restarts:
            running |= {_fork(name): name for name in COMPONENTS.keys() - set(running.values())}
    failed = len(running) < len(COMPONENTS)
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while running and (left := deadline - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, left)
        _reap(running)
    return int(failed)


def _reap(running: dict[int, str]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        sys.stdout.write(f"{running.pop(pid)} ended: {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
