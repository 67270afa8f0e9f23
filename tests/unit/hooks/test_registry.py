"""What the registry's hook makes of answers that can mean several things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, TuningJobNotFound
from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"
_INVALID = AwsCallFailed("does not exist", code="ValidationException")
_DENIED = AwsCallFailed("not authorized", code="AccessDeniedException")
_LOST = AwsCallFailed("no answer", code="ReadTimeoutError", is_ambiguous=True)
_ABSENT = TuningJobNotFound("does not exist")


def _package(version: int, **members: Any) -> dict[str, Any]:
    return {
        "ModelPackageArn": f"{_ARN}/{version}",
        "ModelPackageVersion": version,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    } | members


class FakeHook(SageMakerRegistryHook):
    """A hook whose calls are answered by operation, one answer after the other."""

    def __init__(self, **answers: list[Any]) -> None:
        super().__init__()
        self.answers = answers
        self.calls: list[str] = []

    def _call(
        self, operation: str, request: Mapping[str, Any], *, repeats: bool = True
    ) -> dict[str, Any]:
        assert request
        assert repeats
        return dict(self._answer(operation))

    def _pages(self, operation: str, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        assert request["SortOrder"] == "Descending"
        yield {"ModelPackageSummaryList": self._answer(operation)}

    def _answer(self, operation: str) -> Any:
        self.calls.append(operation)
        answer = self.answers[operation].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_group_that_is_not_there_has_no_packages() -> None:
    """Why List was refused, only a look at the group tells."""
    hook = FakeHook(ListModelPackages=[_INVALID], DescribeModelPackageGroup=[_ABSENT])
    assert list(hook.iter_model_packages("churn")) == []


@pytest.mark.parametrize(
    ("refusal", "looks"), [(_DENIED, []), (_INVALID, [{"ModelPackageGroupName": "churn"}])]
)
def test_what_may_not_be_listed_is_not_absent(refusal: AwsCallFailed, looks: list[Any]) -> None:
    """Nor is a group that is there, whatever the refusal says."""
    hook = FakeHook(ListModelPackages=[refusal], DescribeModelPackageGroup=looks)
    with pytest.raises(AwsCallFailed) as raised:
        hook.find_champion("churn")
    assert raised.value is refusal


def test_no_call_is_made_for_what_can_be_no_name() -> None:
    """AWS would call it absent."""
    hook = FakeHook()
    for name in ("", "churn model", "-churn"):
        with pytest.raises(InvalidTuningRequest, match="ModelPackageGroupName"):
            hook.find_champion(name)
        with pytest.raises(InvalidTuningRequest, match="ModelPackageGroupName"):
            hook.ensure_model_package_group(name)
        with pytest.raises(InvalidTuningRequest, match="ModelPackageName"):
            hook.find_model_package(name)
    assert hook.calls == []


def test_a_group_is_made_by_whoever_is_first() -> None:
    """A second one finds it there; where there is none, the refusal is the error."""
    found = {"ModelPackageGroupName": "churn"}
    hook = FakeHook(DescribeModelPackageGroup=[found])
    hook.ensure_model_package_group("churn")
    assert hook.calls == ["DescribeModelPackageGroup"]
    racing = FakeHook(
        DescribeModelPackageGroup=[_ABSENT, found], CreateModelPackageGroup=[_INVALID]
    )
    racing.ensure_model_package_group("churn")
    denied = FakeHook(
        DescribeModelPackageGroup=[_ABSENT, _ABSENT], CreateModelPackageGroup=[_DENIED]
    )
    with pytest.raises(AwsCallFailed, match="not authorized"):
        denied.ensure_model_package_group("churn")


def test_the_champion_is_what_can_be_deployed() -> None:
    """Not what failed, was deleted or rejected since it was listed; of one moment the later one."""
    summaries = [_package(version) for version in (9, 12, 11, 10)]
    described = [
        _package(12, ModelPackageStatus="Failed"),
        _ABSENT,
        _package(10, ModelApprovalStatus="Rejected"),
        _package(9),
    ]
    hook = FakeHook(ListModelPackages=[summaries], DescribeModelPackage=described)
    champion = hook.find_champion("churn")
    assert champion is not None
    assert champion["ModelPackageVersion"] == 9


def test_an_approval_whose_answer_is_lost_is_looked_at() -> None:
    """It may have been made all the same; if not, the failure is the error."""
    before, after = _package(1, ModelApprovalStatus="Rejected"), _package(1)
    hook = FakeHook(DescribeModelPackage=[before, after], UpdateModelPackage=[_LOST])
    assert hook.set_approval(f"{_ARN}/1", "Approved") == after
    hook = FakeHook(DescribeModelPackage=[before, before], UpdateModelPackage=[_LOST])
    with pytest.raises(AwsCallFailed, match="no answer"):
        hook.set_approval(f"{_ARN}/1", "Approved")


def test_an_approval_is_made_if_its_description_is_another() -> None:
    """An empty one is as good as none."""
    hook = FakeHook(DescribeModelPackage=[_package(1)])
    assert hook.set_approval(f"{_ARN}/1", "Approved", "") == _package(1)
    hook = FakeHook(DescribeModelPackage=[_package(1)], UpdateModelPackage=[{}])
    package = hook.set_approval(f"{_ARN}/1", "Approved", "good")
    assert package["ApprovalDescription"] == "good"
    assert hook.calls == ["DescribeModelPackage", "UpdateModelPackage"]
