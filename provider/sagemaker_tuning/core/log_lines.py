"""Lines of a training job's log, fit to be shown in an error message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_MAX_LINE = 200


def printable(text: str) -> str:
    """Take out terminal colours, and put a space for every other character that does not print.

    That includes line breaks, what turns the direction of writing, and what is no Unicode.
    """
    # CloudWatch shows a TAB as #011.
    text = _ESCAPE.sub("", text).replace("#011", " ")
    return "".join(c if c.isprintable() else " " for c in text)


def last_lines(messages: Iterable[str], count: int) -> list[str]:
    """Give the last lines of a log that are not blank, the oldest first, each of 200 characters.

    Args:
        messages: Of the log's events, the oldest first; one may have several lines.
        count: How many lines at most, 1 or more.
    """
    lines: list[str] = []
    for message in reversed(list(messages)):
        for line in reversed(message.split("\n")):
            # Of a progress bar, what it showed last.
            shown = printable(line.rstrip("\r").rpartition("\r")[2]).rstrip()
            if shown:
                lines.append(shown if len(shown) <= _MAX_LINE else shown[: _MAX_LINE - 1] + "…")
            if len(lines) == count:
                return lines[::-1]
    return lines[::-1]
