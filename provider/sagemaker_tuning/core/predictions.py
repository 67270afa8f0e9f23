"""Predictions of a held-out set, as batch transform writes them beside the labels."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sagemaker_tuning.core.errors import ScoringFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 80
_AROUND_NUMBERS = " []\"'\t\r\n"
"""What built-in XGBoost puts around the probabilities of several classes, and CSV around text."""


@dataclass(slots=True)
class Predictions:
    """Labels and predictions, in the order of the rows.

    Attributes:
        labels: One number for each row.
        values: The predictions, ``width`` numbers for each row, one row after the other.
        width: How many numbers the model predicts for a row; 0 before the first row.
        rows: How many rows each file has, by its name, in the order they were read.
    """

    labels: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    width: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def read(self, file: str, lines: Iterable[bytes], first: int) -> None:
        """Add the rows of a file: comma-separated numbers, the label first.

        Args:
            file: Its name, for messages and ``rows``.
            lines: Its lines; blank ones count, and are no rows.
            first: The index of the column from which on there are predictions, 1 or more.

        Raises:
            ScoringFailed: A line is none of these, or has another number of predictions.
        """
        before = len(self.labels)
        for number, line in enumerate(lines, start=1):
            if line and not line.isspace():
                try:
                    self._add(line, first)
                except ValueError as error:
                    text = line[:_SHOWN].decode(errors="replace")
                    msg = f"{file}, line {number}: {error}: {text!r}"
                    raise ScoringFailed(msg) from error
        self.rows[file] = len(self.labels) - before

    def _add(self, line: bytes, first: int) -> None:
        cells = line.split(b",")
        label, *values = _numbers([cells[0], *cells[first:]])
        if not values:
            raise ValueError(f"{len(cells)} columns, and predictions begin after {first}")
        if self.width not in {0, len(values)}:
            raise ValueError(f"{len(values)} predictions, where others have {self.width}")
        self.width = len(values)
        self.labels.append(label)
        self.values.extend(values)

    def require_same_rows(self, other: Predictions) -> None:
        """Refuse to compare scores of different rows.

        Raises:
            ScoringFailed: The other predictions are of other rows, by their number and labels.
        """
        if self.rows != other.rows:
            names = sorted(self.rows.keys() | other.rows.keys())
            file = next(name for name in names if self.rows.get(name) != other.rows.get(name))
            msg = (
                f"{file} has {self.rows.get(file, 'no')} rows of the one model package's "
                f"predictions, and {other.rows.get(file, 'no')} of the other's"
            )
            raise ScoringFailed(msg)
        if self.labels == other.labels:
            return
        index = next(
            index
            for index, labels in enumerate(zip(self.labels, other.labels, strict=True))
            if labels[0] != labels[1]
        )
        msg = (
            f"{self._place(index)} has the label {self.labels[index]:g} in the one model package's "
            f"output, and {other.labels[index]:g} in the other's: the data has changed meanwhile"
        )
        raise ScoringFailed(msg)

    def _place(self, index: int) -> str:
        for file, rows in self.rows.items():
            if index < rows:
                return f"row {index + 1} of {file}"
            index -= rows
        raise IndexError(index)


def count_columns(line: bytes) -> int:
    """Give how many columns a row of the data has."""
    return line.count(b",") + 1


def output_of(key: str, outputs: Sequence[str]) -> str | None:
    """Give which of the keys is the output of an input object; None if there is none.

    Batch transform adds ``.out`` to the name, and keeps as much of the path as it likes.
    https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
    """
    wanted = f"/{key}.out"
    found = [output for output in outputs if wanted.endswith(f"/{output}")]
    return max(found, key=len, default=None)


def _numbers(cells: Sequence[bytes]) -> list[float]:
    """Read a row fast, or, where something is wrong with it, cell by cell."""
    try:
        numbers = list(map(float, cells))
    except ValueError:
        return list(map(_number, cells))
    return numbers if math.isfinite(sum(numbers)) else list(map(_number, cells))


def _number(cell: bytes) -> float:
    text = cell.decode().strip(_AROUND_NUMBERS)
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number
