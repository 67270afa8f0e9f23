"""The store: what is written is found, listed in order, and visible all at once."""

import contextlib
import json
import resource
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.listings import Condition, Listing
from sagemaker_tuning.local.store import NameTakenError, Store

if TYPE_CHECKING:
    from sagemaker_tuning.local.database import Change

REGION = "us-east-1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "jobs.sqlite")
    yield store
    store.close()


def add(store: Store, name: str, *, region: str = REGION, created: float = 1) -> None:
    progress = documents.new_tuning_job(region, name)
    progress["CreationTime"] = progress["LastModifiedTime"] = created
    store.add_tuning_job(region, {"HyperParameterTuningJobName": name}, progress)


def names(store: Store, listing: Listing) -> list[str]:
    rows = store.list_jobs("tuning_job", listing)
    return [row.document["HyperParameterTuningJobName"] for row in rows]


def by_creation(
    *conditions: Condition, descending: bool = False, after: tuple[float, str] | None = None
) -> Listing:
    return Listing(REGION, conditions, "creation_time", descending, limit=100, after=after)


def test_a_name_is_taken_whatever_its_case_in_its_region(store: Store) -> None:
    """Names are unique without regard to case, and found without regard to case."""
    add(store, "Job")
    with pytest.raises(NameTakenError):
        add(store, "JOB")
    add(store, "job", region="eu-west-1")
    found = store.find("tuning_job", REGION, "jOb")
    assert found is not None
    assert found["HyperParameterTuningJobName"] == "Job"
    assert store.find("tuning_job", REGION, "other") is None


def test_what_a_failed_transaction_wrote_is_not_there(store: Store) -> None:
    """A job and its tags come together or not at all."""
    add(store, "taken")
    with pytest.raises(NameTakenError):
        _add_two(store, "a", "taken")
    assert store.find("tuning_job", REGION, "a") is None
    assert store.tags("arn") == {}


def _add_two(store: Store, first: str, second: str) -> None:
    with store.transaction():
        add(store, first)
        store.add_tags("arn", {"key": "value"})
        add(store, second)


def test_nobody_sees_half_a_transaction(store: Store) -> None:
    """A reader in another thread waits, or sees what was before."""
    written, seen = threading.Event(), []
    reader = threading.Thread(target=lambda: seen.append(store.tags("arn")))
    with store.transaction():
        store.add_tags("arn", {"a": "1"})
        reader.start()
        store.add_tags("arn", {"b": "2"})
        written.set()
    reader.join()
    assert written.is_set()
    assert seen == [{"a": "1", "b": "2"}]


def test_equal_times_are_ordered_by_name(store: Store) -> None:
    """Pages would else repeat or skip jobs that were created in the same millisecond."""
    for name in "bca":
        add(store, name)
    add(store, "first", created=0)
    assert names(store, by_creation()) == ["first", "a", "b", "c"]
    assert names(store, by_creation(descending=True)) == ["c", "b", "a", "first"]
    assert names(store, by_creation(after=(1, "a"))) == ["b", "c"]
    assert names(store, by_creation(descending=True, after=(1, "a"))) == ["first"]


def test_conditions_narrow_a_list(store: Store) -> None:
    """Each condition must hold."""
    for name, created in (("alpha", 1), ("beta", 2), ("gamma", 3)):
        add(store, name, created=created)
    assert names(store, by_creation(Condition("name", "contains", "A"))) == [
        "alpha",
        "beta",
        "gamma",
    ]
    assert names(
        store,
        by_creation(Condition("name", "contains", "a"), Condition("creation_time", ">", 2)),
    ) == ["gamma"]
    assert names(store, by_creation(Condition("status", "=", "Completed"))) == []


@pytest.mark.parametrize("column", ["name", "creation_time", "status"])
def test_every_order_of_a_list_has_an_index(store: Store, tmp_path: Path, column: str) -> None:
    """A page costs the same however many jobs there are: SQLite sorts nothing."""
    add(store, "a")
    reader = sqlite3.connect(tmp_path / "jobs.sqlite")
    plan = reader.execute(
        "EXPLAIN QUERY PLAN SELECT name FROM tuning_job WHERE region = ?"  # noqa: S608 -- the test's own columns
        f" ORDER BY {column}, name LIMIT 10",
        [REGION],
    ).fetchall()
    reader.close()
    assert not any("TEMP B-TREE" in step[-1] for step in plan), plan


def test_progress_replaces_progress_and_leaves_the_request(store: Store) -> None:
    """Describe is the request and the last progress together."""
    add(store, "a")
    progress = {**documents.new_tuning_job(REGION, "a"), "FailureReason": "because"}
    store.update_tuning_job(REGION, "a", progress)
    assert store.find("tuning_job", REGION, "a") == {
        "HyperParameterTuningJobName": "a",
        **progress,
    }


def test_an_observer_is_told_of_what_is_permanent_in_its_order(store: Store) -> None:
    """At the end of a transaction, and never of one that was rolled back."""
    told: list[Change] = []
    store.observe(told.append)
    progress = documents.new_tuning_job(REGION, "job")
    with store.transaction():
        store.add_tuning_job(REGION, {"HyperParameterTuningJobName": "job"}, progress)
        store.update_tuning_job(REGION, "job", {**progress, "LastModifiedTime": 1})
        assert told == []
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        store.update_tuning_job(REGION, "job", {**progress, "LastModifiedTime": 2})
        raise ZeroDivisionError
    store.update_tuning_job(REGION, "job", {**progress, "LastModifiedTime": 3})
    assert [json.loads(change.progress)["LastModifiedTime"] for change in told] == [
        progress["LastModifiedTime"],
        1,
        3,
    ]
    assert {change[:3] for change in told} == {("tuning_job", REGION, "job")}


def test_a_commit_that_fails_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    """As on a full disk: the next transaction is its own, and tells only of what is permanent."""
    told: list[Change] = []
    store.observe(told.append)
    add(store, "before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / "jobs.sqlite-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(sqlite3.OperationalError), store.transaction():
            add(store, "lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with store.transaction():
        add(store, "after")
    assert [change.name for change in told] == ["before", "after"]
    assert names(store, by_creation()) == ["after", "before"]
