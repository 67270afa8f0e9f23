"""What has come of several tuning jobs, as rows, text and files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sagemaker_tuning.core.summary import (
    failed_names,
    summary_row,
    table,
    to_csv,
    to_json,
    xcom_rows,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def _tuning_job(status: str = "Completed", *, best: bool = True) -> dict[str, Any]:
    metric = {"MetricName": "validation:auc", "Value": 0.987654321}
    return {
        "HyperParameterTuningJobName": "tune-001",
        "HyperParameterTuningJobArn": "arn:aws:sagemaker:…/tune-001",
        "HyperParameterTuningJobStatus": status,
        "HyperParameterTuningJobConfig": {},
        "CreationTime": START,
        "TrainingJobStatusCounters": {
            "Completed": 2,
            "InProgress": 0,
            "RetryableError": 0,
            "NonRetryableError": 1,
            "Stopped": 0,
        },
        "ObjectiveStatusCounters": {"Succeeded": 2, "Pending": 0, "Failed": 1},
    } | (
        {
            "BestTrainingJob": {
                "TrainingJobName": "tune-001-002",
                "FinalHyperParameterTuningJobObjectiveMetric": metric,
            }
        }
        if best
        else {}
    )


def _training_job(seconds: float, status: str = "Completed", **more: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "tune-001-002",
        "TrainingJobArn": "arn:aws:sagemaker:…/tune-001-002",
        "TrainingJobStatus": status,
        "TrainingStartTime": START,
        "TrainingEndTime": START + timedelta(seconds=seconds),
        **more,
    }


def test_a_row_of_one_that_has_a_model() -> None:
    """Status, counters, objective, the time of all training jobs, model; no reason."""
    jobs = [_training_job(61), _training_job(1.6)]
    row = summary_row("north", _tuning_job(), jobs, model_name="m", cost=1.5)
    assert row["TrainingTimeInSeconds"] == 63
    assert (row["Value"], row["EstimatedCost"], row["ModelName"]) == (0.987654321, 1.5, "m")
    assert "Reason" not in row
    json.dumps(row)


def test_the_reasons() -> None:
    """That of the training jobs, of AWS, of the status, or where the log is that says it."""
    failed = [_training_job(1, "Failed", FailureReason=f"ClientError: line {n}") for n in range(2)]
    reasons = [
        summary_row("a", _tuning_job("Failed", best=False), failed)["Reason"],
        summary_row("b", _tuning_job("Failed", best=False) | {"FailureReason": "No."})["Reason"],
        summary_row("c", _tuning_job("Stopped", best=False))["Reason"],
        summary_row("d", _tuning_job())["Reason"],
        summary_row("e", None)["Reason"],
    ]
    assert reasons[0].startswith(("2 × ClientError", "1 × ClientError"))
    assert reasons[1:] == [
        "No.",
        "it is Stopped",
        "no model was created: the task's log says why",
        "no tuning job was launched: the task's log says why",
    ]


def test_the_table_is_aligned_and_leaves_out_what_nobody_has() -> None:
    """Reasons come below it, each with the name."""
    rows = [summary_row("north", _tuning_job(), model_name="m"), summary_row("south", None)]
    assert table(rows).splitlines() == [
        "       status        training jobs  objective                time  model",
        "north  Completed     2/3, 1 failed  validation:auc 0.987654  0 s   m",
        "south  not launched",
        "south: no tuning job was launched: the task's log says why",
    ]
    assert failed_names(rows) == ["south"]


def test_files_have_all_rows_and_all_keys() -> None:
    """Rows of different keys share one header; each counter is a column."""
    rows = [summary_row("south", None), summary_row("north", _tuning_job(), model_name="m")]
    assert json.loads(to_json(rows)) == rows
    read = list(csv.DictReader(io.StringIO(to_csv(rows).decode())))
    assert [row["Name"] for row in read] == ["south", "north"]
    assert read[1]["TrainingJobStatusCounters.NonRetryableError"] == "1"
    assert read[0]["ModelName"] == ""


def test_a_result_is_small_enough_for_xcom() -> None:
    """Of a thousand rows the first come, as many as are 48 KiB."""
    rows = [summary_row(f"segment-{n}", _tuning_job(), model_name="m") for n in range(1000)]
    shown = xcom_rows(rows)
    assert shown == rows[: len(shown)]
    assert 40_000 < len(json.dumps(shown)) < 50_000
