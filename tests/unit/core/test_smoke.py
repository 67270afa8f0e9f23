"""What is asked, and what passes for predictions."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.errors import InvalidTuningRequest, PredictionFailed
from sagemaker_tuning.core.smoke import count_rows, predictions_of, without_labels


@pytest.mark.parametrize(
    ("content_type", "rows", "features"),
    [
        ("text/csv", ["1,2,3", "0,4,5"], ["2,3", "4,5"]),
        ("text/csv; charset=utf-8", ["1,,3"], [",3"]),
        ("Text/LibSVM", ["1 0:2 1:3"], ["0:2 1:3"]),
    ],
)
def test_labels_are_left_out(content_type: str, rows: list[str], features: list[str]) -> None:
    """The first column of CSV and libsvm."""
    assert without_labels(rows, content_type) == features


@pytest.mark.parametrize(
    ("content_type", "rows", "words"),
    [
        ("application/jsonlines", ["{}"], "label_first: content_type 'application/jsonlines'"),
        ("text/csv", ["1,2", "1"], "row 2 has no column but the label: '1'"),
    ],
)
def test_rows_without_labels_are_refused(content_type: str, rows: list[str], words: str) -> None:
    """Dropping what is no label would ask about something else."""
    with pytest.raises(InvalidTuningRequest, match=words):
        without_labels(rows, content_type)


@pytest.mark.parametrize(
    ("body", "content_type", "count"),
    [
        ("1,2\n\n3,4\n", "text/csv", 2),
        ("{}\n{}", "application/jsonlines", 2),
        ('{"instances": []}', "application/json", None),
    ],
)
def test_rows_are_counted_where_a_line_is_one(
    body: str, content_type: str, count: int | None
) -> None:
    """A document in JSON may have any number."""
    assert count_rows(body, content_type) == count


@pytest.mark.parametrize(
    ("body", "content_type", "rows", "predictions"),
    [
        ("0.1\n0.2\n", "text/csv; charset=utf-8", 2, [0.1, 0.2]),
        ("0.1,0.2", "text/csv", 2, [0.1, 0.2]),
        ("0.1,0.9\n0.2,0.8", "text/csv", 2, [[0.1, 0.9], [0.2, 0.8]]),
        ("[0.1, 0.9]\n[0.2, 0.8]", "text/csv", 2, [[0.1, 0.9], [0.2, 0.8]]),
        ("0.1,0.9,0.2,0.8", "text/csv", 2, [[0.1, 0.9], [0.2, 0.8]]),
        ("0.1,0.9", "text/csv", 1, [[0.1, 0.9]]),
        ("1e-3", "", 1, [0.001]),
        ('{"predictions": [{"score": 0.1}, {"score": 2}]}', "application/json", 2, [0.1, 2]),
        ('{"predictions": [{"label": "a", "score": [0.1, 2]}]}', "application/json", 1, [[0.1, 2]]),
        ("[0.5, 0.6]", "application/json", 2, [0.5, 0.6]),
        ("[0.5, 0.6]", "application/json", 1, [[0.5, 0.6]]),
        ("[[0.5, 0.6]]", "application/json", 1, [[0.5, 0.6]]),
        ("0.5", "application/json", 1, [0.5]),
        ('{"score": 0.5}', "application/json", None, [0.5]),
        ('{"id": "x", "outputs": [1, 2, 3]}', "application/json", None, [1, 2, 3]),
        ('{"score": 0.5}\n{"score": 0.6}', "application/jsonlines", 2, [0.5, 0.6]),
    ],
)
def test_a_number_or_several_for_each_row_are_predictions(
    body: str, content_type: str, rows: int | None, predictions: list[Any]
) -> None:
    """In the forms in which SageMaker's own containers answer."""
    assert predictions_of(body, content_type, rows) == predictions


@pytest.mark.parametrize(
    ("body", "content_type", "rows", "words"),
    [
        ("", "text/csv", 1, "asked about 1 rows, and answered 0"),
        ("[]", "application/json", None, "asked about any rows, and answered 0"),
        ("0.1\n0.2\n0.3", "text/csv", 2, "asked about 2 rows, and answered 3"),
        ("0.1,0.2,0.3", "text/csv", 2, "asked about 2 rows, and answered 1"),
        ("nan\n0.2", "text/csv", 2, "nan is not finite"),
        ("inf", "text/csv", 1, "inf is not finite"),
        ('{"predictions": [NaN]}', "application/json", 1, "nan is not finite"),
        ("setosa", "text/csv", 1, "could not convert string to float: 'setosa'"),
        ('{"predictions": [true]}', "application/json", 1, "True has no number"),
        ('{"predictions": [{"label": "a"}]}', "application/json", 1, "has no number"),
        ("<html>", "application/json", 1, "'<html>'"),
        ("x" * 1000, "text/csv", 1, r"x{200}…"),
    ],
)
def test_anything_else_is_quoted(
    body: str, content_type: str, rows: int | None, words: str
) -> None:
    """With what is wrong about it, and not more of it than one can read."""
    with pytest.raises(PredictionFailed, match=words) as failed:
        predictions_of(body, content_type, rows)
    assert len(str(failed.value)) < 1500
