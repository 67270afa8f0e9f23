"""Jobs, what is deployed of them, and tags, in one SQLite file.

A document column holds what Describe answers; the other columns are what lists filter and sort
by, each with its index, so that no call gets slower as jobs pile up.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from sagemaker_tuning.local.wire import Document

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tuning_job (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    status TEXT NOT NULL,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    request TEXT NOT NULL,  -- what Create was given, as Describe shows it: written once
    progress TEXT NOT NULL  -- the rest of Describe: rewritten as the job goes on
);
CREATE UNIQUE INDEX IF NOT EXISTS tuning_job_name ON tuning_job (region, name);
CREATE INDEX IF NOT EXISTS tuning_job_created ON tuning_job (region, creation_time, name);
CREATE INDEX IF NOT EXISTS tuning_job_status ON tuning_job (region, status, name);
CREATE TABLE IF NOT EXISTS training_job (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    tuning_job TEXT NOT NULL COLLATE NOCASE,
    status TEXT NOT NULL,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    objective REAL,
    progress TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS training_job_name ON training_job (region, name);
CREATE INDEX IF NOT EXISTS training_job_created ON training_job (region, creation_time, name);
CREATE INDEX IF NOT EXISTS training_job_status ON training_job (region, status, name);
CREATE INDEX IF NOT EXISTS training_job_of ON training_job (region, tuning_job, name);
CREATE TABLE IF NOT EXISTS report (
    region TEXT NOT NULL,
    tuning_job TEXT NOT NULL COLLATE NOCASE,
    number INTEGER NOT NULL,
    objectives TEXT NOT NULL,
    PRIMARY KEY (region, tuning_job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tag (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""
_RESOURCE_SCHEMA = """
CREATE TABLE IF NOT EXISTS {table} (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    parent TEXT COLLATE NOCASE,  -- a model package's group
    status TEXT,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    progress TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS {table}_name ON {table} (region, name);
"""

JobTable = Literal["tuning_job", "training_job"]
ResourceTable = Literal[
    "model", "endpoint_config", "endpoint", "model_package", "model_package_group"
]
Table = JobTable | ResourceTable
Column = Literal["name", "status", "creation_time", "objective"]
_RESOURCES: Sequence[ResourceTable] = get_args(ResourceTable)
_DOCUMENTS: Mapping[Table, str] = {
    "tuning_job": "request, progress",
    "training_job": "progress",
    **dict.fromkeys(_RESOURCES, "progress"),
}


class Change(NamedTuple):
    """A job's new document has become permanent.

    Attributes:
        progress: the part of the document that changes, as JSON.
    """

    table: JobTable
    region: str
    name: str
    progress: str


class NameTakenError(Exception):
    """Something of that kind and name, in whichever case, exists in the region."""


@dataclass(frozen=True)
class Condition:
    """One test of a listing: a column, a comparison and what it is compared with."""

    column: str
    comparison: Literal["=", "<", ">", "contains", "lacks"]
    value: str | float

    @property
    def sql(self) -> str:
        """The test with a `?` for the value."""
        if self.comparison in {"contains", "lacks"}:
            sign = ">" if self.comparison == "contains" else "="
            return f"instr(lower({self.column}), lower(?)) {sign} 0"
        return f"{self.column} {self.comparison} ?"


@dataclass(frozen=True)
class Listing:
    """A page of a list: the tests, the order, and the row after which the page begins."""

    region: str
    conditions: Sequence[Condition]
    sort_by: Column
    descending: bool
    limit: int
    after: tuple[str | float, str] | None = None


@dataclass(frozen=True)
class Row:
    """A listed job: its document, and where it stands in the list's order."""

    document: Document
    position: tuple[str | float, str]


class Store:
    """All jobs and resources of the endpoint.

    One connection and one lock: SQLite answers in microseconds, so that readers in parallel
    would gain nothing. Open it after the fork server has been started; a connection must not
    cross a fork.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._observer: Callable[[Change], None] | None = None
        self._changes: list[Change] = []  # of the transaction under way
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Safe against the death of the process at any instruction, which is what is promised.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        for table in _RESOURCES:
            self._connection.executescript(_RESOURCE_SCHEMA.format(table=table))

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Has the observer told of every change of a job once it is permanent, in their order.

        It is called in the midst of the store's work, so it must be quick and not raise.
        """
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

    def add_tuning_job(self, region: str, request: Document, progress: Document) -> None:
        """A new tuning job.

        Raises:
            NameTakenError: the name is taken; nothing is written.
        """
        self._add(
            "tuning_job",
            region=region,
            name=request["HyperParameterTuningJobName"],
            status=progress["HyperParameterTuningJobStatus"],
            creation_time=progress["CreationTime"],
            last_modified_time=progress["LastModifiedTime"],
            request=json.dumps(request),
            progress=json.dumps(progress),
        )

    def update_tuning_job(self, region: str, name: str, progress: Document) -> None:
        """Replaces what Describe answers beside the request."""
        text = json.dumps(progress)
        with self._lock:
            self._execute(
                "UPDATE tuning_job SET status = ?, last_modified_time = ?, progress = ?"
                " WHERE region = ? AND name = ?",
                progress["HyperParameterTuningJobStatus"],
                progress["LastModifiedTime"],
                text,
                region,
                name,
            )
            self._changed(Change("tuning_job", region, name, text))

    def tuning_job_progress(self, region: str, name: str) -> Document:
        """The part of a tuning job that changes; the job must exist."""
        ((progress,),) = self._execute(
            "SELECT progress FROM tuning_job WHERE region = ? AND name = ?", region, name
        )
        document: Document = json.loads(progress)
        return document

    def add_training_job(self, region: str, tuning_job: str, progress: Document) -> None:
        """A new training job of a tuning job."""
        self._add(
            "training_job",
            region=region,
            name=progress["TrainingJobName"],
            tuning_job=tuning_job,
            status=progress["TrainingJobStatus"],
            creation_time=progress["CreationTime"],
            last_modified_time=progress["LastModifiedTime"],
            progress=json.dumps(progress),
        )

    def update_training_job(self, region: str, progress: Document) -> None:
        """Replaces a training job's document."""
        objective = progress.get("FinalHyperParameterTuningJobObjectiveMetric")
        name, text = progress["TrainingJobName"], json.dumps(progress)
        with self._lock:
            self._execute(
                "UPDATE training_job SET status = ?, last_modified_time = ?, objective = ?,"
                " progress = ? WHERE region = ? AND name = ?",
                progress["TrainingJobStatus"],
                progress["LastModifiedTime"],
                None if objective is None else objective["Value"],
                text,
                region,
                name,
            )
            self._changed(Change("training_job", region, name, text))

    def training_jobs(self, region: str, tuning_job: str) -> list[Document]:
        """All training jobs of a tuning job, by name."""
        rows = self._execute(
            "SELECT progress FROM training_job WHERE region = ? AND tuning_job = ? ORDER BY name",
            region,
            tuning_job,
        )
        return [json.loads(progress) for (progress,) in rows]

    def release_training_job(self, region: str, document: Document) -> None:
        """Has a training job outlive its tuning job; the document is all that is known of it."""
        self._execute(
            "UPDATE training_job SET tuning_job = '', progress = ? WHERE region = ? AND name = ?",
            json.dumps(document),
            region,
            document["TrainingJobName"],
        )

    def add_reports(
        self, region: str, tuning_job: str, number: int, objectives: Sequence[float]
    ) -> None:
        """Keeps what an ended training job reported as it ran, for the search to know again."""
        self._execute(
            "INSERT OR REPLACE INTO report (region, tuning_job, number, objectives)"
            " VALUES (?, ?, ?, ?)",
            region,
            tuning_job,
            number,
            json.dumps(objectives),
        )

    def reports(self, region: str, tuning_job: str) -> dict[int, list[float]]:
        """What the training jobs of a tuning job reported, by their numbers from 0."""
        rows = self._execute(
            "SELECT number, objectives FROM report WHERE region = ? AND tuning_job = ?",
            region,
            tuning_job,
        )
        return {number: json.loads(objectives) for number, objectives in rows}

    def delete_reports(self, region: str, tuning_job: str) -> None:
        """Forgets what they reported."""
        self._execute("DELETE FROM report WHERE region = ? AND tuning_job = ?", region, tuning_job)

    def add_resource(
        self,
        table: ResourceTable,
        region: str,
        name: str,
        document: Document,
        *,
        status: str | None = None,
        parent: str | None = None,
    ) -> None:
        """A new model, endpoint or the like.

        Raises:
            NameTakenError: the name is taken; nothing is written.
        """
        created = document["CreationTime"]
        self._insert(
            table,
            region=region,
            name=name,
            parent=parent,
            status=status,
            creation_time=created,
            last_modified_time=document.get("LastModifiedTime", created),
            progress=json.dumps(document),
        )

    def update_resource(
        self,
        table: ResourceTable,
        region: str,
        name: str,
        document: Document,
        *,
        status: str | None,
    ) -> None:
        """Replaces the document; one that has been deleted stays so."""
        self._execute(
            f"UPDATE {table} SET status = ?, last_modified_time = ?, progress = ?"  # noqa: S608 -- constants of this module; values are bound
            " WHERE region = ? AND name = ?",
            status,
            document["LastModifiedTime"],
            json.dumps(document),
            region,
            name,
        )

    def delete_resource(self, table: Table, region: str, name: str, arn: str) -> None:
        """Removes it and its tags, a job too."""
        with self.transaction():
            self._execute(
                f"DELETE FROM {table} WHERE region = ? AND name = ?",  # noqa: S608 -- constants of this module; values are bound
                region,
                name,
            )
            self._execute("DELETE FROM tag WHERE arn = ?", arn)

    def endpoints(self) -> list[tuple[str, Document]]:
        """Region and document of every endpoint."""
        rows = self._execute("SELECT region, progress FROM endpoint")
        return [(region, json.loads(progress)) for region, progress in rows]

    def find(self, table: Table, region: str, name: str) -> Document | None:
        """The document, or None; the name's case does not matter."""
        rows = self._execute(
            f"SELECT {_DOCUMENTS[table]} FROM {table} WHERE region = ? AND name = ?",  # noqa: S608 -- constants of this module
            region,
            name,
        )
        return _merged(rows[0]) if rows else None

    def list_jobs(self, table: Table, listing: Listing) -> list[Row]:
        """At most `limit` jobs in the order asked for, names breaking ties."""
        column = listing.sort_by
        tests = ["region = ?", *(condition.sql for condition in listing.conditions)]
        values: list[str | float] = [
            listing.region,
            *(condition.value for condition in listing.conditions),
        ]
        if listing.after is not None:
            tests.append(f"({column}, name) {'<' if listing.descending else '>'} (?, ?)")
            values += listing.after
        order = "DESC" if listing.descending else "ASC"
        rows = self._execute(
            f"SELECT {column}, name, {_DOCUMENTS[table]} FROM {table}"  # noqa: S608 -- constants of this module; values are bound
            f" WHERE {' AND '.join(tests)} ORDER BY {column} {order}, name {order} LIMIT ?",
            *values,
            listing.limit,
        )
        return [Row(_merged(documents), (value, name)) for value, name, *documents in rows]

    def unfinished_tuning_jobs(self) -> list[tuple[str, Document]]:
        """Region and document of every tuning job that has not reached a terminal status."""
        rows = self._execute(
            "SELECT region, request, progress FROM tuning_job"
            " WHERE status IN ('InProgress', 'Stopping')"
        )
        return [(region, _merged(documents)) for region, *documents in rows]

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags by key, in the keys' order; empty for an unknown resource."""
        rows = self._execute("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", arn)
        return dict(rows)

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Sets tags; a key that is there already gets the new value."""
        with self._lock:
            self._connection.executemany(
                "INSERT OR REPLACE INTO tag (arn, key, value) VALUES (?, ?, ?)",
                [(arn, key, value) for key, value in tags.items()],
            )

    def delete_tags(self, arn: str, keys: Sequence[str]) -> None:
        """Removes tags; a key that is not there is passed over."""
        with self._lock:
            self._connection.executemany(
                "DELETE FROM tag WHERE arn = ? AND key = ?", [(arn, key) for key in keys]
            )

    def _add(self, table: JobTable, **columns: Any) -> None:
        with self._lock:
            self._insert(table, **columns)
            self._changed(Change(table, columns["region"], columns["name"], columns["progress"]))

    def _insert(self, table: Table, **columns: Any) -> None:
        try:
            self._execute(
                f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 -- names from this module's calls; values are bound
                f" VALUES ({', '.join('?' * len(columns))})",
                *columns.values(),
            )
        except sqlite3.IntegrityError as error:
            raise NameTakenError(columns["name"]) from error

    def _changed(self, change: Change) -> None:
        """Notes a change for the observer; the lock is the caller's."""
        if self._connection.in_transaction:
            self._changes.append(change)
        else:
            self._tell(change)

    def _tell(self, change: Change) -> None:
        if self._observer is not None:
            self._observer(change)

    def _execute(self, sql: str, *values: str | float | None) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def _merged(documents: Sequence[str]) -> Document:
    merged: Document = {}
    for document in documents:
        merged.update(json.loads(document))
    return merged
