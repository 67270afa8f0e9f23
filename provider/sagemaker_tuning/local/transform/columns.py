"""Columns of CSV, chosen by the JSONPaths that SageMaker takes for it.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html#data-processing-operators
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sagemaker_tuning.local.transform.failures import InputError

_WHOLE = "$"
_BRACKETS = re.compile(r"\$\[([^\[\]]+)\]")
_INDEX = re.compile(r"-?\d{1,9}")
_RANGE = re.compile(r"(-?\d{1,9})?\s*:\s*(\d{1,9})?")


class ColumnsError(ValueError):
    """A text is no JSONPath that CSV is filtered by; the message says why."""


@dataclass(frozen=True)
class _Range:
    """Columns from one to another, of which the last is chosen too."""

    first: int
    last: int

    def of(self, count: int) -> Sequence[int]:
        return range(_within(self.first, count), _within(self.last, count) + 1)


@dataclass(frozen=True)
class Columns:
    """The columns that a JSONPath chooses.

    Attributes:
        ranges: in the order in which they are chosen.
    """

    ranges: Sequence[_Range]

    @classmethod
    def parse(cls, path: str) -> Self:
        """Those of `$`, `$[1]`, `$[0,-1]`, `$[1:]`, `$[1:4]`, `$[0,5:]` and the like.

        Raises:
            ColumnsError: it is anything else.
        """
        if path.strip() == _WHOLE:
            return cls((_Range(0, -1),))
        match = _BRACKETS.fullmatch(path.strip())
        if match is None:
            raise ColumnsError(
                "A row of CSV is taken as a JSON array, so only JSONPaths of its indexes can be"
                " applied, such as $, $[0], $[0,-1] or $[1:]"
            )
        items = [item.strip() for item in match[1].split(",")]
        if sum(":" in item for item in items) > 1:
            raise ColumnsError(
                "Only single range filters of format (eg: [1:5]) are supported. Format"
                f" [{match[1]}] is not supported"
            )
        return cls(tuple(_range(item) for item in items))

    @property
    def are_all(self) -> bool:
        """Whether a row stays as it is."""
        return self.ranges == (_Range(0, -1),)

    def of(self, row: Sequence[str]) -> list[str]:
        """The chosen ones of a row.

        Raises:
            InputError: the row does not have them all.
        """
        return [row[index] for each in self.ranges for index in each.of(len(row))]


def _range(item: str) -> _Range:
    if item == "*":
        return _Range(0, -1)
    if _INDEX.fullmatch(item):
        return _Range(int(item), int(item))
    match = _RANGE.fullmatch(item)
    if match is None:
        raise ColumnsError(
            f"{item!r} is neither an index, such as 1 or -1, nor a range, such as 1:"
        )
    first, last = int(match[1] or 0), int(match[2] or -1)
    if 0 <= last < first:
        raise ColumnsError(f"The range {item} is empty: it ends before it begins")
    return _Range(first, last)


def _within(index: int, count: int) -> int:
    if not -count <= index < count:
        raise InputError(f"The index {index} is not within the {count} columns of the data")
    return index % count
