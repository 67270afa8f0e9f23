"""Predictions as batch transform writes them, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagemaker_tuning.core.errors import ScoringFailed
from sagemaker_tuning.core.predictions import Predictions, count_columns, output_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def _read(*lines: str, first: int = 1) -> Predictions:
    predictions = Predictions()
    predictions.read("test.csv", _bytes(lines), first)
    return predictions


def _bytes(lines: Iterable[str]) -> list[bytes]:
    return [line.encode() for line in lines]


def test_a_number_for_each_row() -> None:
    """Blank lines are no rows, and whatever ends a line is no part of a number."""
    predictions = _read("1,0.75", "", "0, 2.5e-1\r", "  ")
    assert predictions.labels.tolist() == [1, 0]
    assert predictions.values.tolist() == [0.75, 0.25]
    assert (predictions.width, predictions.rows) == (1, {"test.csv": 2})


@pytest.mark.parametrize(
    "row",
    [
        "2,5.1,3.5,0.125,0.25,0.625",
        "2,5.1,3.5,[0.125, 0.25, 0.625]",
        '2,5.1,3.5,"[0.125, 0.25, 0.625]"',
        "2,5.1,3.5,[0.125,0.25,0.625]",
    ],
)
def test_a_list_of_numbers_for_each_row(row: str) -> None:
    """With or without the brackets of built-in XGBoost, behind the columns of the data."""
    predictions = _read(row, row, first=3)
    assert predictions.values.tolist() == [0.125, 0.25, 0.625] * 2
    assert (predictions.labels.tolist(), predictions.width) == ([2, 2], 3)


@pytest.mark.parametrize(
    ("lines", "first", "said"),
    [
        (["1,0.5", "0,nan"], 1, "test.csv, line 2: 'nan' is no finite number: '0,nan'"),
        (["1,0.5", "", "0,inf"], 1, "test.csv, line 3: 'inf' is no finite number"),
        (["1,yes"], 1, "test.csv, line 1: 'yes' is no number: '1,yes'"),
        (["1,"], 1, "test.csv, line 1: '' is no number"),
        (["label,prediction"], 1, "test.csv, line 1: 'label' is no number"),
        (["1"], 1, "test.csv, line 1: 1 columns, and predictions begin after 1"),
        (["1,2,3", "0,2"], 1, "test.csv, line 2: 1 predictions, where others have 2"),
    ],
)
def test_what_is_no_prediction_is_told_with_its_place(
    lines: list[str], first: int, said: str
) -> None:
    """File and line, counted with the blank ones, and what is there."""
    with pytest.raises(ScoringFailed) as failed:
        _read(*lines, first=first)
    assert said in str(failed.value)
    assert not failed.value.is_retried


def test_what_is_no_text_is_told_too() -> None:
    """A file of other bytes is an error with its line, not a traceback."""
    with pytest.raises(ScoringFailed, match=r"test\.csv, line 1"):
        Predictions().read("test.csv", [b"\xff\xfe,1"], 1)


def _both(one: list[list[str]], other: list[list[str]]) -> tuple[Predictions, Predictions]:
    pair = Predictions(), Predictions()
    for predictions, files in zip(pair, (one, other), strict=True):
        for number, lines in enumerate(files):
            predictions.read(f"part-{number}.csv", _bytes(lines), 1)
    return pair


def test_scores_of_the_same_rows_are_comparable() -> None:
    """However different the predictions are."""
    one, other = _both([["1,0.5"], ["0,0.5"]], [["1,0.1,0.2"], ["0,0.3,0.4"]])
    one.require_same_rows(other)


def test_rows_that_are_missing_are_told() -> None:
    """By the file, and how many there are of either."""
    one, other = _both([["1,0.5"], ["0,0.5", "1,0.5"]], [["1,0.5"], ["0,0.5"]])
    with pytest.raises(ScoringFailed, match=r"part-1\.csv has 2 rows .*, and 1 of the other's"):
        one.require_same_rows(other)


def test_a_file_that_is_missing_is_told() -> None:
    """As one of no rows."""
    one, other = _both([["1,0.5"], ["0,0.5"]], [["1,0.5"]])
    with pytest.raises(ScoringFailed, match=r"part-1\.csv has 1 rows .*, and no of the other's"):
        one.require_same_rows(other)


def test_rows_with_other_labels_are_told() -> None:
    """By file and row: the data was written anew between the two transform jobs."""
    one, other = _both([["1,0.5"], ["0,0.5", "1,0.5"]], [["1,0.5"], ["0,0.5", "0,0.5"]])
    with pytest.raises(ScoringFailed, match=r"row 2 of part-1\.csv has the label 1 in the one"):
        one.require_same_rows(other)


@pytest.mark.parametrize(
    ("key", "outputs", "found"),
    [
        ("churn/test/part-0.csv", ["part-0.csv.out"], "part-0.csv.out"),
        ("churn/test/part-0.csv", ["test/part-0.csv.out"], "test/part-0.csv.out"),
        ("churn/test/part-0.csv", ["churn/test/part-0.csv.out"], "churn/test/part-0.csv.out"),
        ("test/a/0.csv", ["a/0.csv.out", "b/0.csv.out", "0.csv.out"], "a/0.csv.out"),
        ("test/part-0.csv", ["t-0.csv.out", "part-1.csv.out"], None),
        ("test/part-0.csv", ["part-0.csv"], None),
        ("part-0.csv", ["part-0.csv.out"], "part-0.csv.out"),
        ("part-0.csv", [], None),
    ],
)
def test_outputs_are_found_by_the_end_of_their_path(
    key: str, outputs: list[str], found: str | None
) -> None:
    """Whichever part of the input's path the service keeps."""
    assert output_of(key, outputs) == found


def test_columns_are_counted() -> None:
    """One more than there are commas."""
    assert [count_columns(line) for line in (b"1", b"1,2", b"0,1.5,,3")] == [1, 2, 4]
