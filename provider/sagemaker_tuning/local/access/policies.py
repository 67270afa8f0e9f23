"""IAM policies, read from JSON.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_tuning.local.access.demands import PASSED_TO, Demand
from sagemaker_tuning.local.access.patterns import matches, unknown_variable

_VERSION = "2012-10-17"
_OF_POLICY = frozenset({"Version", "Id", "Statement"})
_OF_STATEMENT = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})
_OPERATORS = frozenset({"StringEquals", "StringLike"})
_KEYS = frozenset({PASSED_TO})


class PolicyError(Exception):
    """It is no policy that can be enforced here; the message says where and why."""


@dataclass(frozen=True)
class Condition:
    """A value that a request must have.

    Attributes:
        key: of the request's context.
        values: patterns, one of which must match.
        is_like: whether `*` and `?` stand for others in them.
    """

    key: str
    values: tuple[str, ...]
    is_like: bool

    def is_met(self, context: Mapping[str, str]) -> bool:
        """Whether a request's value is one of them; one that has none is not."""
        given = context.get(self.key)
        if given is None:
            return False
        return any(
            matches(value, given) if self.is_like else value == given for value in self.values
        )


@dataclass(frozen=True)
class Statement:
    """A statement of a policy."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def action_for(self, demand: Demand) -> str | None:
        """The statement's action that a demand falls under, None if it falls under none."""
        if not any(matches(resource, demand.resource) for resource in self.resources):
            return None
        if not all(condition.is_met(demand.context) for condition in self.conditions):
            return None
        found = (each for each in self.actions if matches(each, demand.action, ignoring_case=True))
        return next(found, None)


def read(document: Any) -> tuple[Statement, ...]:
    """The statements of a policy document.

    Raises:
        PolicyError: it is none, or has what is not evaluated here.
    """
    if not isinstance(document, dict) or "Statement" not in document:
        raise PolicyError(
            'this is no policy: give {"Version": "2012-10-17", "Statement": [...]}, such as'
            " sagemaker-tuning policy --role airflow prints"
        )
    _refuse_others(document, _OF_POLICY, "")
    if document.get("Version") != _VERSION:
        raise PolicyError(f"Version is {document.get('Version')!r}: give {_VERSION!r}")
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return tuple(_statement(each, f"Statement[{index}]") for index, each in enumerate(listed))


def _statement(given: Any, path: str) -> Statement:
    if not isinstance(given, dict):
        raise PolicyError(f"{path} is {given!r}: give a JSON object")
    _refuse_others(given, _OF_STATEMENT, f"{path}.")
    if given.get("Effect") not in {"Allow", "Deny"}:
        raise PolicyError(f"{path}.Effect is {given.get('Effect')!r}: give 'Allow' or 'Deny'")
    return Statement(
        str(given.get("Sid", "")),
        given["Effect"] == "Allow",
        _patterns(given.get("Action"), f"{path}.Action"),
        _patterns(given.get("Resource"), f"{path}.Resource"),
        _conditions(given.get("Condition", {}), f"{path}.Condition"),
    )


def _patterns(given: Any, path: str) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not listed or not all(isinstance(x, str) for x in listed):
        raise PolicyError(f"{path} is {given!r}: give a text or a list of them")
    for each in listed:
        variable = unknown_variable(each)
        if variable is not None:
            raise PolicyError(f"{path}: the policy variable {variable} is not evaluated here")
    return tuple(listed)


def _conditions(given: Any, path: str) -> tuple[Condition, ...]:
    if not isinstance(given, dict) or not all(isinstance(keys, dict) for keys in given.values()):
        raise PolicyError(f"{path} is {given!r}: give operators, each with keys and values")
    found = []
    for operator, keys in given.items():
        if operator not in _OPERATORS:
            raise PolicyError(
                f"{path}.{operator} is not evaluated here: only {_listed(_OPERATORS)}"
            )
        for key, values in keys.items():
            if key not in _KEYS:
                raise PolicyError(
                    f"{path}.{operator}.{key} is not evaluated here: only {_listed(_KEYS)}"
                )
            patterns = _patterns(values, f"{path}.{operator}.{key}")
            found.append(Condition(key, patterns, operator == "StringLike"))
    return tuple(found)


def _refuse_others(given: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    for key in given:
        if key not in known:
            raise PolicyError(f"{path}{key} is not evaluated here: only {_listed(known)}")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
