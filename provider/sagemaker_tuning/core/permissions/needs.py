"""What a row of the tables says: actions, on what, what for, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from sagemaker_tuning.core.permissions.literals import WILDCARD

Arguments = Mapping[str, Any]
"""An operator's arguments by name; what only a run knows has a wildcard in it."""

Condition = Callable[[Arguments], bool]

OPTIONAL = "Optional"
"""What the Sid of a statement begins with that a role can do without."""


@dataclass(frozen=True, slots=True)
class Need:
    """Actions for one purpose.

    Attributes:
        sid: What for, in letters and digits; statements of one Sid become one.
        actions: IAM's, with their service's prefix.
        on: Kinds of resources, of ``resources.py``.
        when: Whether an operator of these arguments needs it.
    """

    sid: str
    actions: tuple[str, ...]
    on: tuple[str, ...]
    when: Condition = lambda _: True

    @property
    def is_optional(self) -> bool:
        """Whether a task succeeds without."""
        return self.sid.startswith(OPTIONAL)

    def if_(self, condition: Condition) -> Self:
        """Give the same need under a condition more."""
        before = self.when
        return replace(self, when=lambda arguments: before(arguments) and condition(arguments))


def need(sid: str, actions: str, on: str) -> Need:
    """Write a need down: SageMaker's actions without their prefix, all separated by spaces."""
    named = (each if ":" in each else f"sagemaker:{each}" for each in actions.split())
    return Need(sid, tuple(named), tuple(on.split()))


def given(*names: str) -> Condition:
    """Whether any of the arguments is there, or may be for a run."""
    return lambda arguments: any(arguments.get(name) for name in names)


def absent(*names: str) -> Condition:
    """Whether none of the arguments is there, or none may be for a run."""
    return lambda arguments: all(
        not arguments.get(name) or _is_unknown(arguments[name]) for name in names
    )


def equal(name: str, value: object) -> Condition:
    """Whether an argument has the value, or may have it for a run."""
    return lambda arguments: arguments.get(name) == value or _is_unknown(arguments.get(name))


def unless(name: str, *values: object) -> Condition:
    """Whether an argument has none of the values for certain; one that is left out has none."""
    return lambda arguments: arguments.get(name) not in values


def _is_unknown(value: object) -> bool:
    return isinstance(value, str) and WILDCARD in value
