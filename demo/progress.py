"""The lines that tell how a DAG run gets on, each when something has changed."""

import time
from collections.abc import Callable
from typing import Any

# What is worth a line. A task that never ran, because one before it failed, is not.
_ENDED = {"success", "failed", "skipped"}


class Progress:
    """Says each change once.

    Args:
        show: Takes a line.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._begin = time.monotonic()
        self._ended: set[tuple[str, int]] = set()
        self._counted: dict[str, str] = {}

    def tasks(self, tasks: list[dict[str, Any]]) -> None:
        """Name the tasks that have ended since the last time.

        Args:
            tasks: All task instances of the run, as Airflow's API has them.
        """
        ended = [task for task in tasks if task["state"] in _ENDED]
        for task in sorted(ended, key=lambda task: task["end_date"] or ""):
            key = (task["task_id"], task["map_index"])
            if key not in self._ended:
                self._ended.add(key)
                state = "" if task["state"] == "success" else task["state"]
                self._line(f"{_name(task):<25} {state}")

    def tuning_job(self, description: dict[str, Any]) -> None:
        """Count the training jobs that have ended, if that or the best objective is new.

        Args:
            description: DescribeHyperParameterTuningJob's answer.
        """
        name = description["HyperParameterTuningJobName"]
        counters = description["TrainingJobStatusCounters"]
        ended = sum(counters.values()) - counters["InProgress"]
        limits = description["HyperParameterTuningJobConfig"]["ResourceLimits"]
        text = f"{ended:>4} of {limits['MaxNumberOfTrainingJobs']} training jobs"
        if counters["NonRetryableError"]:
            text += f", {counters['NonRetryableError']} failed"
        best = description.get("BestTrainingJob", {})
        if metric := best.get("FinalHyperParameterTuningJobObjectiveMetric"):
            text += f"   best {metric['MetricName']} {metric['Value']:.5f}"
        if ended and text != self._counted.get(name):
            self._counted[name] = text
            self._line(text if len(self._counted) == 1 else f"{text}   {name}")

    def _line(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._begin), 60)
        self._show(f"  {minutes}:{seconds:02}  {text}".rstrip())


def _name(task: dict[str, Any]) -> str:
    """Its id, and which of the mapped ones it is."""
    if task["map_index"] < 0:
        return str(task["task_id"])
    return f"{task['task_id']} [{task['rendered_map_index'] or task['map_index']}]"
