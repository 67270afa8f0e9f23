"""Roles by name, where AWS wants ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEYS = ("RoleArn", "ExecutionRoleArn")
_DEFINITIONS = ("TrainingJobDefinition", "TrainingJobDefinitions")


def with_roles_to_come(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give a request with a template for the ARN of each role that it names otherwise.

    So it can be checked, as far as that goes, before anybody may be asked.
    """
    return with_roles(request, lambda role, _: f"{{{{ the ARN of {role} }}}}")


def with_roles(
    document: Mapping[str, Any], arn: Callable[[str, str], str], path: str = ""
) -> dict[str, Any]:
    """Give a request with something else for each role that is no ARN.

    Args:
        document: The request, or a part of it, of CreateHyperParameterTuningJob or CreateModel.
        arn: Gives it, by the role and the path at which it stands.
        path: Where the document stands; empty for the whole request.
    """
    expanded = dict(document)
    for key in _KEYS:
        role = document.get(key)
        if isinstance(role, str) and role and not role.startswith("arn:"):
            expanded[key] = arn(role, path + key)
    for key in _DEFINITIONS:
        part = document.get(key)
        if isinstance(part, dict):
            expanded[key] = with_roles(part, arn, f"{key}.")
        elif isinstance(part, list):
            expanded[key] = [
                with_roles(item, arn, f"{key}[{index}].") if isinstance(item, dict) else item
                for index, item in enumerate(part)
            ]
    return expanded
