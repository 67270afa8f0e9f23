"""The gate's steps: whatever goes wrong between two calls, nothing is scored or left twice."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from sagemaker_tuning._compat import (
    AirflowFailException,
    AirflowSkipException,
    TaskDeferred,
)
from sagemaker_tuning.core.errors import AwsCallFailed, ScoringFailed
from tests.unit.operators.account import (
    BAD,
    GOOD,
    GROUP_ARN,
    Account,
    Crash,
    refusal,
)
from tests.unit.operators.gating import ROLE, first_try, next_try, run


def _calls_of_a_run() -> int:
    account = Account(champion=GOOD, challenger=BAD)
    with pytest.raises(AirflowSkipException):
        run(account, first_try())
    return len(account.calls)


def test_both_are_scored_and_nothing_is_left() -> None:
    """Both jobs run at the same time; models and outputs are gone when it is decided."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = first_try()
    result = run(account, ti)
    json.dumps(result)  # it goes to XCom
    assert (result["Verdict"], result["MetricName"], result["Margin"]) == ("Won", "auc", 0)
    assert result["Challenger"] == {"ModelPackageArn": f"{GROUP_ARN}/2", "Value": 1.0}
    assert result["Champion"] == {"ModelPackageArn": f"{GROUP_ARN}/1", "Value": 0.75}
    assert account.packages[2]["ModelApprovalStatus"] == "PendingManualApproval"
    creates = [call for call in account.calls if call.endswith("transform_job")][:4]
    assert creates.count("create_transform_job") == 2  # before the first is looked at again
    assert (account.models, account.outputs) == ({}, [])


def test_a_loser_is_rejected_and_the_rest_is_skipped() -> None:
    """The reason is the package's approval description, and the result is there as XCom."""
    account = Account(champion=GOOD, challenger=BAD)
    ti = first_try()
    with pytest.raises(AirflowSkipException, match="the champion stays"):
        run(account, ti)
    package = account.packages[2]
    assert package["ModelApprovalStatus"] == "Rejected"
    assert package["ApprovalDescription"] == ti.xcoms["return_value"]["Reason"]
    assert ti.xcoms["Verdict"] == "Lost"
    assert (account.models, account.outputs) == ({}, [])


def test_a_loss_can_fail_the_task() -> None:
    """Without a retry; what it has come to is there as XCom all the same."""
    account = Account(champion=GOOD, challenger=GOOD)
    ti = first_try()
    with pytest.raises(AirflowFailException, match="they are equal, so the champion stays"):
        run(account, ti, on_loss="fail")
    assert ti.xcoms["return_value"]["Verdict"] == "Lost"


@pytest.mark.parametrize("half", [0, 0.5], ids=["before", "after"])
@pytest.mark.parametrize("place", range(_calls_of_a_run()))
def test_a_crash_at_any_call_is_healed_by_the_next_try(place: int, half: float) -> None:
    """One transform job for each package, unless what the first ones wrote is gone already."""
    account = Account(champion=GOOD, challenger=BAD)
    ti = first_try()
    account.crash_at = place + half
    with pytest.raises(Crash):
        run(account, ti)
    had_deleted = account.has_deleted
    account.crash_at = None
    ti = next_try(ti)
    with pytest.raises(AirflowSkipException, match="the champion stays"):
        run(account, ti)
    assert len(account.jobs) == 2 or had_deleted
    assert max(account.most_live.values()) == 1
    assert account.packages[2]["ModelApprovalStatus"] == "Rejected"
    assert ti.xcoms["Verdict"] == "Lost"
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_cleared_task_scores_anew() -> None:
    """The data may be the same, but a person asked for it."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = first_try()
    run(account, ti)
    again = replace(ti, try_number=2, max_tries=4, id=uuid.uuid4())
    run(account, again)
    assert len(account.jobs) == 4
    assert (account.models, account.outputs) == ({}, [])


def test_a_dag_run_of_the_same_name_scores_anew() -> None:
    """What a deleted DAG run left is not taken for its own, but cleaned up with it."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = first_try()
    account.refusals["delete_objects"] = [refusal("AccessDenied"), refusal("AccessDenied")]
    run(account, ti)
    assert len(account.outputs) == 2
    run(account, replace(ti, id=uuid.uuid4()))
    assert len(account.jobs) == 4
    assert (account.models, account.outputs) == ({}, [])


def test_a_live_job_of_before_the_first_try_is_a_conflict() -> None:
    """Another deployment with the same DAG has launched it; it is left alone."""
    account = Account(champion=None, challenger=GOOD)
    ti = first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    with pytest.raises(AirflowFailException, match="another deployment"):
        run(account, replace(ti, id=uuid.uuid4()))
    assert len(account.live_jobs()) == len(account.models) == 1


def test_what_another_deployment_scores_is_left_alone() -> None:
    """The same DAG, run and task, but other data: its job goes on, and its model stays."""
    account = Account(champion=None, challenger=GOOD)
    ti = first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    (theirs,) = account.live_jobs()
    account.looks_until_done = 2
    account.jobs[theirs]["looks"] = -1_000_000
    account.objects["test/0.csv"] += b"\n"
    assert run(account, replace(ti, id=uuid.uuid4()))["Verdict"] == "NoChampion"
    assert account.live_jobs() == [theirs]
    assert list(account.models) == [theirs.rpartition("-")[0]]


def test_a_job_of_another_name_holder_is_a_conflict() -> None:
    """A job that has the name without the tag is somebody else's."""
    account = Account(champion=None, challenger=GOOD)
    ti = first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        run(account, ti, deferrable=True)
    for tags in account.tags.values():
        tags.clear()
    with pytest.raises(AirflowFailException, match="not launched by this task"):
        run(account, next_try(ti))


@pytest.mark.parametrize("version", [1, 2])
def test_a_transform_job_that_fails_is_an_error(version: int) -> None:
    """Champion or challenger: with AWS's reason and the last lines, and nobody wins."""
    account = Account(champion=GOOD, challenger=GOOD)
    account.predictions[version] = None
    ti = first_try()
    with pytest.raises(ScoringFailed) as failed:
        run(account, ti)
    part = {1: "champion", 2: "challenger"}[version]
    assert f"the {part} {GROUP_ARN}/{version} has no score" in str(failed.value)
    assert "is Failed: ClientError: no artifact" in str(failed.value)
    assert "data-log: bad data" in str(failed.value)
    assert account.packages[2]["ModelApprovalStatus"] == "PendingManualApproval"
    assert account.models  # for the next try


def test_what_failed_is_launched_again_by_a_retry_and_the_rest_is_not() -> None:
    """The failed job is followed by another; what completed is read."""
    account = Account(champion=BAD, challenger=GOOD)
    account.predictions[1] = None
    ti = first_try()
    with pytest.raises(ScoringFailed):
        run(account, ti)
    account.predictions[1] = BAD
    assert run(account, next_try(ti))["Verdict"] == "Won"
    assert sorted(name[-2:] for name in account.jobs) == ["01", "01", "02"]


def test_predictions_that_are_none_fail_for_good() -> None:
    """With package, file and line; a retry would read the same."""
    account = Account(champion=GOOD, challenger=(0.9, float("nan"), 0.1, 0.2))
    with pytest.raises(AirflowFailException, match=r"/2 has no score: test/0.csv, line 2: 'nan'"):
        run(account, first_try())
    assert (account.models, account.outputs) == ({}, [])


def test_a_quota_without_room_is_waited_for() -> None:
    """The champion's job is launched when the challenger's has ended."""
    account = Account(champion=BAD, challenger=GOOD)
    message = "The account-level service limit 'ml.m5.large for transform job usage' is 1 Instances"
    account.refusals["create_transform_job"] = [refusal("ResourceLimitExceeded", message)] * 2
    assert run(account, first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_quota_of_nothing_is_not() -> None:
    """No room will ever be."""
    account = Account(champion=BAD, challenger=GOOD)
    message = "The account-level service limit 'ml.m5.large for transform job usage' is 0 Instances"
    account.refusals["create_transform_job"] = [refusal("ResourceLimitExceeded", message)]
    with pytest.raises(AirflowFailException, match="is 0 Instances"):
        run(account, first_try())
    assert not account.models


def test_a_throttled_look_is_repeated() -> None:
    """Whatever AWS does not answer for a moment is asked for again."""
    account = Account(champion=BAD, challenger=GOOD)
    for call in ("describe_model_package", "list_tags", "get_object", "list_objects_v2"):
        account.refusals[call] = [refusal("ThrottlingException", "Rate exceeded")]
    assert run(account, first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_create_that_was_carried_out_unheard_is_not_repeated() -> None:
    """The name is in use then, by this very try."""
    account = Account(champion=BAD, challenger=GOOD)
    create = account._create_transform_job  # noqa: SLF001 -- the fake's own

    def unheard(**request: Any) -> dict[str, Any]:
        create(**request)
        raise refusal("InternalFailure")

    vars(account)["_create_transform_job"] = unheard
    assert run(account, first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_denied_call_is_an_error_that_names_the_package() -> None:
    """What may not be created is no loss of either."""
    account = Account(champion=BAD, challenger=GOOD)
    account.refusals["create_transform_job"] = [refusal("AccessDeniedException", "not authorized")]
    with pytest.raises(AwsCallFailed, match="not authorized") as failed:
        run(account, first_try())
    assert f"so the challenger {GROUP_ARN}/2 cannot be scored" in failed.value.__notes__


@pytest.mark.parametrize(
    "other",
    [{"role": f"{ROLE}Other"}, {"model_fields": {"EnableNetworkIsolation": True}}],
    ids=["role", "fields"],
)
def test_a_model_that_was_a_mistake_is_followed_by_another(other: dict[str, Any]) -> None:
    """Whoever mends the DAG between two tries need not delete anything."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = first_try()
    account.predictions[2] = None
    with pytest.raises(ScoringFailed):
        run(account, ti)
    account.predictions[2] = GOOD
    assert run(account, next_try(ti), **other)["Verdict"] == "Won"
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_number_beside_the_prediction_is_no_score() -> None:
    """Of a model that predicts several numbers for a row, none is chosen by its place."""
    account = Account(champion=BAD, challenger=GOOD)
    account.beside = (1, 0, 1, 0)
    with pytest.raises(AirflowFailException, match="predicts 2 numbers for a row, and auc takes"):
        run(account, first_try())
    assert account.packages[2]["ModelApprovalStatus"] == "PendingManualApproval"


def test_data_that_changes_meanwhile_is_scored_anew() -> None:
    """A retry does not take the predictions of other data for those of this."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = first_try()
    account.crash_at = 14
    with pytest.raises(Crash):
        run(account, ti)
    assert len(account.jobs) == 2
    account.crash_at = None
    account.objects["test/0.csv"] += b"\n"
    run(account, next_try(ti))
    assert len(account.jobs) == 4
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_package_that_is_being_made_is_waited_for() -> None:
    """AWS may still be validating it; there is nothing to stop meanwhile."""
    account = Account(champion=BAD, challenger=GOOD)
    account.packages[2]["ModelPackageStatus"] = "InProgress"
    with pytest.raises(TaskDeferred) as deferred:
        run(account, first_try(), deferrable=True)
    trigger: Any = deferred.value.trigger
    assert not trigger.stop_on_kill
    account.packages[2]["ModelPackageStatus"] = "Failed"
    with pytest.raises(AirflowFailException, match="is Failed, not Completed"):
        run(account, first_try())
