"""Parsed data that training processes share."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sagemaker_tuning.local.training.xgboost.parsed_data import parsed
from sagemaker_tuning.local.training.xgboost.rows import Rows

ROWS = Rows(np.ones((2, 1), np.float32), np.zeros(2, np.float32))
LOCKS = Path("/proc/locks")

pytestmark = pytest.mark.skipif(not LOCKS.exists(), reason="only Linux tells who waits")


class Readers:
    """Reads one file twice at the same time, the first time until it is told to go on."""

    def __init__(self, tmp_path: Path) -> None:
        self.reads = 0
        self._file = tmp_path / "data.csv"
        self._file.write_text("0,1\n0,1\n")
        self._cache = tmp_path / "cache"
        self._cache.mkdir()
        self._begun, self._go = threading.Event(), threading.Event()

    def run(self, *, first_fails: bool) -> tuple[Future[Rows], Future[Rows]]:
        """What the first call came to, and the second, which began in the midst of the first."""
        with ThreadPoolExecutor() as threads:
            first = threads.submit(self._parsed, first_fails=first_fails)
            assert self._begun.wait(10)
            second = threads.submit(self._parsed, first_fails=first_fails)
            deadline = time.monotonic() + 10
            while not self._waited_for() and not second.done() and time.monotonic() < deadline:
                time.sleep(0.01)
            self._go.set()
        return first, second

    def _parsed(self, *, first_fails: bool) -> Rows:
        return parsed([self._file], self._cache, "csv", lambda: self._read(fails=first_fails))

    def _read(self, *, fails: bool) -> Rows:
        self.reads += 1
        if self.reads == 1:
            self._begun.set()
            assert self._go.wait(20)
            if fails:
                raise ValueError("no data")
        return ROWS

    def _waited_for(self) -> bool:
        inode = f":{self._file.stat().st_ino} "
        return any("->" in line and inode in line for line in LOCKS.read_text().splitlines())


def test_what_another_is_reading_is_waited_for(tmp_path: Path) -> None:
    """Processes that begin at once read the data once."""
    readers = Readers(tmp_path)
    first, second = readers.run(first_fails=False)
    assert readers.reads == 1
    assert second.result().features.tolist() == first.result().features.tolist() == [[1], [1]]


def test_who_has_waited_in_vain_reads(tmp_path: Path) -> None:
    """The first failed: whoever waited for it reads for itself."""
    readers = Readers(tmp_path)
    first, second = readers.run(first_fails=True)
    assert isinstance(first.exception(), ValueError)
    assert second.result() == ROWS
    assert readers.reads == 2
