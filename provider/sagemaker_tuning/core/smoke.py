"""What an endpoint is asked to try it out, and whether what it answers are predictions."""

from __future__ import annotations

import json
import math
from typing import Any

from sagemaker_tuning.core.errors import InvalidTuningRequest, PredictionFailed, Violation

CSV = "text/csv"
_LIBSVM = frozenset({"text/libsvm", "text/x-libsvm"})
_JSON_LINES = frozenset({"application/jsonlines", "application/x-jsonlines"})
_JSON = "application/json"
_SEPARATORS = {CSV: ",", **dict.fromkeys(_LIBSVM, " ")}
_SHOWN = 200
_LISTS = ("predictions", "outputs", "instances", "scores")
"""Where answers in JSON have their rows."""


def without_labels(rows: list[str], content_type: str) -> list[str]:
    """Drop the label that each row begins with.

    Raises:
        InvalidTuningRequest: Rows of this type begin with none, or have nothing else.
    """
    separator = _SEPARATORS.get(media_type(content_type))
    if separator is None:
        problem = f"content_type {content_type!r} has no columns"
        rule = f"label_first=False, or one of {', '.join(_SEPARATORS)}"
        raise InvalidTuningRequest([Violation("label_first", problem, rule)])
    features = [row.lstrip().partition(separator)[2] for row in rows]
    for number, row in enumerate(features, start=1):
        if not row.strip():
            problem = f"row {number} has no column but the label: {cut(rows[number - 1])!r}"
            rule = "features after the label, or label_first=False"
            raise InvalidTuningRequest([Violation("data", problem, rule)])
    return features


def count_rows(body: str, content_type: str) -> int | None:
    """Count the rows of a body; None where its type does not say."""
    if media_type(content_type) in {*_SEPARATORS, *_JSON_LINES}:
        return sum(1 for line in body.splitlines() if line.strip())
    return None


def predictions_of(body: str, content_type: str, rows: int | None) -> list[Any]:
    """Read an answer: for each row a finite number, or a list of them.

    Args:
        body: The answer.
        content_type: Its type; JSON, lines of JSON, or else numbers with commas.
        rows: How many rows were asked about; None for any number, 1 or more.

    Raises:
        PredictionFailed: It is none for each row, with what it is.
    """
    kind = media_type(content_type)
    try:
        if kind == _JSON:
            found = _rows_of(json.loads(body), rows)
        elif kind in _JSON_LINES:
            found = [json.loads(line) for line in body.splitlines() if line.strip()]
        else:
            found = _csv(body, rows)
        predictions = [_prediction(each) for each in found]
    except ValueError as error:
        msg = f"the endpoint's answer ({content_type}) has no predictions: {error}: {cut(body)!r}"
        raise PredictionFailed(msg) from error
    if len(predictions) != (rows or len(predictions)) or not predictions:
        asked = "any rows" if rows is None else f"{rows} rows"
        msg = f"the endpoint was asked about {asked}, and answered {len(predictions)}: "
        raise PredictionFailed(f"{msg}{cut(body)!r}")
    return predictions


def media_type(content_type: str) -> str:
    """Give a content type in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def cut(text: str) -> str:
    """Give the beginning of a text for a message."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _rows_of(document: Any, rows: int | None) -> list[Any]:
    """Find the list of rows in a document."""
    if isinstance(document, dict):
        named = next((document[key] for key in _LISTS if key in document), None)
        lists = [each for each in document.values() if isinstance(each, list)]
        document = named if named is not None else lists[0] if len(lists) == 1 else [document]
    if isinstance(document, list):
        # Of one row, the list may be its numbers.
        is_row = rows == 1 and len(document) > 1 and all(map(_is_number, document))
        return [document] if is_row else document
    return [document]


def _csv(body: str, rows: int | None) -> list[Any]:
    """Read numbers: a line for each row, or all rows in one line, as some containers answer."""
    lines = [line for line in body.splitlines() if line.strip()]
    cells = [[cell.strip(" []\"'\t") for cell in line.split(",")] for line in lines]
    if len(lines) == 1 and rows is not None and rows > 1 and len(cells[0]) % rows == 0:
        width = len(cells[0]) // rows
        cells = [cells[0][start : start + width] for start in range(0, len(cells[0]), width)]
    return [[float(cell) for cell in row] for row in cells]


def _prediction(value: Any) -> Any:
    """Give a row's number, or its numbers.

    Raises:
        ValueError: It has none, or one that is not finite.
    """
    numbers = list(_numbers(value))
    if not numbers:
        raise ValueError(f"{value!r} has no number")
    for number in numbers:
        if not math.isfinite(number):
            raise ValueError(f"{number!r} is not finite")
    return numbers[0] if len(numbers) == 1 else numbers


def _numbers(value: Any) -> list[float]:
    if _is_number(value):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, str) or not hasattr(inner, "__iter__"):
        return []
    return [number for each in inner for number in _numbers(each)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
