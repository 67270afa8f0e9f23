"""Where the time went, in seconds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Stretches = list[tuple[str, float]]


def of_tasks(tasks: Sequence[dict[str, Any]], total: float) -> Stretches:
    """Divide a DAG run's time among its tasks, so that the parts add up to the whole.

    Args:
        tasks: Task instances as Airflow's API has them; those that never ran are left out.
        total: How long the run took as seen from outside.

    Returns:
        For each task, in the order of their start, the time in which no earlier one ran, all
        instances of a mapped one together; last what is left for Airflow itself.
    """
    ran = sorted(
        (_seconds(task["start_date"]), _seconds(task["end_date"]), str(task["task_id"]))
        for task in tasks
        if task["start_date"] and task["end_date"]
    )
    parts: dict[str, float] = {}
    covered = 0.0
    for begin, end, name in ran:
        parts[name] = parts.get(name, 0.0) + max(0.0, end - max(begin, covered))
        covered = max(covered, end)
    rest = total - sum(parts.values())
    return [*parts.items(), ("Airflow, between tasks", max(0.0, rest))]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
