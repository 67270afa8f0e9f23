"""One deployment, one rollback in the end, whatever dies on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.adoption import IDENTITY_TAG
from sagemaker_tuning.core.deployments import (
    ENDPOINT_TAG,
    MODEL_PACKAGE_TAG,
    EndpointConfig,
    PackageVersion,
)
from sagemaker_tuning.core.errors import AwsCallFailed, DeploymentFailed, TuningJobConflict
from sagemaker_tuning.hooks.deploying import Deployment
from sagemaker_tuning.hooks.model_creation import ModelCreation
from sagemaker_tuning.hooks.rollback import Rollback
from tests.unit.hooks.account import REASON, Account, Died

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook

_ENDPOINT = "churn"
_MOST_LOOKS = 40
_BY_HAND = "by-hand"


def _package(version: int) -> PackageVersion:
    return PackageVersion.of(
        f"arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/{version}"
    )


def _config_name(version: int) -> str:
    return _package(version).endpoint_config_name(_ENDPOINT)


def _deployment(account: Account, version: int = 2, *, number: int = 1, **how: Any) -> Deployment:
    package = _package(version)
    container = {"Image": "image", "ModelDataUrl": f"s3://b/{version}", "Environment": {}}
    request = {"ModelName": package.model_name, "PrimaryContainer": container}
    own_tags = {IDENTITY_TAG: "us", MODEL_PACKAGE_TAG: package.arn}
    variant = {"VariantName": "AllTraffic", "ModelName": package.model_name}
    config = {"EndpointConfigName": _config_name(version), "ProductionVariants": [variant]}
    options: dict[str, Any] = {
        "adopt_endpoint": False,
        "allow_downgrade": False,
        "update_options": {},
    }
    return Deployment(
        hook=cast("SageMakerDeploymentHook", account),
        package=package,
        endpoint_name=_ENDPOINT,
        model=ModelCreation(request, (), own_tags, "reuse", is_first_try=False),
        config=config,
        tags=(),
        own_tags=own_tags | {ENDPOINT_TAG: _ENDPOINT},
        try_id=f"deploy{version}-{number}",
        **(options | how),
    )


def _rollback(account: Account, version: int = 2, *, number: int = 1) -> Rollback:
    return Rollback(
        hook=cast("SageMakerDeploymentHook", account),
        package=_package(version),
        endpoint_name=_ENDPOINT,
        update_options={},
        try_id=f"rollback{version}-{number}",
    )


def _finish(work: Deployment | Rollback) -> dict[str, Any]:
    """Take steps to the end, each by a process of its own, as after deferred pauses."""
    for _ in range(_MOST_LOOKS):
        result = replace(work).step()
        if result is not None:
            return result
    raise AssertionError("it goes on for ever")


def _with(*versions: int) -> Account:
    """Give an account in which these versions were deployed, one after the other."""
    account = Account()
    for version in versions:
        _finish(_deployment(account, version))
    account.calls.clear()
    return account


def _failed_update() -> Account:
    account = _with(1)
    account.outcomes[_config_name(2)] = "Failed"
    with pytest.raises(DeploymentFailed):
        _finish(_deployment(account))
    account.calls.clear()
    return account


def _failed_creation() -> Account:
    account = Account(outcomes={_config_name(2): "Failed"})
    with pytest.raises(DeploymentFailed):
        _finish(_deployment(account))
    account.outcomes.clear()
    account.calls.clear()
    return account


def _survives(
    prepare: Callable[[], Account],
    work: Callable[[Account, int], Deployment | Rollback],
    check: Callable[[Account, dict[str, Any]], None],
) -> int:
    """Let the worker die at each call, before and after it, and take the work up; count."""
    deaths = 0
    for dies_after in (False, True):
        for call in range(1, 1000):
            account = prepare()
            account.dies_at, account.dies_after = account.done + call, dies_after
            try:
                result = _finish(work(account, 1))
            except Died:
                deaths += 1
                account.dies_at = 0
                check(account, _finish(work(account, 2)))
                continue
            check(account, result)
            break
    return deaths


def _deploys(account: Account, number: int) -> Deployment:
    return _deployment(account, number=number)


def _rolls_back(account: Account, number: int) -> Rollback:
    return _rollback(account, number=number)


def test_a_first_deployment_survives_a_death_at_any_call() -> None:
    """There is one model, one configuration, one endpoint, and nothing to go back to."""

    def check(account: Account, result: dict[str, Any]) -> None:
        assert result["PreviousEndpointConfigName"] is None
        assert account.endpoints[_ENDPOINT]["EndpointConfigName"] == _config_name(2)
        assert account.count("create_model") == account.count("create_endpoint_config") == 1
        assert account.count("create_endpoint") == 1
        assert not account.count("update_endpoint")

    assert _survives(Account, _deploys, check) > 20


def test_an_update_survives_a_death_at_any_call() -> None:
    """AWS is asked for one update, and what was before it is known."""

    def check(account: Account, result: dict[str, Any]) -> None:
        assert result["PreviousEndpointConfigName"] == _config_name(1)
        assert account.endpoints[_ENDPOINT]["EndpointConfigName"] == _config_name(2)
        assert account.count("update_endpoint") == 1
        assert account.count("create_model") == account.count("create_endpoint_config") == 1

    assert _survives(lambda: _with(1), _deploys, check) > 20


@pytest.mark.parametrize("prepare", [_failed_update, _failed_creation])
def test_a_failed_endpoint_is_made_anew_whatever_dies(prepare: Callable[[], Account]) -> None:
    """It is deleted once, and what it served before is not forgotten with it."""

    def prepared() -> Account:
        account = prepare()
        account.outcomes.clear()
        return account

    def work(account: Account, number: int) -> Deployment:
        return _deployment(account, number=number + 1)

    def check(account: Account, result: dict[str, Any]) -> None:
        before = _config_name(1) if prepare is _failed_update else None
        assert result["PreviousEndpointConfigName"] == before
        assert account.count("delete_endpoint") == account.count("create_endpoint") == 1

    assert _survives(prepared, work, check) > 10


def test_a_rollback_survives_a_death_at_any_call() -> None:
    """AWS is asked for one update, to what was there before."""

    def check(account: Account, result: dict[str, Any]) -> None:
        assert result["EndpointConfigName"] == _config_name(1)
        assert account.endpoints[_ENDPOINT]["EndpointStatus"] == "InService"
        assert account.count("update_endpoint") == 1

    assert _survives(lambda: _with(1, 2), _rolls_back, check) > 10


def test_a_rollback_of_a_first_deployment_survives_a_death_at_any_call() -> None:
    """The endpoint is deleted, and nothing is created in its place."""

    def check(account: Account, result: dict[str, Any]) -> None:
        assert result["EndpointConfigName"] is None
        assert not account.endpoints
        assert account.count("delete_endpoint") == 1
        assert not account.count("create_endpoint")

    assert _survives(lambda: _with(2), _rolls_back, check) > 8


def test_a_rollback_of_a_failed_endpoint_survives_a_death_at_any_call() -> None:
    """The endpoint is never lost between its deletion and its creation with what was before."""

    def check(account: Account, result: dict[str, Any]) -> None:
        assert result["EndpointConfigName"] == _config_name(1)
        assert account.endpoints[_ENDPOINT]["EndpointStatus"] == "InService"
        assert account.count("delete_endpoint") == account.count("create_endpoint") == 1

    assert _survives(_failed_update, _rolls_back, check) > 15


@pytest.mark.parametrize("outcome", ["RolledBack", "UpdateRollbackFailed", "Failed"])
def test_an_update_that_fails_is_asked_for_once_a_try(outcome: str) -> None:
    """The error has AWS's reason; the next try may try again, and no try does so twice."""
    account = _with(1)
    account.outcomes[_config_name(2)] = outcome
    with pytest.raises(DeploymentFailed, match=REASON) as failed:
        _finish(_deployment(account))
    assert not failed.value.is_retried
    assert account.count("update_endpoint") == 1
    with pytest.raises(DeploymentFailed, match=REASON):
        _finish(_deployment(account, number=2))
    assert account.count("update_endpoint") + account.count("create_endpoint") == 2


def test_a_try_that_takes_an_update_over_does_not_repeat_it() -> None:
    """Though it was another try, which has died, that asked AWS for it."""
    account = _with(1)
    account.outcomes[_config_name(2)] = "RolledBack"
    work = _deployment(account)
    while not account.count("update_endpoint"):
        work.step()
    with pytest.raises(DeploymentFailed):
        _finish(_deployment(account, number=2))
    assert account.count("update_endpoint") == 1


def test_lack_of_instances_may_pass() -> None:
    """So that alone is left to Airflow's retries."""
    reason = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity"
    account = Account(outcomes={_config_name(2): "Failed"}, reason=reason)
    with pytest.raises(DeploymentFailed, match=reason) as failed:
        _finish(_deployment(account))
    assert failed.value.is_retried


def test_somebody_elses_update_is_waited_for() -> None:
    """A person's change of the endpoint ends first; then it is what one goes back to."""
    account = _with(1)
    _finish(_deployment(account, 3))
    account.begin_update(_ENDPOINT, _config_name(1))
    account.calls.clear()
    result = _finish(_deployment(account, 2))
    assert result["PreviousEndpointConfigName"] == _config_name(1)
    assert account.count("update_endpoint") == 1


def test_of_two_runs_the_newer_version_stays() -> None:
    """Whichever begins first, and whoever overtakes whom while both wait."""
    account = _with(1)
    older, newer = _deployment(account, 2), _deployment(account, 3)
    older.step()
    newer.step()  # waits
    _finish(newer)
    with pytest.raises(TuningJobConflict, match="newer than version 2"):
        _finish(older)
    assert account.endpoints[_ENDPOINT]["EndpointConfigName"] == _config_name(3)


def test_a_newer_version_that_serves_nothing_is_in_nobodys_way() -> None:
    """An endpoint that could not be created with it is made anew with an older one."""
    account = _failed_creation()
    _finish(_deployment(account, 1))
    assert account.endpoints[_ENDPOINT]["EndpointConfigName"] == _config_name(1)


def test_of_two_runs_that_both_see_no_endpoint_both_end_well() -> None:
    """The second finds the name taken, waits, and updates."""
    account = Account()
    _deployment(account, 2).step()
    account.hidden_looks = 1
    result = _finish(_deployment(account, 3))
    assert result["PreviousEndpointConfigName"] == _config_name(2)


def test_an_endpoint_that_is_deleted_meanwhile_stays_so() -> None:
    """Whoever deletes it while it is created does not want it back at once."""
    account = Account()
    work = _deployment(account)
    work.step()
    account.endpoints.clear()
    with pytest.raises(DeploymentFailed, match="deleted while"):
        work.step()
    assert _finish(_deployment(account, number=2))


def test_a_model_of_the_name_with_other_contents_is_refused() -> None:
    """The error says what to do about it, which is not to choose another name."""
    account = _with(2)
    name = _package(2).model_name
    account.models[name]["PrimaryContainer"] = {"Image": "other"}
    account.endpoints.clear()
    with pytest.raises(TuningJobConflict, match="exists and is another one"):
        _finish(_deployment(account, number=2))


def test_a_rollback_that_aws_undoes_is_an_error() -> None:
    """And it is not tried in a circle."""
    account = _with(1, 2)
    account.outcomes[_config_name(1)] = "RolledBack"
    with pytest.raises(DeploymentFailed, match=REASON):
        _finish(_rollback(account))
    assert account.count("update_endpoint") == 1


def test_a_failed_endpoint_that_cannot_be_restored_is_an_error() -> None:
    """Its former configuration does not come up either; each try creates it once."""
    account = _failed_update()
    account.outcomes[_config_name(1)] = "Failed"
    for number in (1, 2):
        with pytest.raises(DeploymentFailed, match=REASON):
            _finish(_rollback(account, number=number))
        assert account.count("create_endpoint") == number


def test_a_failed_endpoint_may_be_restored_past_what_was_rejected() -> None:
    """Where that fails as well, it is an error, though it is no longer the one that it had."""
    account = _with(1, 2)
    account.rejected.add(_package(2).arn)
    account.outcomes = {_config_name(3): "Failed", _config_name(1): "Failed"}
    with pytest.raises(DeploymentFailed):
        _finish(_deployment(account, 3))
    with pytest.raises(DeploymentFailed, match=_config_name(1)):
        _finish(_rollback(account, 3))


def test_a_rollback_leaves_all_configurations_of_the_package() -> None:
    """One with other settings has what was before the package, not its own other one."""
    account = _with(1, 2)
    larger = f"{_package(2).endpoint_config_prefix}aaaaaaaaaa"
    work = _deployment(account, 2)
    work.config = {**work.config, "EndpointConfigName": larger}
    assert _finish(work)["PreviousEndpointConfigName"] == _config_name(1)
    assert _finish(_rollback(account))["EndpointConfigName"] == _config_name(1)


def test_what_is_deployed_to_another_endpoint_is_not_begun_here() -> None:
    """A version goes to one endpoint after the other: one may fail and the other serve."""
    account = _with(1, 2)
    rollback = _rollback(account, 2)
    assert rollback.has_begun()
    assert not replace(rollback, endpoint_name="staging").has_begun()
    assert replace(rollback, endpoint_name=_ENDPOINT.upper()).has_begun()


def test_a_rollback_waits_for_the_deployment_it_undoes() -> None:
    """A deployment whose task was killed goes on; AWS lets nothing be done to it meanwhile."""
    account = _with(1)
    work = _deployment(account)
    while not account.count("update_endpoint"):
        work.step()
    assert _finish(_rollback(account))["EndpointConfigName"] == _config_name(1)
    assert account.count("update_endpoint") == 2


def test_a_mixed_endpoint_is_taken_back() -> None:
    """UpdateRollbackFailed is in service with both; AWS may say either is its configuration."""
    for current in (1, 2):
        account = _with(1)
        account.outcomes[_config_name(2)] = "UpdateRollbackFailed"
        with pytest.raises(DeploymentFailed):
            _finish(_deployment(account))
        account.endpoints[_ENDPOINT]["EndpointConfigName"] = _config_name(current)
        _finish(_rollback(account))
        assert account.endpoints[_ENDPOINT]["EndpointStatus"] == "InService"
        assert account.endpoints[_ENDPOINT]["EndpointConfigName"] == _config_name(1)


def test_what_was_made_by_hand_is_adopted_and_gone_back_to() -> None:
    """Only if that is asked for; its configuration has no tags of ours."""
    account = Account()
    account.configs[_BY_HAND] = EndpointConfig(_BY_HAND, _BY_HAND, (), {})
    account.put(_ENDPOINT, _BY_HAND)
    with pytest.raises(TuningJobConflict, match="adopt_endpoint"):
        _finish(_deployment(account))
    assert not account.count("create_model")
    _finish(_deployment(account, adopt_endpoint=True))
    assert _finish(_rollback(account))["EndpointConfigName"] == _BY_HAND


def test_all_earlier_versions_may_be_rejected() -> None:
    """Then what was served last is better than nothing."""
    account = _with(1, 2, 3)
    account.rejected |= {_package(1).arn, _package(2).arn}
    assert _finish(_rollback(account, 3))["EndpointConfigName"] == _config_name(2)


def test_a_call_that_aws_refuses_is_raised() -> None:
    """Where nobody else's change explains the refusal."""
    account = _with(1)
    work = _deployment(account)
    account.outcomes = {}

    def refuse(request: Any) -> str:
        raise AwsCallFailed("refused: " + request["EndpointConfigName"], code="AccessDenied")

    account.update_endpoint = refuse  # type: ignore[method-assign]
    with pytest.raises(AwsCallFailed, match="refused"):
        _finish(work)
    account = Account()
    account.create_endpoint = refuse  # type: ignore[method-assign]
    with pytest.raises(AwsCallFailed, match="refused"):
        _finish(_deployment(account))
