"""Metrics scraped from a training job's log, line by line, by its metric definitions.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

# Those that stand for themselves everywhere but in the parts that `_literal` leaves out.
_PLAIN: Final = re.compile(r"[^\\.^$*+?{}\[\]|()]")
# Escapes of one character, which stand for a class of characters, a place or a control character.
_ESCAPES: Final = frozenset("abfnrtvAbBdDsSwWZ")
_FLAGS_OR_ASSERTION: Final = re.compile(r"\(\?(?!:|P<)")


class MetricScraper:
    """Finds the metrics of ``definitions`` in the lines of one log.

    Args:
        definitions: ``Name`` and ``Regex`` each, the value being the regex's first group.

    Raises:
        ValueError: A regex is not one, or has no group.
    """

    def __init__(self, definitions: Sequence[Mapping[str, str]]) -> None:
        self._finders = [
            (each["Name"], _literal(each["Regex"]), _finder(each)) for each in definitions
        ]

    def feed(self, line: str) -> list[tuple[str, float]]:
        """The metrics in ``line``, in the definitions' order.

        A value that is not a finite number is no metric: no objective can be compared with it.
        """
        found = []
        for name, literal, find in self._finders:
            # Most definitions find nothing in most lines, and this tells it in a tenth of the time.
            if literal not in line:
                continue
            match = find(line)
            value = _number(match.group(1)) if match else None
            if value is not None:
                found.append((name, value))
        return found


def _finder(definition: Mapping[str, str]) -> Callable[[str], re.Match[str] | None]:
    name, regex = definition["Name"], definition["Regex"]
    try:
        pattern = re.compile(regex)
    except re.error as error:
        raise ValueError(
            f"metric definition {name!r}: {regex!r} is not a regular expression: {error}"
        ) from error
    if not pattern.groups:
        raise ValueError(
            f"metric definition {name!r}: {regex!r} has no group to take the value from, "
            "such as ([0-9.]+)"
        )
    # Both find the same in one line, but searching would try again from every character of it.
    begins_anywhere = regex.startswith(".*") and "|" not in regex
    return pattern.match if begins_anywhere else pattern.search


@lru_cache(maxsize=512)  # as many as re keeps: the training jobs of a tuning job share theirs
def _literal(regex: str) -> str:
    """The longest text that a match of ``regex`` must have in it; empty where none is known.

    Only what stands outside of groups is looked at, and nothing of a regex that has alternatives
    there, flags, assertions or escapes of more than one character.
    """
    runs = [""]
    position = depth = 0
    while position < len(regex):
        part = regex[position]
        if (part == "|" and not depth) or _FLAGS_OR_ASSERTION.match(regex, position):
            return ""
        if part == "\\":
            position += 1
            part = regex[position : position + 1]
            if part.isalnum() and part not in _ESCAPES:
                return ""
            plain = not part.isalnum()
        elif part == "[":
            position = _class_end(regex, position)
            plain = False
        elif part == "{":
            position = max(position, regex.find("}", position))
            plain = False
        else:
            plain = _PLAIN.match(part) is not None
        depth += {"(": 1, ")": -1}.get(part, 0) if not plain else 0
        if plain and not depth:
            runs[-1] += part
        else:
            # What a quantifier follows need not be there.
            runs[-1] = runs[-1][:-1] if part in {"*", "+", "?", "{"} else runs[-1]
            runs.append("")
        position += 1
    return max(runs, key=len)


def _class_end(regex: str, begin: int) -> int:
    """Where the class of characters that begins at ``begin`` has its closing bracket."""
    position = begin + 1
    if regex.startswith("^", position):
        position += 1
    position += 1  # a bracket that comes first is a member
    while position < len(regex) and regex[position] != "]":
        position += 2 if regex[position] == "\\" else 1
    return position


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
