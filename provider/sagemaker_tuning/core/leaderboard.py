"""The training jobs of a tuning job as a table: small for XCom, whole for a file."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.training_jobs import finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sagemaker_tuning.core.ranking import Candidate

Row = dict[str, Any]

_XCOM_KEYS = (
    "Rank",
    "TrainingJobName",
    "TrainingJobDefinitionName",
    "Value",
    "TunedHyperParameters",
    "TrainingTimeInSeconds",
)
_XCOM_BYTES = 48 * 1024
_TIMES = ("CreationTime", "TrainingStartTime", "TrainingEndTime")
_KEYS = (
    "Rank",
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "MetricName",
    "Value",
    *_TIMES,
    "TrainingTimeInSeconds",
    "FailureReason",
)
"""Of every table, one without rows too."""
_TUNED = "TunedHyperParameters"
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def leaderboard(
    ranked: Iterable[Candidate],
    metric_name: Callable[[str | None], str],
    *,
    is_by_definition: bool,
) -> list[Row]:
    """Give one row for each training job, in the order given.

    Args:
        ranked: The best first.
        metric_name: Gives the name of the metric by which the training jobs of a definition are
            ranked, by the definition's name; None is the only one's.
        is_by_definition: Whether there are several training job definitions.

    Returns:
        Rows with AWS's keys, and ``Rank``, which is None for a training job that has no value to
        be ranked by. Times are datetimes; what AWS does not give is None.
    """
    return [
        _row(number, candidate, metric_name, is_by_definition=is_by_definition)
        for number, candidate in enumerate(ranked, 1)
    ]


def xcom_rows(rows: Sequence[Row], limit: int) -> list[Row]:
    """Give the first ranked rows with the keys that matter, 48 KiB of JSON at most."""
    chosen: list[Row] = []
    size = 0
    for row in rows[:limit]:
        if row["Rank"] is None:
            break
        small = {key: row[key] for key in _XCOM_KEYS if key in row}
        size += len(json.dumps(small))
        if size > _XCOM_BYTES:
            break
        chosen.append(small)
    return chosen


def to_json(rows: Sequence[Row]) -> bytes:
    """Give a JSON array of the rows; times are ISO 8601 strings in UTC."""
    return json.dumps(rows, default=_text, indent=1, ensure_ascii=False).encode()


def to_csv(rows: Sequence[Row]) -> bytes:
    """Give CSV as RFC 4180 has it, with a header; what is None is empty."""
    columns = _columns(rows)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    values = ([_text(value) for value in column] for column in columns.values())
    writer.writerows(zip(*values, strict=True))
    return file.getvalue().encode()


def to_parquet(rows: Sequence[Row]) -> bytes:
    """Give a Parquet file; a hyperparameter of which all values are numbers is a number column.

    Raises:
        ImportError: pyarrow is not installed, which is the extra ``parquet``.
    """
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 -- likewise

    types = {
        "Rank": pa.int64(),
        "Value": pa.float64(),
        "TrainingTimeInSeconds": pa.int64(),
        **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")),
    }
    arrays = {}
    for name, column in _columns(rows).items():
        if name.startswith(f"{_TUNED}."):
            arrays[name] = pa.array(*_typed(column, pa.int64(), pa.float64(), pa.string()))
        else:
            arrays[name] = pa.array(column, types.get(name, pa.string()))
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()


FORMATS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
    "csv": to_csv,
    "json": to_json,
    "parquet": to_parquet,
}
"""How a leaderboard is written, by the suffix of the file's name."""


def _row(
    number: int,
    candidate: Candidate,
    metric_name: Callable[[str | None], str],
    *,
    is_by_definition: bool,
) -> Row:
    summary = candidate.summary
    start, end = summary.get("TrainingStartTime"), summary.get("TrainingEndTime")
    definition = summary.get("TrainingJobDefinitionName") if is_by_definition else None
    return {
        "Rank": number if candidate.is_ranked else None,
        "TrainingJobName": summary["TrainingJobName"],
        "TrainingJobArn": summary["TrainingJobArn"],
        "TrainingJobStatus": summary["TrainingJobStatus"],
        **({"TrainingJobDefinitionName": definition} if is_by_definition else {}),
        "MetricName": metric_name(definition),
        "Value": finite(candidate.value),
        _TUNED: dict(summary["TunedHyperParameters"]),
        **{key: summary.get(key) for key in _TIMES},
        "TrainingTimeInSeconds": round((end - start).total_seconds()) if start and end else None,
        "FailureReason": _whole(summary.get("FailureReason")),
    }


def _whole(text: str | None) -> str | None:
    """Give a text with a ``?`` where it was cut within a character, so that it can be written."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Give the table by columns, each hyperparameter being one."""
    names = rows[0] if rows else _KEYS
    tuned = sorted({name for row in rows for name in row[_TUNED]})
    columns: dict[str, list[Any]] = {}
    for name in names:
        if name == _TUNED:
            for one in tuned:
                columns[f"{_TUNED}.{one}"] = [row[_TUNED].get(one) for row in rows]
        else:
            columns[name] = [row.get(name) for row in rows]
    return columns


def _typed(column: list[str | None], integer: Any, number: Any, text: Any) -> tuple[list[Any], Any]:
    """Give a hyperparameter's values, which are strings, as what all of them are."""
    given = [value for value in column if value is not None]
    if all(map(_INTEGER.fullmatch, given)):
        return [None if value is None else int(value) for value in column], integer
    if all(map(_NUMBER.fullmatch, given)):
        return [None if value is None else float(value) for value in column], number
    return column, text


def _text(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
