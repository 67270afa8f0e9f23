"""What has come of several tuning jobs, as rows and as a table to read."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.digest import group_failures
from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Row = dict[str, Any]

_COMPLETED = "Completed"
_MOST_REASON = 400
_XCOM_BYTES = 48 * 1024
_COUNTERS = "TrainingJobStatusCounters"
_HEAD = ("", "status", "training jobs", "objective", "time", "estimate", "model")


def summary_row(
    name: str,
    tuning_job: Mapping[str, Any] | None,
    training_jobs: Sequence[Mapping[str, Any]] = (),
    *,
    model_name: str | None = None,
    cost: float | None = None,
) -> Row:
    """Give what has come of one tuning job.

    Args:
        name: What the user calls it.
        tuning_job: Answer of Describe; None if none was launched.
        training_jobs: Summaries of all its training jobs.
        model_name: ``ModelName`` of the model that was made of it, if one was.
        cost: An estimate of what it has cost, if there is one.

    Returns:
        ``Name`` and, with AWS's own keys, what is known. ``Reason`` is there if no model is.
    """
    row: Row = {"Name": name}
    if tuning_job is None:
        return row | {"Reason": "no tuning job was launched: the task's log says why"}
    snapshot = Snapshot.from_description(tuning_job)
    row |= {
        "HyperParameterTuningJobName": snapshot.name,
        "HyperParameterTuningJobStatus": snapshot.status,
        _COUNTERS: dict(tuning_job[_COUNTERS]),
    }
    if snapshot.best is not None:
        row |= {
            "TrainingJobName": snapshot.best.training_job_name,
            "MetricName": snapshot.best.metric_name,
            "Value": snapshot.best.value,
        }
    row["TrainingTimeInSeconds"] = round(sum(map(_seconds, training_jobs)))
    if cost is not None:
        row["EstimatedCost"] = cost
    if model_name is not None:
        return row | {"ModelName": model_name}
    return row | {"Reason": _reason(snapshot, training_jobs)}


def failed_names(rows: Iterable[Row]) -> list[str]:
    """Give the names of those that have come to no model."""
    return [row["Name"] for row in rows if "ModelName" not in row]


def table(rows: Sequence[Row]) -> str:
    """Give the rows as text: a line each below a line of heads, then the reasons of failures."""
    cells = [_HEAD, *map(_cells, rows)]
    used = [place for place in range(len(_HEAD)) if any(line[place] for line in cells[1:])]
    widths = {place: max(len(line[place]) for line in cells) for place in used}
    lines = ["  ".join(line[place].ljust(widths[place]) for place in used) for line in cells]
    reasons = [f"{row['Name']}: {row['Reason']}" for row in rows if "Reason" in row]
    return "\n".join([*map(str.rstrip, lines), *reasons])


def xcom_rows(rows: Sequence[Row]) -> list[Row]:
    """Give the first rows, as many as are 48 KiB of JSON at most."""
    size = 0
    for count, row in enumerate(rows):
        size += len(json.dumps(row))
        if size > _XCOM_BYTES:
            return list(rows[:count])
    return list(rows)


def to_json(rows: Sequence[Row]) -> bytes:
    """Give a JSON array of the rows."""
    return json.dumps(rows, indent=1, ensure_ascii=False).encode()


def to_csv(rows: Sequence[Row]) -> bytes:
    """Give CSV as RFC 4180 has it, with a header; each counter is a column."""
    flat = [_flat(row) for row in rows]
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, dict.fromkeys(key for row in flat for key in row))
    writer.writeheader()
    writer.writerows(flat)
    return file.getvalue().encode()


FORMATS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {"csv": to_csv, "json": to_json}
"""How a summary is written, by the suffix of the file's name."""


def _seconds(training_job: Mapping[str, Any]) -> float:
    start, end = training_job.get("TrainingStartTime"), training_job.get("TrainingEndTime")
    return (end - start).total_seconds() if start and end else 0.0


def _reason(snapshot: Snapshot, training_jobs: Sequence[Mapping[str, Any]]) -> str:
    if snapshot.status == _COMPLETED and snapshot.best is not None:
        return "no model was created: the task's log says why"
    groups = [f"{len(each.names)} × {each.reason}" for each in group_failures(training_jobs)]
    text = "; ".join(groups) or snapshot.failure_reason or f"it is {snapshot.status}"
    return text if len(text) <= _MOST_REASON else f"{text[:_MOST_REASON]}…"


def _cells(row: Row) -> tuple[str, ...]:
    counters = row.get(_COUNTERS, {})
    failed = sum(counters.get(key, 0) for key in ("NonRetryableError", "RetryableError"))
    jobs = f"{counters.get('Completed', 0)}/{sum(counters.values())}" if counters else ""
    cost = row.get("EstimatedCost")
    return (
        row["Name"],
        row.get("HyperParameterTuningJobStatus", "not launched"),
        f"{jobs}, {failed} failed" if failed else jobs,
        f"{row['MetricName']} {row['Value']:.6g}" if "Value" in row else "",
        f"{row['TrainingTimeInSeconds']} s" if "TrainingTimeInSeconds" in row else "",
        "" if cost is None else f"{cost:.4g}",
        row.get("ModelName", ""),
    )


def _flat(row: Row) -> Row:
    flat: Row = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": each for name, each in value.items()}
        else:
            flat[key] = value
    return flat
