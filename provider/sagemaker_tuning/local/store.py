"""Jobs, what is deployed of them, and tags, in one SQLite file."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sagemaker_tuning.local.database import Change, Database, Value
from sagemaker_tuning.local.listings import Listing, Row
from sagemaker_tuning.local.schema import DOCUMENTS, ResourceTable, Table
from sagemaker_tuning.local.wire import Document


class NameTakenError(Exception):
    """Something of that kind and name, in whichever case, exists in the region."""


class Store:
    """All jobs and resources of the endpoint."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Has the observer told of every change of a job once it is permanent, in their order.

        It is called in the midst of the store's work, so it must be quick and not raise.
        """
        self._database.observe(observer)

    def close(self) -> None:
        """Closes the file; any later call fails."""
        self._database.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Everything written inside becomes visible, and permanent, at once or not at all."""
        return self._database.transaction()

    def add_tuning_job(self, region: str, request: Document, progress: Document) -> None:
        """A new tuning job.

        Raises:
            NameTakenError: the name is taken; nothing is written.
        """
        name = request["HyperParameterTuningJobName"]
        self._add_job(
            Change("tuning_job", region, name, json.dumps(progress)),
            status=progress["HyperParameterTuningJobStatus"],
            creation_time=progress["CreationTime"],
            last_modified_time=progress["LastModifiedTime"],
            request=json.dumps(request),
        )

    def update_tuning_job(self, region: str, name: str, progress: Document) -> None:
        """Replaces what Describe answers beside the request."""
        text = json.dumps(progress)
        self._database.execute(
            "UPDATE tuning_job SET status = ?, last_modified_time = ?, progress = ?"
            " WHERE region = ? AND name = ?",
            progress["HyperParameterTuningJobStatus"],
            progress["LastModifiedTime"],
            text,
            region,
            name,
            change=Change("tuning_job", region, name, text),
        )

    def tuning_job_progress(self, region: str, name: str) -> Document:
        """The part of a tuning job that changes; the job must exist."""
        ((progress,),) = self._database.execute(
            "SELECT progress FROM tuning_job WHERE region = ? AND name = ?", region, name
        )
        document: Document = json.loads(progress)
        return document

    def add_training_job(self, region: str, tuning_job: str, progress: Document) -> None:
        """A new training job of a tuning job."""
        self._add_job(
            Change("training_job", region, progress["TrainingJobName"], json.dumps(progress)),
            tuning_job=tuning_job,
            status=progress["TrainingJobStatus"],
            creation_time=progress["CreationTime"],
            last_modified_time=progress["LastModifiedTime"],
        )

    def update_training_job(self, region: str, progress: Document) -> None:
        """Replaces a training job's document."""
        objective = progress.get("FinalHyperParameterTuningJobObjectiveMetric")
        name, text = progress["TrainingJobName"], json.dumps(progress)
        self._database.execute(
            "UPDATE training_job SET status = ?, last_modified_time = ?, objective = ?,"
            " progress = ? WHERE region = ? AND name = ?",
            progress["TrainingJobStatus"],
            progress["LastModifiedTime"],
            None if objective is None else objective["Value"],
            text,
            region,
            name,
            change=Change("training_job", region, name, text),
        )

    def training_jobs(self, region: str, tuning_job: str) -> list[Document]:
        """All training jobs of a tuning job, by name."""
        rows = self._database.execute(
            "SELECT progress FROM training_job WHERE region = ? AND tuning_job = ? ORDER BY name",
            region,
            tuning_job,
        )
        return [json.loads(progress) for (progress,) in rows]

    def release_training_job(self, region: str, document: Document) -> None:
        """Has a training job outlive its tuning job; the document is all that is known of it."""
        self._database.execute(
            "UPDATE training_job SET tuning_job = '', progress = ? WHERE region = ? AND name = ?",
            json.dumps(document),
            region,
            document["TrainingJobName"],
        )

    def add_reports(
        self, region: str, tuning_job: str, number: int, objectives: Sequence[float]
    ) -> None:
        """Keeps what an ended training job reported as it ran, for the search to know again."""
        self._database.execute(
            "INSERT OR REPLACE INTO report (region, tuning_job, number, objectives)"
            " VALUES (?, ?, ?, ?)",
            region,
            tuning_job,
            number,
            json.dumps(objectives),
        )

    def reports(self, region: str, tuning_job: str) -> dict[int, list[float]]:
        """What the training jobs of a tuning job reported, by their numbers from 0."""
        rows = self._database.execute(
            "SELECT number, objectives FROM report WHERE region = ? AND tuning_job = ?",
            region,
            tuning_job,
        )
        return {number: json.loads(objectives) for number, objectives in rows}

    def delete_reports(self, region: str, tuning_job: str) -> None:
        """Forgets what they reported."""
        self._database.execute(
            "DELETE FROM report WHERE region = ? AND tuning_job = ?", region, tuning_job
        )

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
        text = json.dumps(document)
        self._insert(
            table,
            _observed(table, region, name, text),
            region=region,
            name=name,
            parent=parent,
            status=status,
            creation_time=created,
            last_modified_time=document.get("LastModifiedTime", created),
            progress=text,
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
        text = json.dumps(document)
        self._database.execute(
            f"UPDATE {table} SET status = ?, last_modified_time = ?, progress = ?"  # noqa: S608 -- constants of this module; values are bound
            " WHERE region = ? AND name = ?",
            status,
            document["LastModifiedTime"],
            text,
            region,
            name,
            change=_observed(table, region, name, text),
        )

    def delete_resource(self, table: Table, region: str, name: str, arn: str) -> None:
        """Removes it and its tags, a job too."""
        with self.transaction():
            self._database.execute(
                f"DELETE FROM {table} WHERE region = ? AND name = ?",  # noqa: S608 -- constants of this module; values are bound
                region,
                name,
            )
            self._database.execute("DELETE FROM tag WHERE arn = ?", arn)

    def endpoints(self) -> list[tuple[str, Document]]:
        """Region and document of every endpoint."""
        rows = self._database.execute("SELECT region, progress FROM endpoint")
        return [(region, json.loads(progress)) for region, progress in rows]

    def unfinished_transform_jobs(self) -> list[tuple[str, Document]]:
        """Region and document of every transform job in no terminal status, the oldest first."""
        rows = self._database.execute(
            "SELECT region, progress FROM transform_job"
            " WHERE status IN ('InProgress', 'Stopping') ORDER BY creation_time"
        )
        return [(region, json.loads(progress)) for region, progress in rows]

    def find(self, table: Table, region: str, name: str) -> Document | None:
        """The document, or None; the name's case does not matter."""
        rows = self._database.execute(
            f"SELECT {DOCUMENTS[table]} FROM {table} WHERE region = ? AND name = ?",  # noqa: S608 -- constants of this module
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
        rows = self._database.execute(
            f"SELECT {column}, name, {DOCUMENTS[table]} FROM {table}"  # noqa: S608 -- constants of this module; values are bound
            f" WHERE {' AND '.join(tests)} ORDER BY {column} {order}, name {order} LIMIT ?",
            *values,
            listing.limit,
        )
        return [Row(_merged(documents), (value, name)) for value, name, *documents in rows]

    def unfinished_tuning_jobs(self) -> list[tuple[str, Document]]:
        """Region and document of every tuning job that has not reached a terminal status."""
        rows = self._database.execute(
            "SELECT region, request, progress FROM tuning_job"
            " WHERE status IN ('InProgress', 'Stopping')"
        )
        return [(region, _merged(documents)) for region, *documents in rows]

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags by key, in the keys' order; empty for an unknown resource."""
        rows = self._database.execute("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", arn)
        return dict(rows)

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Sets tags; a key that is there already gets the new value."""
        self._database.execute_many(
            "INSERT OR REPLACE INTO tag (arn, key, value) VALUES (?, ?, ?)",
            ((arn, key, value) for key, value in tags.items()),
        )

    def delete_tags(self, arn: str, keys: Sequence[str]) -> None:
        """Removes tags; a key that is not there is passed over."""
        self._database.execute_many(
            "DELETE FROM tag WHERE arn = ? AND key = ?", ((arn, key) for key in keys)
        )

    def _add_job(self, change: Change, **columns: Value) -> None:
        self._insert(
            change.table,
            change,
            region=change.region,
            name=change.name,
            progress=change.progress,
            **columns,
        )

    def _insert(self, table: Table, change: Change | None = None, **columns: Value) -> None:
        try:
            self._database.execute(
                f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 -- names from this module's calls; values are bound
                f" VALUES ({', '.join('?' * len(columns))})",
                *columns.values(),
                change=change,
            )
        except sqlite3.IntegrityError as error:
            raise NameTakenError(columns["name"]) from error


def _observed(table: ResourceTable, region: str, name: str, progress: str) -> Change | None:
    """What the observer is told of a resource: of jobs only."""
    return Change(table, region, name, progress) if table == "transform_job" else None


def _merged(documents: Sequence[str]) -> Document:
    merged: Document = {}
    for document in documents:
        merged.update(json.loads(document))
    return merged
