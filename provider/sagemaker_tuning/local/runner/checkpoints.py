"""Checkpoints: files of a training job that S3 has copies of while it runs.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sagemaker_tuning.local import objects

_SYNC_SECONDS = 1.0
# What SageMaker's XGBoost container gives files that its checkpoints are not, and AWS's agent
# those by which the two work together.
_NOT_COPIED = (".sagemaker-ignore", ".sagemaker-uploading", ".sagemaker-uploaded")
# Within a few milliseconds a file can change twice and have one time of change.
_RESTED_NANOSECONDS = 50_000_000

_State = tuple[int, int, int]


class Checkpoints:
    """A directory whose files are copied to S3 when they change, and deleted there with it.

    Args:
        uri: where its copy is, with no slash at the end.
        directory: it exists.
    """

    def __init__(self, uri: str, directory: Path) -> None:
        self._uri = uri
        self._directory = directory
        self._copied: dict[str, _State | None] = {}
        """The files in S3, by path, as they were when they were copied; None if unsure."""
        self._ended = threading.Event()

    def restore(self) -> None:
        """Downloads what an earlier attempt has left in S3, if it has left anything.

        Raises:
            S3AccessError: there is no such bucket, or a key that cannot be saved as a file.
        """
        objects.require_bucket(self._uri, what="Checkpoint")
        if objects.exist(f"{self._uri}/"):
            objects.download(f"{self._uri}/", self._directory)
        self._copied.update(self._look())

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Copies while something runs, and at its end; where it raises, not at its end.

        Raises:
            S3AccessError: at the end, the bucket does not exist any more.
        """
        thread = threading.Thread(target=self._copy_repeatedly, name="checkpoints", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
        self._copy()

    def _copy_repeatedly(self) -> None:
        with suppress(objects.S3AccessError):  # which the last copy meets too, and tells
            while not self._ended.wait(_SYNC_SECONDS):
                self._copy()

    def _copy(self) -> None:
        there = self._look()
        for path, state in there.items():
            if self._copied.get(path) != state:
                self._copy_file(path, state)
        for path in self._copied.keys() - there.keys():
            objects.delete(self._key(path))
            del self._copied[path]

    def _copy_file(self, path: str, state: _State) -> None:
        file = self._directory / path
        rested = time.time_ns() - state[0] > _RESTED_NANOSECONDS
        try:
            content = file.read_bytes()
            if _state(file) != state:  # it is being written, and its turn comes again
                return
        except OSError:  # it has been deleted
            return
        objects.upload(self._key(path), content, what="Checkpoint")
        self._copied[path] = state if rested else None

    def _look(self) -> dict[str, _State]:
        found = {}
        for folder, _, names in os.walk(self._directory):
            for name in names:
                file = Path(folder, name)
                if not name.endswith(_NOT_COPIED) and file.is_file():
                    with suppress(FileNotFoundError):
                        found[str(file.relative_to(self._directory))] = _state(file)
        return found

    def _key(self, path: str) -> str:
        # File names may be any bytes, keys are texts.
        return f"{self._uri}/{os.fsencode(path).decode(errors='replace')}"


def _state(file: Path) -> _State:
    found = file.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
