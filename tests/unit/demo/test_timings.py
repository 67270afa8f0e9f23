"""The parts of a run add up to the whole."""

from typing import Any

import pytest

from demo import timings


def _task(task_id: str, begin: str | None, end: str | None) -> dict[str, Any]:
    day = "2026-01-01T00:00:"
    return {
        "task_id": task_id,
        "start_date": begin and f"{day}{begin}Z",
        "end_date": end and f"{day}{end}Z",
    }


def test_time_that_tasks_share_is_counted_once() -> None:
    """A task beside an earlier one counts only what it ran longer."""
    tasks = [
        _task("third", "08", "10"),
        _task("first", "01", "05"),
        _task("beside", "04", "06.5"),
        _task("within", "04.5", "06"),
        _task("never ran", None, None),
    ]
    parts = timings.of_tasks(tasks, total=12.0)
    assert [name for name, _ in parts] == [
        "first",
        "beside",
        "within",
        "third",
        "Airflow, between tasks",
    ]
    assert [seconds for _, seconds in parts] == pytest.approx([4, 1.5, 0, 2, 4.5])


def test_a_run_without_tasks_is_all_airflow() -> None:
    """Nothing ran: nothing is made up."""
    assert timings.of_tasks([], total=3.0) == [("Airflow, between tasks", 3.0)]
