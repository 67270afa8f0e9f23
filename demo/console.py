"""Calm output: plain lines, headings in bold where a terminal can, no cursor ever moved."""

import os
import sys
from collections.abc import Sequence

_BOLD, _RESET = "\033[1m", "\033[0m"


def line(text: str = "") -> None:
    """Write a line at once, whatever standard output is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def heading(text: str) -> None:
    """Write a line that stands above others, set apart from what came before."""
    line()
    line(f"{_BOLD}{text}{_RESET}" if _has_styles() else text)


def rows(cells: Sequence[Sequence[str]]) -> None:
    """Write lines of columns, each as wide as its widest cell; nothing for no rows.

    Args:
        cells: Rows of equal length.
    """
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        columns = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line(f"  {'  '.join(columns)}".rstrip())


def _has_styles() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout.isatty() and not plain
