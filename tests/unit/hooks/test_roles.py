"""Role names become ARNs where a request has roles, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest
from sagemaker_tuning.hooks.roles import with_role_arns

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

_ARN = "arn:aws-cn:iam::123456789012:role/service-role/Tuning"


class FakeIam:
    """IAM with one role, which may refuse to tell."""

    def __init__(self, code: str = "NoSuchEntity") -> None:
        self.asked: list[str] = []
        self._code = code

    def get_role(self, *, RoleName: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        self.asked.append(RoleName)
        if RoleName != "Tuning":
            raise ClientError({"Error": {"Code": self._code, "Message": "said"}}, "GetRole")
        return {"Role": {"Arn": _ARN}}


def _hook(iam: FakeIam) -> AwsBaseHook:
    session = SimpleNamespace(client=lambda _, **__: iam)
    hook = SimpleNamespace(
        get_session=lambda **_: session,
        region_name="cn-north-1",
        conn_config=SimpleNamespace(get_service_endpoint_url=lambda _: None),
        config=Config(),
        verify=None,
    )
    return cast("AwsBaseHook", hook)


def test_each_definitions_role_is_looked_up_once() -> None:
    """By name, or name with path; the answer has path and partition."""
    iam = FakeIam()
    request = {
        "TrainingJobDefinition": {"RoleArn": "Tuning"},
        "TrainingJobDefinitions": [{"RoleArn": "Tuning"}, {"RoleArn": "service-role/Tuning"}],
    }
    assert with_role_arns(_hook(iam), request) == {
        "TrainingJobDefinition": {"RoleArn": _ARN},
        "TrainingJobDefinitions": [{"RoleArn": _ARN}, {"RoleArn": _ARN}],
    }
    assert iam.asked == ["Tuning", "Tuning"]
    assert request["TrainingJobDefinition"] == {"RoleArn": "Tuning"}


def test_iam_is_not_asked_without_need() -> None:
    """Nor about an ARN, nor about a hyperparameter that has the name of a role's field."""
    iam = FakeIam()
    request = {
        "ExecutionRoleArn": _ARN,
        "TrainingJobDefinition": {
            "RoleArn": _ARN,
            "StaticHyperParameters": {"RoleArn": "Tuning"},
        },
    }
    assert with_role_arns(_hook(iam), request) == request
    assert iam.asked == []


@pytest.mark.parametrize("request_document", [{"TrainingJobDefinition": "text"}, {"RoleArn": 5}])
def test_what_is_no_document_is_left_to_validation(request_document: dict[str, Any]) -> None:
    """Which names all mistakes at once."""
    assert with_role_arns(_hook(FakeIam()), request_document) == request_document


def test_a_role_that_is_not_there_is_named_with_its_field() -> None:
    """AWS would say so only when it fails to assume the role."""
    request = {"TrainingJobDefinitions": [{"RoleArn": "Tuning"}, {"RoleArn": "Tunnig"}]}
    said = r"TrainingJobDefinitions\[1\].RoleArn: this account has no role 'Tunnig'"
    with pytest.raises(InvalidTuningRequest, match=said):
        with_role_arns(_hook(FakeIam()), request)


def test_where_iam_may_not_be_asked_an_arn_helps() -> None:
    """Many roles may pass a role and not look at it; the error says the way out."""
    with pytest.raises(AwsCallFailed, match="GetRole was refused: AccessDenied") as refused:
        with_role_arns(_hook(FakeIam("AccessDenied")), {"RoleArn": "Other"})
    assert refused.value.__notes__ == [
        "RoleArn: give the role's ARN, and IAM is not asked about 'Other'"
    ]
