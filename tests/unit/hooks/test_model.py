"""Whether there was anything to delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, TuningJobNotFound
from sagemaker_tuning.hooks.model import SageMakerModelHook

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_PROGRESS = AwsCallFailed("Cannot update in-progress endpoint", code="ValidationException")
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_DENIED = AwsCallFailed("not authorized", code="AccessDeniedException")
_ABSENT = TuningJobNotFound("Could not find endpoint")


class FakeHook(SageMakerModelHook):
    """A hook whose calls are answered from a list."""

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.calls: list[str] = []

    def _call(
        self, operation: str, request: Mapping[str, Any], *, repeats: bool = True
    ) -> dict[str, Any]:
        assert dict(request) == {"EndpointName": "churn"}
        assert repeats
        self.calls.append(operation)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def test_a_delete_that_is_carried_out_is_one_call() -> None:
    """Nothing is looked at where there is no doubt."""
    hook = FakeHook({})
    assert hook.delete_endpoint("churn")
    assert hook.calls == ["DeleteEndpoint"]


@pytest.mark.parametrize(
    ("seen", "was_there"), [(_ABSENT, False), ({"EndpointStatus": "Deleting"}, True)]
)
def test_only_a_look_tells_whether_it_was_there(
    seen: Mapping[str, Any] | Exception, *, was_there: bool
) -> None:
    """The refusals of what is absent, and of what is being deleted, say it in changing words."""
    hook = FakeHook(AwsCallFailed("?", code="ValidationException"), seen)
    assert hook.delete_endpoint("churn") is was_there
    assert hook.calls == ["DeleteEndpoint", "DescribeEndpoint"]


@pytest.mark.parametrize(
    ("refusal", "seen"),
    [
        (_IN_PROGRESS, {"EndpointStatus": "Creating"}),
        (_THROTTLED, {"EndpointStatus": "InService"}),
        (_DENIED, _DENIED),
    ],
)
def test_what_is_still_there_is_an_error(
    refusal: AwsCallFailed, seen: Mapping[str, Any] | Exception
) -> None:
    """With the reason for which it was not deleted, whatever the look says."""
    with pytest.raises(AwsCallFailed) as raised:
        FakeHook(refusal, seen).delete_endpoint("churn")
    assert raised.value is refusal


def test_no_call_is_made_for_what_can_be_no_name() -> None:
    """AWS would call it absent."""
    hook = FakeHook()
    with pytest.raises(InvalidTuningRequest, match="EndpointName: ''"):
        hook.delete_endpoint("")
    assert hook.calls == []
