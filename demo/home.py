"""The demo's own folder in the checkout: one stack at a time, whoever started it."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from demo import stack
from demo.errors import DemoError
from demo.record import Record
from demo.stack import ROOT

PATH = ROOT / ".demo"
_LOCK = "lock"


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep every other command of the demo out of `home`.

    The lock goes with the process, so a command that was killed holds nothing.

    Raises:
        DemoError: Another command is at work there.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / _LOCK).open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(
                "another `make demo`, `make up` or `make down` is at work in this folder;"
                " let it end, or press Ctrl-C there"
            ) from error
        yield


def kept(home: Path) -> Record | None:
    """The stack that `make up` left running, or None.

    Anything else that is still there was left behind by a command that was killed: it is ended.
    """
    record = Record.load(home)
    if record and record.kept and record.is_alive:
        return record
    if record:
        stack.stop(record, home)
    return None


def clear(home: Path) -> None:
    """Delete everything in `home` but the lock."""
    for entry in home.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()
