"""Roles by name, where AWS wants ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, Violation
from sagemaker_tuning.core.roles import with_roles
from sagemaker_tuning.hooks.services import AwsService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook


def with_role_arns(hook: AwsBaseHook, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give a request with the ARN of each role that it names otherwise.

    A role is an ARN already, a name, or a name with its path (``service-role/MyRole``); IAM is
    asked about the latter two alone, once for each role.

    Args:
        hook: Through whose connection IAM is asked.
        request: The request, or a part of it, of CreateHyperParameterTuningJob or CreateModel.

    Raises:
        InvalidTuningRequest: There is no such role in this account.
        AwsCallFailed: IAM does not answer, or not to us (``iam:GetRole``).
    """
    return with_roles(request, _Roles(hook).arn)


class _Roles:
    def __init__(self, hook: AwsBaseHook) -> None:
        self._iam = AwsService(hook, "iam")
        self._arns: dict[str, str] = {}

    def arn(self, role: str, path: str) -> str:
        if role not in self._arns:
            self._arns[role] = self._ask(role, path)
        return self._arns[role]

    def _ask(self, role: str, path: str) -> str:
        name = role.rpartition("/")[2]
        try:
            return str(self._iam.call("GetRole", RoleName=name)["Role"]["Arn"])
        except AwsCallFailed as error:
            if error.code == "NoSuchEntity":
                problem = f"this account has no role {name!r}"
                rule = "an existing role's name, or a role's ARN"
                raise InvalidTuningRequest([Violation(path, problem, rule)]) from error
            error.add_note(f"{path}: give the role's ARN, and IAM is not asked about {role!r}")
            raise
