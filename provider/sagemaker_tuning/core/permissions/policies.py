"""Policies for the two roles, of what tasks need.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.permissions.operators import OPERATORS
from sagemaker_tuning.core.permissions.resources import resources
from sagemaker_tuning.core.permissions.scope import ANY, Scope, Unscoped
from sagemaker_tuning.core.permissions.training_role import training_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sagemaker_tuning.core.permissions.needs import Arguments, Need

Document = dict[str, Any]

_HANDS_OVER = "iam:PassRole"
_TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@dataclass(frozen=True, slots=True)
class Use:
    """A task's use of an operator, or of a sensor or notifier.

    Attributes:
        name: The class's name.
        arguments: Its arguments, as far as they are known; what a run alone knows is a wildcard.
    """

    name: str
    arguments: Arguments

    @property
    def is_covered(self) -> bool:
        """Whether it is known what it needs."""
        return self.name in OPERATORS


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource, and what for."""

    sid: str
    action: str
    resource: str

    def is_covered_by(self, other: Grant) -> bool:
        """Whether another allows this too, and more."""
        return (
            self.action == other.action
            and other.resource.endswith(ANY)
            and self.resource.startswith(other.resource.removesuffix(ANY))
        )


def airflow_policy(uses: Iterable[Use], scope: Scope, *, required_only: bool = False) -> Document:
    """Give the policy for the role of Airflow's connection.

    Every action stands in one statement alone, a required one if there is such a one.

    Args:
        uses: What tasks use; those that are not covered add nothing.
        scope: What resources are limited to.
        required_only: Leave out what tasks succeed without.

    Raises:
        Unscoped: With a line for each option that would have to be given.
    """
    wanted = [(need, use.arguments) for use in uses for need in _needs(use)]
    missing: dict[str, None] = {}
    grants: list[Grant] = []
    for is_optional in (False,) if required_only else (False, True):
        found: list[Grant] = []
        for need, arguments in wanted:
            if need.is_optional is is_optional:
                found += _grants(need, arguments, scope, missing)
        grants += without_repeated(found, grants)
    if missing:
        raise Unscoped("\n".join(missing))
    return policy(grants)


def training_policy(uses: Sequence[Use], scope: Scope) -> Document:
    """Give the policy for the role that SageMaker assumes for jobs and models.

    Raises:
        Unscoped: With a line for each option that would have to be given.
    """
    statements = training_statements({use.name for use in uses}, scope)
    grants = [
        Grant(sid, action, arn)
        for sid, actions, arns in statements
        for action in actions
        for arn in arns
    ]
    return policy(without_repeated(grants, []))


def policy(grants: Iterable[Grant]) -> Document:
    """Give a policy document that allows all of this."""
    by_sid: dict[str, dict[str, list[str]]] = {}
    for grant in grants:
        by_sid.setdefault(grant.sid, {}).setdefault(grant.action, []).append(grant.resource)
    statements = [each for sid, actions in by_sid.items() for each in _statements(sid, actions)]
    return {"Version": "2012-10-17", "Statement": statements}


def without_repeated(grants: Sequence[Grant], before: Sequence[Grant]) -> list[Grant]:
    """Leave out what others of the grants, or those before, allow too."""
    known = [*before, *grants]
    kept: dict[tuple[str, str], Grant] = {}
    for grant in grants:
        others = (each for each in known if each.resource != grant.resource)
        is_covered = any(grant.is_covered_by(other) for other in others) or any(
            grant.action == each.action and grant.resource == each.resource for each in before
        )
        if not is_covered:
            kept.setdefault((grant.action, grant.resource), grant)
    return list(kept.values())


def _grants(
    need: Need, arguments: Arguments, scope: Scope, missing: dict[str, None]
) -> Iterator[Grant]:
    for kind in need.on:
        try:
            arns = resources(kind, arguments, scope)
        except Unscoped as error:
            missing[str(error)] = None
            continue
        for action in need.actions:
            yield from (Grant(need.sid, action, arn) for arn in arns)


def _statements(sid: str, actions: Mapping[str, list[str]]) -> Iterator[Document]:
    """Give a statement for the actions that are allowed on the same; a Sid is another each time."""
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, arns in actions.items():
        by_resources.setdefault(tuple(arns), []).append(action)
    for number, (on, same) in enumerate(by_resources.items(), start=1):
        statement: Document = {
            "Sid": sid if number == 1 else f"{sid}{number}",
            "Effect": "Allow",
            "Action": sorted(same),
            "Resource": ANY if ANY in on else list(on),
        }
        if _HANDS_OVER in same:
            statement["Condition"] = _TO_SAGEMAKER
        yield statement


def _needs(use: Use) -> Iterator[Need]:
    return (need for need in OPERATORS.get(use.name, ()) if need.when(use.arguments))


def uncovered(uses: Iterable[Use]) -> list[str]:
    """Give the names of what is not covered, each once."""
    return list(dict.fromkeys(use.name for use in uses if not use.is_covered))
