"""The leaderboard as rows and as files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.leaderboard import (
    FORMATS,
    leaderboard,
    to_csv,
    to_json,
    to_parquet,
    xcom_rows,
)
from sagemaker_tuning.core.ranking import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagemaker_tuning.core.leaderboard import Row

_START = datetime(2026, 1, 1, tzinfo=UTC)


def _candidate(number: int, value: float | None, **tuned: str) -> Candidate:
    name = f"churn-{number:03d}"
    failure = {} if value is not None else {"FailureReason": 'ClientError: "no"\nsuch, data'}
    return Candidate(
        {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:1:training-job/{name}",
            "TrainingJobDefinitionName": "trees",
            "TrainingJobStatus": "Failed" if value is None else "Completed",
            "TunedHyperParameters": tuned,
            "CreationTime": _START,
            "TrainingStartTime": _START,
            "TrainingEndTime": _START.replace(minute=1),
            **failure,
        },
        value,
    )


def _metric(_: str | None) -> str:
    return "m"


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Two ranked training jobs and one that failed."""
    candidates = [
        _candidate(1, 0.9, eta="0.3", max_depth="3", booster="gbtree"),
        _candidate(2, 0.8, eta="1e-05", max_depth="10"),
        _candidate(3, None, eta="1", max_depth="7", booster="7"),
    ]
    return leaderboard(candidates, lambda _: "validation:auc", is_by_definition=True)


def test_rows_for_xcom_are_the_ranked_ones_and_small(rows: list[dict[str, Any]]) -> None:
    """What the next task may want is there, as JSON; the rest is in the file."""
    assert json.loads(json.dumps(xcom_rows(rows, 10)))[0] == {
        "Rank": 1,
        "TrainingJobName": "churn-001",
        "TrainingJobDefinitionName": "trees",
        "Value": 0.9,
        "TunedHyperParameters": {"eta": "0.3", "max_depth": "3", "booster": "gbtree"},
        "TrainingTimeInSeconds": 60,
    }
    assert [row["Rank"] for row in xcom_rows(rows, 10)] == [1, 2]
    assert [row["Rank"] for row in xcom_rows(rows, 1)] == [1]


def test_each_row_names_the_metric_of_its_own_definition() -> None:
    """Of several definitions each may have another, and one without a value has it too."""
    metrics = {"trees": "validation:auc", None: "validation:logloss"}
    for is_by_definition in (True, False):
        candidates = [_candidate(1, 0.9), _candidate(2, None)]
        rows = leaderboard(candidates, metrics.__getitem__, is_by_definition=is_by_definition)
        expected = metrics["trees" if is_by_definition else None]
        assert [row["MetricName"] for row in rows] == [expected] * 2


def test_rows_for_xcom_have_a_size_that_they_do_not_pass() -> None:
    """Thirty hyperparameters of 2,500 characters each leave room for no second row."""
    tuned = {f"hyperparameter_{number}": "x" * 1500 for number in range(30)}
    rows = leaderboard(
        [_candidate(n, 0.5, **tuned) for n in range(9)], _metric, is_by_definition=False
    )
    assert len(xcom_rows(rows, 9)) == 1


def test_csv_has_a_column_for_each_hyperparameter(rows: list[dict[str, Any]]) -> None:
    """It reads back as it was written, commas, quotes and line breaks included."""
    read = list(csv.DictReader(io.StringIO(to_csv(rows).decode(), newline="")))
    assert [row["Rank"] for row in read] == ["1", "2", ""]
    assert [row["TunedHyperParameters.booster"] for row in read] == ["gbtree", "", "7"]
    assert read[0]["CreationTime"] == "2026-01-01T00:00:00+00:00"
    assert read[2]["FailureReason"] == 'ClientError: "no"\nsuch, data'


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_a_reason_that_was_cut_within_a_character_can_be_written(
    write: Callable[[Sequence[Row]], bytes],
) -> None:
    """AWS cuts it at 1024 characters, of which an emoji is two in some languages."""
    failed = _candidate(1, None)
    candidate = Candidate({**failed.summary, "FailureReason": "AlgorithmError: \ud83d"}, None)
    assert b"AlgorithmError: ?" in write(leaderboard([candidate], _metric, is_by_definition=False))


def test_json_is_an_array_of_the_rows(rows: list[dict[str, Any]]) -> None:
    """AWS's keys, nested as AWS nests them."""
    read = json.loads(to_json(rows))
    assert read[1]["TunedHyperParameters"] == {"eta": "1e-05", "max_depth": "10"}
    assert read[2]["Rank"] is None


def test_parquet_has_types(rows: list[dict[str, Any]]) -> None:
    """Numbers are numbers and times are times, so that a query need not convert them."""
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(to_parquet(rows)))
    assert table["Rank"].to_pylist() == [1, 2, None]
    assert table["CreationTime"].to_pylist() == [_START] * 3
    assert table["TunedHyperParameters.max_depth"].to_pylist() == [3, 10, 7]
    assert table["TunedHyperParameters.eta"].to_pylist() == [0.3, 1e-05, 1.0]
    assert table["TunedHyperParameters.booster"].to_pylist() == ["gbtree", None, "7"]


def test_numbers_that_no_column_holds_stay_text() -> None:
    """What Python would read as a number, or int64 would not hold, is not made one."""
    values = ["1_000", "nan", "99999999999999999999", "0x10"]
    candidates = [_candidate(number, 0.5, a=value) for number, value in enumerate(values)]
    rows = leaderboard(candidates, _metric, is_by_definition=False)
    table = pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(to_parquet(rows)))
    assert table["TunedHyperParameters.a"].to_pylist() == values


def test_a_leaderboard_of_nothing_is_a_file_all_the_same(rows: list[dict[str, Any]]) -> None:
    """No training job, no row, no error, and the columns that every leaderboard has."""
    header = to_csv([]).decode().strip().split(",")
    assert header == [
        key for key in rows[0] if key not in {"TunedHyperParameters", "TrainingJobDefinitionName"}
    ]
    assert xcom_rows([], 10) == []
    assert json.loads(to_json([])) == []
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(io.BytesIO(to_parquet([]))).num_rows == 0
