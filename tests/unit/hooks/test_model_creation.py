"""One model of a name in the end, whatever goes wrong on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.adoption import IDENTITY_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict
from sagemaker_tuning.core.tags import tag_list
from sagemaker_tuning.hooks.model_creation import ModelCreation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.models import IfExists
    from sagemaker_tuning.hooks.model import SageMakerModelHook

_LOST = AwsCallFailed("no answer", code="ReadTimeout", is_transient=True, is_ambiguous=True)
_DENIED = AwsCallFailed("denied", code="AccessDeniedException")
_TAKEN = AwsCallFailed("Cannot create already existing model", code="ValidationException")
_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model/churn"


class FakeSageMaker:
    """An account with one model or none, and faults that come true one by one."""

    def __init__(self, model: Mapping[str, Any] | None = None, **tags: str) -> None:
        self.model = None if model is None else _described(model)
        self.tags: dict[str, str] = tags
        self.created = 0
        self.deleted = 0
        self.before_create: list[Exception] = []
        self.after_create: list[Exception] = []
        self.after_delete: list[BaseException] = []
        self.may_tag = True
        self.may_list_tags = True

    def find_model(self, name: str) -> dict[str, Any] | None:
        assert name == "churn"
        return self.model

    def create_model(self, request: Mapping[str, Any]) -> str:
        if self.before_create:
            raise self.before_create.pop(0)
        if "Tags" in request and not self.may_tag:
            raise _DENIED
        if self.model is not None:
            raise _TAKEN
        self.created += 1
        self.tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        self.model = _described({key: value for key, value in request.items() if key != "Tags"})
        if self.after_create:
            raise self.after_create.pop(0)
        return _ARN

    def delete_model(self, name: str) -> bool:
        assert name == "churn"
        self.deleted += 1
        self.model = None
        if self.after_delete:
            raise self.after_delete.pop(0)
        return True

    def list_tags(self, arn: str) -> dict[str, str]:
        assert arn == _ARN
        if not self.may_list_tags:
            raise _DENIED
        return self.tags


def _described(request: Mapping[str, Any]) -> dict[str, Any]:
    return {**request, "ModelArn": _ARN, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}


def _request(artifact: str = "s3://bucket/new") -> dict[str, Any]:
    container = {"Image": "image", "ModelDataUrl": artifact, "Environment": {}}
    return {"ModelName": "churn", "PrimaryContainer": container}


def _create(
    account: FakeSageMaker,
    if_exists: IfExists = "reuse",
    *,
    is_first_try: bool = True,
    tags: Mapping[str, str] | None = None,
) -> str:
    creation = ModelCreation(
        request=_request(),
        tags=tag_list(tags or {}),
        own_tags={IDENTITY_TAG: "us"},
        if_exists=if_exists,
        is_first_try=is_first_try,
    )
    return creation.run(cast("SageMakerModelHook", account))


def _artifact(account: FakeSageMaker) -> str:
    assert account.model is not None
    return str(account.model["PrimaryContainer"]["ModelDataUrl"])


@pytest.mark.parametrize("if_exists", ["reuse", "replace", "fail"])
def test_a_model_that_is_not_there_is_created(if_exists: IfExists) -> None:
    """With the user's tags and ours."""
    account = FakeSageMaker()
    assert _create(account, if_exists, tags={"team": "retraining"}) == _ARN
    assert account.tags == {"team": "retraining", IDENTITY_TAG: "us"}


@pytest.mark.parametrize("if_exists", ["reuse", "replace"])
def test_the_same_model_is_left_as_it_is(if_exists: IfExists) -> None:
    """Nothing is created, and nothing that serves is deleted for nothing."""
    account = FakeSageMaker(_request())
    assert _create(account, if_exists) == _ARN
    assert (account.created, account.deleted) == (0, 0)


def test_another_artifact_under_the_name_is_not_reused() -> None:
    """To serve another model than the one that was asked for would be found out late."""
    account = FakeSageMaker(_request("s3://bucket/old"))
    said = r"ModelDataUrl: 's3://bucket/old' there, 's3://bucket/new' wanted"
    with pytest.raises(TuningJobConflict, match=said):
        _create(account)
    assert _artifact(account) == "s3://bucket/old"


def test_another_artifact_is_replaced_if_that_is_wanted() -> None:
    """By name, whoever created the old one."""
    account = FakeSageMaker(_request("s3://bucket/old"))
    assert _create(account, "replace") == _ARN
    assert _artifact(account) == "s3://bucket/new"


def test_a_try_that_died_between_delete_and_create_is_taken_up() -> None:
    """The old model is gone, the new one not there yet: the next try creates it."""
    account = FakeSageMaker(_request("s3://bucket/old"))
    account.after_delete = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        _create(account, "replace")
    assert account.model is None
    assert _create(account, "replace", is_first_try=False) == _ARN
    assert _artifact(account) == "s3://bucket/new"


@pytest.mark.parametrize("if_exists", ["reuse", "replace", "fail"])
def test_a_create_whose_answer_was_lost_counts(if_exists: IfExists) -> None:
    """In every mode: the model that is there now is the one that we sent."""
    account = FakeSageMaker()
    account.after_create = [_LOST]
    assert _create(account, if_exists) == _ARN
    assert account.created == 1


def test_a_create_that_was_refused_says_why() -> None:
    """There is no model then, and the refusal is the error."""
    account = FakeSageMaker()
    account.before_create = [AwsCallFailed("Could not find model data", code="ValidationException")]
    with pytest.raises(AwsCallFailed, match="Could not find model data"):
        _create(account)


def test_fail_is_about_models_of_others() -> None:
    """The same contents make it no less another's."""
    account = FakeSageMaker(_request(), **{IDENTITY_TAG: "them"})
    with pytest.raises(TuningJobConflict, match="if_exists is 'fail'"):
        _create(account, "fail", is_first_try=False)
    untagged = FakeSageMaker(_request())
    with pytest.raises(TuningJobConflict, match="if_exists is 'fail'"):
        _create(untagged, "fail")


def test_fail_does_not_fail_for_a_model_of_ones_own() -> None:
    """A worker that died right after Create leaves a model that its task's next try finds."""
    account = FakeSageMaker()
    _create(account, "fail")
    assert _create(account, "fail", is_first_try=False) == _ARN
    assert account.created == 1
    account.may_list_tags = False
    assert _create(account, "fail", is_first_try=False) == _ARN


def test_where_tagging_is_denied_the_model_has_no_tags() -> None:
    """A role without sagemaker:AddTags may create models all the same."""
    account = FakeSageMaker()
    account.may_tag = False
    assert _create(account) == _ARN
    assert account.tags == {}


def test_tags_that_the_user_wants_are_not_left_out() -> None:
    """They may decide about cost or access."""
    account = FakeSageMaker()
    account.may_tag = False
    with pytest.raises(AwsCallFailed, match="denied"):
        _create(account, tags={"team": "retraining"})
    assert account.created == 0


def test_a_denied_create_is_an_error() -> None:
    """Whether the tags or the model was denied, only another try without tags can tell."""
    account = FakeSageMaker()
    account.before_create = [_DENIED, _DENIED]
    with pytest.raises(AwsCallFailed, match="denied"):
        _create(account)
