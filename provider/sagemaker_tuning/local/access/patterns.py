"""IAM's wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import cache

_LITERALS = {"${*}": "*", "${?}": "?", "${$}": "$"}
_PART = re.compile(r"\$\{[^}]*\}|\*|\?|[^$*?]+|\$", re.DOTALL)


def unknown_variable(pattern: str) -> str | None:
    """The first policy variable in a pattern that is not known here, None without any."""
    variables = re.findall(r"\$\{[^}]*\}", pattern)
    return next((each for each in variables if each not in _LITERALS), None)


def matches(pattern: str, text: str, *, ignoring_case: bool = False) -> bool:
    """Whether a text is one of those that a pattern stands for."""
    return _compiled(pattern, ignoring_case).fullmatch(text) is not None


@cache
def _compiled(pattern: str, ignoring_case: bool) -> re.Pattern[str]:  # noqa: FBT001 -- a key of the cache
    expression = "".join(map(_expression, _PART.findall(pattern)))
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignoring_case else 0))


def _expression(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    return re.escape(_LITERALS.get(part, part))
