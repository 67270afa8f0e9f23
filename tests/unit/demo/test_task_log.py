"""The end of a task's log, as a person wants to read it."""

import json
from pathlib import Path

from demo import task_log


def test_events_and_errors_are_lines(tmp_path: Path) -> None:
    """Marks for folding are not; a line that is not the JSON expected is shown as it is."""
    log = tmp_path / "attempt=1.log"
    error = {"exc_type": "ValueError", "exc_value": "first\nsecond"}
    fold = json.dumps({"event": "::group::Pre Execute"})
    entries = ["plain", fold, json.dumps({"event": "failed", "error_detail": [error]}), ""]
    log.write_text("\n".join(entries), encoding="utf-8")
    assert task_log.last_lines(log, 10) == ["plain", "failed", "ValueError: first", "second"]
    assert task_log.last_lines(log, 2) == ["ValueError: first", "second"]


def test_a_task_that_wrote_nothing_has_no_lines(tmp_path: Path) -> None:
    """It can fail before its log is begun."""
    assert task_log.last_lines(tmp_path / "attempt=1.log", 10) == []


def test_path_is_airflows(tmp_path: Path) -> None:
    """With the map index of a mapped task, without one for any other."""
    task = {"dag_run_id": "r", "task_id": "t", "map_index": -1, "try_number": 2}
    plain = task_log.path(tmp_path, "d", task)
    assert plain == tmp_path / "logs/dag_id=d/run_id=r/task_id=t/attempt=2.log"
    mapped = task_log.path(tmp_path, "d", task | {"map_index": 3})
    assert mapped == tmp_path / "logs/dag_id=d/run_id=r/task_id=t/map_index=3/attempt=2.log"
