"""That what changes while a clean-up is under way is thought over again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.deployments import EndpointConfig
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.hooks.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook

_GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"


class FakeAccount:
    """Three versions, each with model and configuration; the last one is served.

    Attributes:
        before_look: Called before each look at a package, with how many there were.
    """

    def __init__(self, before_look: Callable[[FakeAccount, int], object] = lambda *_: None) -> None:
        self.packages = {version: self._package(version) for version in (1, 2, 3)}
        self.endpoint = self._endpoint(3)
        self.before_look = before_look
        self.looks = 0
        self.deleted: list[str] = []

    @staticmethod
    def _package(version: int) -> dict[str, Any]:
        return {
            "ModelPackageArn": f"{_GROUP}/{version}",
            "ModelPackageVersion": version,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "Rejected",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=version),
            "CustomerMetadataProperties": {"sagemaker-tuning:training_job": f"job/{version}"},
        }

    @staticmethod
    def _endpoint(version: int) -> dict[str, Any]:
        return {
            "EndpointConfigName": f"churn-v{version}-abcdefghij",
            "EndpointStatus": "InService",
        }

    def serve(self, version: int) -> None:
        self.endpoint = self._endpoint(version)

    def iter_model_packages(self, group: str) -> list[dict[str, Any]]:
        assert group == "churn"
        return list(self.packages.values())

    def find_model_package(self, arn: str) -> dict[str, Any] | None:
        self.looks += 1
        self.before_look(self, self.looks)
        package = self.packages.get(int(arn.rpartition("/")[2]))
        return dict(package) if package else None

    def find_endpoint(self, name: str) -> dict[str, Any]:
        assert name == "churn"
        return dict(self.endpoint)

    def iter_endpoint_configs(self, prefix: str) -> Iterator[EndpointConfig]:
        assert prefix == "churn-v"
        names = (f"churn-v{version}-abcdefghij" for version in self.packages)
        return (config for name in names if (config := self.find_endpoint_config(name)))

    def find_endpoint_config(self, name: str | None) -> EndpointConfig | None:
        if not name or f"config {name}" in self.deleted:
            return None
        version = name.split("-")[1][1:]
        tags = {
            "sagemaker-tuning:model_package": f"{_GROUP}/{version}",
            "sagemaker-tuning:endpoint": "churn",
        }
        return EndpointConfig(name, "arn", (f"churn-v{version}",), tags)

    def find_model(self, name: str) -> dict[str, Any] | None:
        is_there = name.startswith("churn-v") and f"model {name}" not in self.deleted
        return {"ModelName": name, "ModelArn": name} if is_there else None

    def list_tags(self, arn: str) -> dict[str, str]:
        return {"sagemaker-tuning:model_package": f"{_GROUP}/{arn.removeprefix('churn-v')}"}

    def delete_endpoint_config(self, name: str) -> None:
        self.deleted.append(f"config {name}")

    def delete_model(self, name: str) -> None:
        self.deleted.append(f"model {name}")

    def delete_model_package(self, arn: str) -> None:
        version = arn.rpartition("/")[2]
        del self.packages[int(version)]
        self.deleted.append(f"package {version}")


def _clean_up(account: FakeAccount) -> list[str]:
    retention = Retention(
        hook=cast("SageMakerDeploymentHook", account),
        group="churn",
        endpoint_name="churn",
        keep=1,
        delete_artifacts=False,
        delete_log_streams=False,
    )
    result = retention.run(dry_run=False)
    gone = [entry["ModelPackageArn"].rpartition("/")[2] for entry in result["Deleted"]]
    there = {entry["ModelPackageArn"].rpartition("/")[2] for entry in result["Kept"]}
    assert there == {str(version) for version in account.packages}
    return gone


def test_the_oldest_goes_first_and_its_package_last() -> None:
    """What is left of one that was begun is found by its package."""
    account = FakeAccount()
    assert _clean_up(account) == ["1", "2"]
    assert account.deleted == [
        "config churn-v1-abcdefghij",
        "model churn-v1",
        "package 1",
        "config churn-v2-abcdefghij",
        "model churn-v2",
        "package 2",
    ]


def test_what_is_approved_meanwhile_stays() -> None:
    """Somebody made an older version the champion while the one before it was deleted."""

    def approve(account: FakeAccount, look: int) -> None:
        if look == 5:
            account.packages[2]["ModelApprovalStatus"] = "Approved"

    account = FakeAccount(approve)
    assert _clean_up(account) == ["1"]
    assert account.deleted[-1] == "package 1"


def test_what_is_served_meanwhile_stays() -> None:
    """A rollback came between."""
    account = FakeAccount(lambda account, look: account.serve(2) if look == 4 else None)
    assert _clean_up(account) == ["1"]
    assert sorted(account.packages) == [2, 3]


def test_what_another_clean_up_deletes_is_no_error() -> None:
    """Two runs of a DAG may clean up at the same moment."""
    account = FakeAccount(lambda account, look: account.packages.pop(1) if look == 4 else None)
    assert _clean_up(account) == ["2"]


def test_what_never_stands_still_is_an_error() -> None:
    """With nothing deleted by what was true a moment ago."""
    account = FakeAccount(lambda account, look: account.serve(1 + look % 3))
    with pytest.raises(SageMakerTuningError, match="change all the time"):
        _clean_up(account)
    assert account.deleted == []
