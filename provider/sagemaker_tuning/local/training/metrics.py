"""Metrics scraped from a training job's log, line by line, by its metric definitions.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence


class MetricScraper:
    """Finds the metrics of ``definitions`` in the lines of one log.

    Args:
        definitions: ``Name`` and ``Regex`` each, the value being the regex's first group.

    Raises:
        ValueError: A regex is not one, or has no group.
    """

    def __init__(self, definitions: Sequence[Mapping[str, str]]) -> None:
        self._finders = [(each["Name"], _finder(each)) for each in definitions]

    def feed(self, line: str) -> list[tuple[str, float]]:
        """The metrics in ``line``, in the definitions' order.

        A value that is not a finite number is no metric: no objective can be compared with it.
        """
        found = []
        for name, find in self._finders:
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


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
