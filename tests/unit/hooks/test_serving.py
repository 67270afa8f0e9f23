"""Which model packages are needed by endpoints, in each state that these can be in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.deployments import EndpointConfig
from sagemaker_tuning.core.errors import AwsCallFailed, SageMakerTuningError
from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook
from sagemaker_tuning.hooks.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"
_DIGEST = "abcdefghij"


def _name(version: int) -> str:
    return f"churn-v{version}-{_DIGEST}"


def _config(
    version: int, previous: int | None = None, endpoint: str | None = "churn", **tags: str
) -> EndpointConfig:
    own = {"sagemaker-tuning:model_package": f"{_GROUP}/{version}"}
    if previous is not None:
        own["sagemaker-tuning:previous"] = _name(previous)
    if endpoint is not None:
        own["sagemaker-tuning:endpoint"] = endpoint
    return EndpointConfig(_name(version), "arn", (f"churn-v{version}",), own | tags)


class FakeHook:
    """An account with endpoint configurations and endpoints."""

    def __init__(self, *configs: EndpointConfig, **endpoints: dict[str, Any]) -> None:
        self.configs = {config.name: config for config in configs}
        self.endpoints = endpoints

    def find_endpoint(self, name: str) -> dict[str, Any] | None:
        found = self.endpoints.get(name.lower())
        if found and found.get("EndpointStatus") == "denied":
            raise AwsCallFailed("not authorized", code="AccessDeniedException")
        return found

    def find_endpoint_config(self, name: str | None) -> EndpointConfig | None:
        return self.configs.get(name or "")

    def iter_endpoint_configs(self, prefix: str) -> Iterator[EndpointConfig]:
        return (each for name, each in self.configs.items() if name.startswith(prefix))

    def find_model(self, name: str) -> dict[str, Any] | None:
        return {"PrimaryContainer": {"ModelDataUrl": f"s3://bucket/{name}"}}


def _endpoint(config: str | int, status: str = "InService", **members: Any) -> dict[str, Any]:
    name = _name(config) if isinstance(config, int) else config
    return {"EndpointConfigName": name, "EndpointStatus": status} | members


def _look(hook: FakeHook, endpoint: str | None = "churn", *rejected: int) -> Serving:
    packages = {
        version: {
            "ModelPackageArn": f"{_GROUP}/{version}",
            "ModelPackageVersion": version,
            "ModelApprovalStatus": "Rejected" if version in rejected else "Approved",
        }
        for version in range(1, 8)
    }
    return Serving.look(cast("SageMakerDeploymentHook", hook), "Churn", packages, endpoint)


def _needed(hook: FakeHook, endpoint: str | None = "churn", *rejected: int) -> list[int]:
    reasons = _look(hook, endpoint, *rejected).reasons()
    return sorted(int(arn.rpartition("/")[2]) for arn, why in reasons.items() if why)


def test_what_is_served_and_what_it_goes_back_to_are_needed() -> None:
    """Not what was served before that."""
    configs = [_config(1), _config(2, 1), _config(3, 2)]
    assert _needed(FakeHook(*configs, churn=_endpoint(3))) == [2, 3]
    assert _needed(FakeHook(*configs, churn=_endpoint(1))) == [1]
    assert _needed(FakeHook(*configs)) == []


def test_a_rollback_goes_past_what_was_rejected() -> None:
    """And round no circle."""
    configs = [_config(1), _config(2, 1), _config(3, 2), _config(4, 3)]
    hook = FakeHook(*configs, churn=_endpoint(4))
    assert _needed(hook, "churn", 3) == [2, 3, 4]
    assert _needed(hook, "churn", 1, 2, 3) == [1, 2, 3, 4]
    circle = FakeHook(_config(1, 2), _config(2, 1), churn=_endpoint(2))
    assert _needed(circle, "churn", 1, 2) == [1, 2]


def test_an_endpoint_that_is_updated_needs_both() -> None:
    """What it serves and what it is to serve, and what either goes back to."""
    configs = [_config(1), _config(2), _config(3, 2), _config(4, 3)]
    pending = {"PendingDeploymentSummary": {"EndpointConfigName": _name(4)}}
    assert _needed(FakeHook(*configs, churn=_endpoint(3, "Updating", **pending))) == [2, 3, 4]


@pytest.mark.parametrize("status", ["Updating", "Failed", "UpdateRollbackFailed", "RollingBack"])
def test_an_endpoint_that_does_not_say_where_it_goes_needs_all(status: str) -> None:
    """That were ever deployed to it, and nothing that was deployed elsewhere."""
    configs = [_config(1), _config(2), _config(3, endpoint="gone"), _config(4)]
    assert _needed(FakeHook(*configs, churn=_endpoint(2, status))) == [1, 2, 4]


def test_an_endpoint_that_is_created_again_needs_what_it_goes_back_to() -> None:
    """A rollback deletes one that is Failed, and says so in a tag before."""
    restoring = _config(3, 2, **{"sagemaker-tuning:update": "restoring"})
    assert _needed(FakeHook(_config(1), _config(2, 1), restoring)) == [2, 3]
    deployed = _config(3, 2, **{"sagemaker-tuning:update": "a-try"})
    assert _needed(FakeHook(_config(1), _config(2, 1), deployed)) == []


def test_every_endpoint_that_a_version_was_deployed_to_is_asked() -> None:
    """Whichever is named, if any, in whichever case."""
    configs = [_config(1, endpoint="Staging"), _config(2), _config(3, endpoint="staging")]
    hook = FakeHook(*configs, churn=_endpoint(2), staging=_endpoint(1))
    for given in ("churn", "CHURN", "staging", "mistyped", None):
        assert _needed(hook, given) == [1, 2]


def test_a_configuration_of_others_counts_by_its_models() -> None:
    """It has no tags, and a model of ours."""
    foreign = EndpointConfig("theirs", "arn", ("churn-v5", "another"), {})
    assert _needed(FakeHook(_config(1), foreign, churn=_endpoint("theirs"))) == [5]


def test_a_configuration_counts_by_its_tag_whatever_its_model_is_called() -> None:
    """So it is found by what says which package it was made of, too."""
    tags = {"sagemaker-tuning:model_package": f"{_GROUP}/3"}
    renamed = EndpointConfig("renamed", "arn", ("another",), tags)
    assert _needed(FakeHook(_config(1), renamed, churn=_endpoint("renamed"))) == [3]


class FakeCalls(SageMakerDeploymentHook):
    """A hook that knows one endpoint configuration, with a shadow variant."""

    def _call(
        self, operation: str, request: Mapping[str, Any], *, repeats: bool = True
    ) -> dict[str, Any]:
        assert repeats
        assert (operation, request) == (
            "DescribeEndpointConfig",
            {"EndpointConfigName": "theirs"},
        )
        return {
            "EndpointConfigName": "theirs",
            "EndpointConfigArn": "arn",
            "ProductionVariants": [{"ModelName": "churn-v6"}, {"VariantName": "without-a-model"}],
            "ShadowProductionVariants": [{"ModelName": "churn-v4"}],
        }

    def list_tags(self, arn: str) -> dict[str, str]:
        assert arn == "arn"
        return {}


def test_a_shadow_variant_needs_its_model() -> None:
    """It is given requests as the others are, and its answers are kept to be compared."""
    config = FakeCalls().find_endpoint_config("theirs")
    assert config is not None
    assert _needed(FakeHook(_config(1), config, churn=_endpoint("theirs"))) == [4, 6]


def test_what_cannot_be_known_is_no_reason_to_delete() -> None:
    """An endpoint outlives its configuration: the name may tell, or nothing does."""
    assert _needed(FakeHook(churn=_endpoint(3))) == [3]
    with pytest.raises(SageMakerTuningError, match="theirs, which is not there"):
        _needed(FakeHook(_config(1), churn=_endpoint("theirs")))
    with pytest.raises(AwsCallFailed):
        _needed(FakeHook(_config(1), churn={"EndpointStatus": "denied"}))


def test_a_configuration_without_our_tags_hinders() -> None:
    """It has the name of one of ours, and may be in use wherever."""
    theirs = EndpointConfig(_name(2), "arn", ("churn-v2",), {})
    serving = _look(FakeHook(_config(1), theirs))
    package = serving.packages
    assert serving.hindrances(package[1]) == []
    assert serving.configs_of(f"{_GROUP}/1") == [_config(1)]
    (hindrance,) = serving.hindrances(package[2])
    assert "no tag" in hindrance
    assert serving.configs_of(f"{_GROUP}/2") == []


def test_a_change_is_seen_at_any_of_the_endpoints() -> None:
    """Another configuration, another status, another target; or that it is there at all."""
    hook = FakeHook(_config(1), _config(2, endpoint="staging"), churn=_endpoint(1))
    serving = _look(hook)
    assert not serving.has_changed()
    hook.endpoints["staging"] = _endpoint(2)
    assert serving.has_changed()
    del hook.endpoints["staging"]
    hook.endpoints["churn"] = _endpoint(1, "Updating")
    assert serving.has_changed()


def test_what_served_models_read_is_needed() -> None:
    """Also those of a configuration that others made."""
    foreign = EndpointConfig("theirs", "arn", ("another",), {})
    hook = FakeHook(_config(1), foreign, churn=_endpoint("theirs"))
    assert _look(hook).uris() == ["s3://bucket/another"]
