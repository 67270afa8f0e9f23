"""Metrics scraped from a training job's log, line by line, by its metric definitions.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
"""

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final

# Its search can be given a time limit, and lets other threads run meanwhile. re's does neither,
# so one expression that backtracks without end would hold up the whole endpoint.
import regex

_log = logging.getLogger(__name__)
_SEARCH_SECONDS: Final = 1.0
_KEPT: Final = 512  # as many as re keeps: the training jobs of a tuning job share theirs
# Those that stand for themselves everywhere but in the parts that `_literal` leaves out.
_PLAIN: Final = re.compile(r"[^\\.^$*+?{}\[\]|()]")
# Escapes of one character, which stand for a class of characters, a place or a control character.
_ESCAPES: Final = frozenset("abfnrtvAbBdDsSwWZ")
# What Python takes for a quantifier, a name or an escape, and a brace that is nothing of these.
_BRACES: Final = re.compile(r"(\\[NPp]\{[^}]*\}|\\.|\{\d*,?\d*\})|\{", re.DOTALL)
_FLAGS_OR_ASSERTION: Final = re.compile(r"\(\?(?!:|P<)")


class MetricScraper:
    """Finds the metrics of ``definitions`` in the lines of one log.

    Args:
        definitions: ``Name`` and ``Regex`` each, the value being the regex's first group.
        tell: Takes the message about a regex that needs more than a second for one line. It is
            not tried again in this log.

    Raises:
        ValueError: A regex is not one, or has no group.
    """

    def __init__(
        self,
        definitions: Sequence[Mapping[str, str]],
        tell: Callable[[str], None] = _log.warning,
    ) -> None:
        self._tell = tell
        self._finders = [
            (each["Name"], each["Regex"], _literal(_pythons(each["Regex"])), _finder(each))
            for each in definitions
        ]

    def feed(self, line: str) -> list[tuple[str, float]]:
        """The metrics in ``line``, in the definitions' order.

        A value that is not a finite number is no metric: no objective can be compared with it.
        """
        found = []
        for name, expression, literal, find in self._finders:
            # Most definitions find nothing in most lines, and this tells it in a tenth of the time.
            if literal not in line:
                continue
            try:
                match = find(line)
            except TimeoutError:
                self._give_up(name, expression)
                return self.feed(line)
            value = _number(match.group(1)) if match else None
            if value is not None:
                found.append((name, value))
        return found

    def _give_up(self, name: str, expression: str) -> None:
        # The objective's is there under two names.
        self._finders = [each for each in self._finders if each[1] != expression]
        self._tell(
            f"the regular expression of metric {name!r} needs more than"
            f" {_SEARCH_SECONDS:.0f} s for one line, so it is not tried again in this log"
        )


def _finder(definition: Mapping[str, str]) -> Callable[[str], regex.Match[str] | None]:
    name, expression = definition["Name"], definition["Regex"]
    try:
        pattern = regex.compile(_pythons(expression))
    except regex.error as error:
        raise ValueError(
            f"metric definition {name!r}: {expression!r} is not a regular expression: {error}"
        ) from error
    if not pattern.groups:
        raise ValueError(
            f"metric definition {name!r}: {expression!r} has no group to take the value from, "
            "such as ([0-9.]+)"
        )
    # Both find the same in one line, but searching would try again from every character of it.
    begins_anywhere = expression.startswith(".*") and "|" not in expression
    find = pattern.match if begins_anywhere else pattern.search
    return partial(find, timeout=_SEARCH_SECONDS, concurrent=True)


@lru_cache(_KEPT)
def _pythons(expression: str) -> str:
    """An expression that means to regex what this one means to re.

    The braces of other texts would be its syntax for what matches approximately.
    """
    return _BRACES.sub(lambda found: found[1] or r"\{", expression)


@lru_cache(_KEPT)
def _literal(expression: str) -> str:
    """The longest text that a match of ``expression`` must have in it; empty where none is known.

    Only what stands outside of groups is looked at, and nothing of one that has alternatives
    there, flags, assertions, named classes or escapes of more than one character.
    """
    if "[:" in expression:
        return ""
    runs = [""]
    position = depth = 0
    while position < len(expression):
        part = expression[position]
        if (part == "|" and not depth) or _FLAGS_OR_ASSERTION.match(expression, position):
            return ""
        if part == "\\":
            position += 1
            part = expression[position : position + 1]
            if part.isalnum() and part not in _ESCAPES:
                return ""
            plain = not part.isalnum()
        elif part == "[":
            position = _class_end(expression, position)
            plain = False
        elif part == "{":
            position = max(position, expression.find("}", position))
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


def _class_end(expression: str, begin: int) -> int:
    """Where the class of characters that begins at ``begin`` has its closing bracket."""
    position = begin + 1
    if expression.startswith("^", position):
        position += 1
    position += 1  # a bracket that comes first is a member
    while position < len(expression) and expression[position] != "]":
        position += 2 if expression[position] == "\\" else 1
    return position


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
