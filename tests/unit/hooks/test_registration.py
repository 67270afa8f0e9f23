"""That a training job is registered once, where the endpoint cannot be made to show it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, SageMakerTuningError
from sagemaker_tuning.hooks.registration import Registration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_TRAINING_JOB = {
    "TrainingJobName": "churn-001",
    "TrainingJobArn": f"{_ARN}:training-job/churn-001",
    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
}


class FakeRegistry:
    """A group in which a token makes one package, even after that was deleted."""

    def __init__(self, status: str = "Completed") -> None:
        self.status = status
        self.by_token: dict[str, str] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.refusals: list[AwsCallFailed] = []

    def ensure_model_package_group(self, name: str) -> None:
        assert name == "churn"

    def packages_of_training_job(
        self, group: str, training_job: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        assert (group, training_job) == ("churn", _TRAINING_JOB)
        return [each for arn, each in reversed(self.packages.items()) if arn not in self.hidden]

    def create_model_package(self, request: Mapping[str, Any]) -> str:
        token = request["ClientToken"]
        if token not in self.by_token:
            arn = f"{_ARN}:model-package/churn/{len(self.by_token) + 1}"
            self.by_token[token] = arn
            self.packages[arn] = {
                **request,
                "ModelPackageArn": arn,
                "ModelPackageStatus": self.status,
            }
        if self.refusals:
            raise self.refusals.pop()
        return self.by_token[token]

    def find_model_package(self, arn: str) -> dict[str, Any] | None:
        return self.packages.get(arn)


def _register(registry: FakeRegistry, try_id: str = "try-1") -> str:
    request = {
        "ModelPackageGroupName": "churn",
        "CustomerMetadataProperties": {"sagemaker-tuning:try": try_id},
    }
    pauses: list[float] = []
    registration = Registration(
        training_job=_TRAINING_JOB, request=request, try_id=try_id, sleep=pauses.append
    )
    package = registration.run(cast("SageMakerRegistryHook", registry))
    assert sum(pauses) < 600
    return str(package["ModelPackageArn"]).rpartition("/")[2]


def test_the_token_decides_where_a_list_lags() -> None:
    """A retry that does not see what it has made asks for the same once more."""
    registry = FakeRegistry()
    assert _register(registry) == "1"
    registry.hidden = set(registry.packages)
    assert _register(registry, "try-2") == "1"
    assert len(registry.packages) == 1


def test_a_token_of_a_deleted_package_is_used_no_more() -> None:
    """AWS names what is not there any more; the next token makes the next package."""
    registry = FakeRegistry()
    _register(registry)
    registry.packages.clear()
    assert _register(registry, "try-2") == "2"
    registry.packages.clear()
    assert _register(registry, "try-3") == "3"


def test_a_package_that_failed_is_followed_by_one_of_the_next_try() -> None:
    """Not of this one, which has to say that it failed."""
    registry = FakeRegistry("Failed")
    assert _register(registry) == "1"
    assert _register(registry) == "1"
    assert _register(registry, "try-2") == "2"
    registry.status = "Completed"
    assert _register(registry, "try-3") == "3"
    assert _register(registry, "try-4") == "3"


def test_a_token_of_a_package_that_failed_is_not_used_again() -> None:
    """Where AWS remembers what it was used for, it refuses it with anything else."""

    class Strict(FakeRegistry):
        def create_model_package(self, request: Mapping[str, Any]) -> str:
            if request["ClientToken"] in self.by_token:
                raise AwsCallFailed("token was used", code="ValidationException")
            return super().create_model_package(request)

    registry = Strict("Failed")
    assert [_register(registry, f"try-{number}") for number in (1, 2, 3)] == ["1", "2", "3"]


def test_a_create_that_was_refused_may_have_been_carried_out() -> None:
    """By this request, or by another run's at the same moment."""
    registry = FakeRegistry()
    registry.refusals = [AwsCallFailed("conflict", code="ConflictException")]
    assert _register(registry) == "1"
    hidden = FakeRegistry()
    hidden.hidden = {f"{_ARN}:model-package/churn/1"}
    hidden.refusals = [AwsCallFailed("no answer", code="ReadTimeoutError")]
    with pytest.raises(AwsCallFailed, match="no answer"):
        _register(hidden)
    assert _register(hidden, "try-2") == "1"


def test_packages_that_go_as_fast_as_they_come_are_an_error() -> None:
    """Bounded, with the name of one of them."""

    class Deleting(FakeRegistry):
        def find_model_package(self, arn: str) -> None:
            del arn

    with pytest.raises(SageMakerTuningError, match="find out who deletes them"):
        _register(Deleting())
