"""A task's log, as Airflow writes it: one JSON document a line."""

import json
from collections import deque
from pathlib import Path
from typing import Any


def path(home: Path, dag_id: str, task: dict[str, Any]) -> Path:
    """Where the log of the task instance's latest try is.

    Args:
        home: Airflow's home.
        dag_id: The DAG.
        task: The task instance, as Airflow's API has it.
    """
    folder = home / "logs" / f"dag_id={dag_id}" / f"run_id={task['dag_run_id']}"
    folder /= f"task_id={task['task_id']}"
    if task["map_index"] >= 0:
        folder /= f"map_index={task['map_index']}"
    return folder / f"attempt={task['try_number']}.log"


def last_lines(log: Path, count: int) -> list[str]:
    """Its last lines, for people; empty when the task has not come to writing one."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return list(deque((text for line in lines for text in _texts(line)), maxlen=count))
    except FileNotFoundError:
        return []


def _texts(entry: str) -> list[str]:
    try:
        document = json.loads(entry)
    except ValueError:
        return [entry.rstrip()] if entry.strip() else []
    event = str(document.get("event", ""))
    # Marks of where the UI folds the log.
    texts = [] if event.startswith("::") else event.splitlines()
    for error in document.get("error_detail") or []:
        texts += f"{error.get('exc_type')}: {error.get('exc_value')}".splitlines()
    return texts
