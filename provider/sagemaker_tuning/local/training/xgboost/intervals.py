"""Ranges of numbers in the notation that messages show them in."""

import re
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Interval:
    """A range of numbers, each end of which may belong to it or not."""

    notation: str
    lower: float
    upper: float
    lower_open: bool
    upper_open: bool

    @classmethod
    def parse(cls, notation: str) -> Self:
        """Read ``[0, 1]``, ``(0, 1]``, ``[1, +inf)`` and the like.

        Raises:
            ValueError: ``notation`` is not an interval.
        """
        match = re.fullmatch(r"([\[(])(\S+), (\S+)([\])])", notation)
        if match is None:
            raise ValueError(f"{notation!r} is not an interval such as '[0, 1)'")
        opening, lower, upper, closing = match.groups()
        return cls(notation, float(lower), float(upper), opening == "(", closing == ")")

    def __contains__(self, value: float) -> bool:
        """Whether ``value`` lies within; NaN never does."""
        above = value > self.lower if self.lower_open else value >= self.lower
        below = value < self.upper if self.upper_open else value <= self.upper
        return above and below

    def __str__(self) -> str:
        return self.notation
