"""One SQLite file: its connection, its transactions, and who is told of what they changed."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sagemaker_tuning.local.schema import SCHEMA, ObservedTable

Value = str | float | None

# Goes up with each change of the tables that older files do not get by CREATE IF NOT EXISTS.
_LAYOUT = 1


class Change(NamedTuple):
    """A job's new document has become permanent.

    Attributes:
        progress: the part of the document that changes, as JSON.
    """

    table: ObservedTable
    region: str
    name: str
    progress: str


class UnusableDatabaseError(Exception):
    """The file is no database, or not one of this version; the message says which file."""


class Database:
    """The file, made with its tables where it is missing.

    One connection and one lock: SQLite answers in microseconds, so that readers in parallel
    would gain nothing. Open it after the fork server has been started; a connection must not
    cross a fork.

    Raises:
        UnusableDatabaseError: the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._observer: Callable[[Change], None] | None = None
        self._changes: list[Change] = []  # of the transaction under way
        try:
            self._connection = _opened(path)
        except sqlite3.Error as error:
            raise UnusableDatabaseError(f"{path} cannot be used: {error}") from error

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Has the observer told of every change once it is permanent, in their order."""
        self._observer = observer

    def close(self) -> None:
        """Closes the file; any later call fails."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside becomes visible, and permanent, at once or not at all."""
        with self._lock:
            if self._connection.in_transaction:  # the outer one decides
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._changes.clear()
                self._connection.rollback()  # nothing where SQLite has done so, its disk being full
                raise
            changes, self._changes = self._changes, []
            for change in changes:
                self._tell(change)

    def execute(self, sql: str, *values: Value, change: Change | None = None) -> list[Any]:
        """The rows that a statement answers.

        Args:
            sql: the statement.
            values: of its question marks.
            change: what the observer is to be told that the statement has changed.
        """
        with self._lock:
            rows = self._connection.execute(sql, values).fetchall()
            if change is not None:
                if self._connection.in_transaction:
                    self._changes.append(change)
                else:
                    self._tell(change)
            return rows

    def execute_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """One statement for each row of values."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def _tell(self, change: Change) -> None:
        if self._observer is not None:
            self._observer(change)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    ((layout,),) = connection.execute("PRAGMA user_version").fetchall()
    if layout not in {0, _LAYOUT}:
        raise UnusableDatabaseError(
            f"{path} was made by another version of the endpoint: its layout is {layout},"
            f" this version's is {_LAYOUT}"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # Safe against the death of the process at any instruction, which is what is promised.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(SCHEMA)
    connection.execute(f"PRAGMA user_version = {_LAYOUT}")
