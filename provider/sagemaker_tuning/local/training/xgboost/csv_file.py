"""CSV as built-in XGBoost reads it: label first, no header, an empty cell is a missing value."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost.channels import shown
from sagemaker_tuning.local.training.xgboost.rows import Floats, Rows

_DELIMITERS: Final = (",", "\t", ";", "|", " ")
_SNIPPET: Final = 50


def read(files: Sequence[Path], directory: Path, *, weighted: bool) -> Rows:
    """Read ``files``, at least one, of the channel in ``directory``.

    Args:
        files: In the order of the rows.
        directory: What messages name the files in.
        weighted: Whether the second column is each row's weight.

    Raises:
        UserError: A file is not such a CSV; it says which file, line and column.
    """
    delimiter = _delimiter(files[0], directory)
    leading = 2 if weighted else 1
    tables = [_File(file, directory, delimiter, leading).table() for file in files]
    for file, table in zip(files, tables, strict=True):
        if table.shape[1] != tables[0].shape[1]:
            raise UserError(
                f"Failed to load csv data: {shown(file, directory)} has {table.shape[1]} columns, "
                f"{shown(files[0], directory)} has {tables[0].shape[1]}"
            )
    if tables[0].shape[1] <= leading:
        raise UserError(
            f"Failed to load csv data: {shown(files[0], directory)} has no features, only "
            f"{tables[0].shape[1]} of the columns label{', weight' if weighted else ''}, features"
        )
    table = tables[0] if len(tables) == 1 else np.concatenate(tables)
    if weighted:
        return Rows(table[:, 2:], table[:, 0], table[:, 1])
    return Rows(table[:, 1:], table[:, 0])


def _delimiter(file: Path, directory: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as lines:
        first = next((line.strip() for line in lines if line.strip()), "")
    for delimiter in _DELIMITERS:
        if delimiter in first:
            return delimiter
    raise UserError(
        f"Could not determine delimiter on line {first[:_SNIPPET]!r} of {shown(file, directory)}: "
        "a line is a label and at least one feature, separated by commas"
    )


class _File:
    """One CSV file, ``leading`` columns of which (label, weight) must have a value."""

    def __init__(self, path: Path, directory: Path, delimiter: str, leading: int) -> None:
        self._path = path
        self._name = shown(path, directory)
        self._delimiter = delimiter
        self._leading = leading

    def table(self) -> Floats:
        """All of its numbers."""
        try:
            with self._path.open(encoding="utf-8") as file, warnings.catch_warnings():
                # A file of blank lines has no data, which is said elsewhere.
                warnings.simplefilter("ignore", UserWarning)
                table: Floats = np.loadtxt(
                    file, dtype=np.float32, comments=None, delimiter=self._delimiter, ndmin=2
                )
        except ValueError:
            # Missing values, which NumPy does not read, or a mistake, which it does not place.
            return self._table_by_lines()
        return self._table_by_lines() if self._unusable(table).any() else table

    def _table_by_lines(self) -> Floats:
        rows: list[list[float]] = []
        numbers: list[int] = []
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                cells = line.rstrip("\n").split(self._delimiter)
                if rows and len(cells) != len(rows[0]):
                    raise UserError(
                        f"Failed to load csv data: {self._name}, line {number} has {len(cells)} "
                        f"columns, the lines above have {len(rows[0])}"
                    )
                rows.append(self._row(cells, number))
                numbers.append(number)
        with np.errstate(over="ignore"):
            table = np.array(rows, dtype=np.float32)
        for row, column in np.argwhere(self._unusable(table)):
            self._refuse_value(rows[row][column], numbers[row], column)
        return table

    def _unusable(self, table: Floats) -> npt.NDArray[np.bool_]:
        """Where there is a value that XGBoost does not take."""
        unusable = np.isinf(table)
        unusable[:, : self._leading] |= np.isnan(table[:, : self._leading])
        return unusable

    def _row(self, cells: list[str], number: int) -> list[float]:
        try:
            return list(map(_number, cells))
        except ValueError:
            return [self._value(cell, number, column) for column, cell in enumerate(cells)]

    def _value(self, cell: str, number: int, column: int) -> float:
        text = cell.strip()
        try:
            return _number(text) if text else float("nan")
        except ValueError:
            hint = "; the first line is data, not a header" if number == 1 else ""
            self._refuse(number, column, f"{text[:_SNIPPET]!r} is not a number{hint}")

    def _refuse_value(self, value: float, number: int, column: int) -> NoReturn:
        if np.isnan(value):
            what = ("the label", "the weight")[column]
            self._refuse(number, column, f"{what} is missing")
        self._refuse(number, column, f"{value!r} is beyond what a 32-bit float holds")

    def _refuse(self, number: int, column: int, what: str) -> NoReturn:
        raise UserError(
            f"Failed to load csv data: {self._name}, line {number}, column {column + 1}: {what}"
        )


def _number(text: str) -> float:
    if "_" in text:  # which Python takes within a number
        raise ValueError(text)
    return float(text)
