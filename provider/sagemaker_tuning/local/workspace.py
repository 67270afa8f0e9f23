"""The directory that an endpoint works in: of the user's, or for as long as it runs.

Each has a file that its endpoint holds a lock on, which the kernel lets go of however the endpoint
ends. So a directory of a dead endpoint can be told from that of a live one, whatever else runs.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PREFIX = "sagemaker-local-"
_LOCK = "lock"


class DirectoryInUseError(Exception):
    """Another endpoint has the directory."""


@contextlib.contextmanager
def kept(directory: Path) -> Iterator[Path]:
    """The user's directory, which is made where it is missing and stays.

    Raises:
        OSError: it cannot be made or written to.
        DirectoryInUseError: another endpoint runs over it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = _lock(directory)
    if lock is None:
        raise DirectoryInUseError
    with lock:
        yield directory.resolve()


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """A new directory that is removed at the end.

    Raises:
        OSError: it cannot be made.
    """
    directory, lock = _new()
    with lock:
        try:
            yield directory
        finally:
            _remove(directory)


def remove_leftovers() -> None:
    """Removes what endpoints of this user that were killed have left in the temporary directory.

    Safe beside other endpoints that start, run or do the same.
    """
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            # One without the file is not yet locked by the endpoint that is making it.
            if not (_is_own(directory) and (directory / _LOCK).is_file()):
                continue
            lock = _lock(directory)
            if lock is not None:
                with lock:
                    _remove(directory)


def _new() -> tuple[Path, IO[bytes]]:
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # Another endpoint may take it for a leftover before its lock is held.
        with contextlib.suppress(FileNotFoundError):
            lock = _lock(directory)
            if lock is not None:
                return directory, lock


def _lock(directory: Path) -> IO[bytes] | None:
    """The directory's lock, which goes with the file; None if somebody else has it."""
    path = directory / _LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    lock = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it last may have removed it meanwhile, and then it protects nothing.
        if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
            return lock
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            lock.close()
            raise
    lock.close()
    return None


def _is_own(directory: Path) -> bool:
    status = directory.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _remove(directory: Path) -> None:
    """The lock's file goes last: what cannot be removed now can be found the next time."""
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _LOCK:
                path.unlink()
        if [path.name for path in directory.iterdir()] == [_LOCK]:
            (directory / _LOCK).unlink()
            directory.rmdir()
