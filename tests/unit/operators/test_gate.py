"""The gate's steps: whatever goes wrong between two calls, nothing is scored or left twice."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_tuning._compat import (
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferralTimeout,
    TaskDeferred,
)
from sagemaker_tuning.core.errors import AwsCallFailed, ScoringFailed
from sagemaker_tuning.operators.gate import SageMakerModelPackageGateOperator
from tests.operators.task import FakeTaskInstance, context
from tests.unit.operators.account import (
    BAD,
    BUCKET,
    GOOD,
    GROUP_ARN,
    Account,
    Crash,
    refusal,
)

_ROLE = "arn:aws:iam::123456789012:role/SageMaker"


def _gate(account: Account, **arguments: Any) -> SageMakerModelPackageGateOperator:
    given = {
        "model_package_name": f"{GROUP_ARN}/2",
        "data": f"s3://{BUCKET}/test",
        "role": _ROLE,
        "instance_type": "ml.m5.large",
        "s3_output_path": f"s3://{BUCKET}/gate",
        "deferrable": False,
        "poll_interval": 0.001,
        **arguments,
    }
    operator = SageMakerModelPackageGateOperator(task_id="gate", retries=3, **given)
    vars(operator)["hook"] = account.hook
    return operator


def _first_try() -> FakeTaskInstance:
    return FakeTaskInstance(task_id="gate", max_tries=3)


def _next_try(ti: FakeTaskInstance) -> FakeTaskInstance:
    return replace(ti, try_number=ti.try_number + 1, id=uuid.uuid4(), xcoms={})


def _run(account: Account, ti: FakeTaskInstance, **arguments: Any) -> Any:
    return _gate(account, **arguments).execute(context(ti))


def _calls_of_a_run() -> int:
    account = Account(champion=GOOD, challenger=BAD)
    with pytest.raises(AirflowSkipException):
        _run(account, _first_try())
    return len(account.calls)


def test_both_are_scored_and_nothing_is_left() -> None:
    """Both jobs run at the same time; models and outputs are gone when it is decided."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = _first_try()
    result = _run(account, ti)
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
    ti = _first_try()
    with pytest.raises(AirflowSkipException, match="the champion stays"):
        _run(account, ti)
    package = account.packages[2]
    assert package["ModelApprovalStatus"] == "Rejected"
    assert package["ApprovalDescription"] == ti.xcoms["return_value"]["Reason"]
    assert ti.xcoms["Verdict"] == "Lost"
    assert (account.models, account.outputs) == ({}, [])


def test_a_loss_can_fail_the_task() -> None:
    """Without a retry; what it has come to is there as XCom all the same."""
    account = Account(champion=GOOD, challenger=GOOD)
    ti = _first_try()
    with pytest.raises(AirflowFailException, match="they are equal, so the champion stays"):
        _run(account, ti, on_loss="fail")
    assert ti.xcoms["return_value"]["Verdict"] == "Lost"


@pytest.mark.parametrize("half", [0, 0.5], ids=["before", "after"])
@pytest.mark.parametrize("place", range(_calls_of_a_run()))
def test_a_crash_at_any_call_is_healed_by_the_next_try(place: int, half: float) -> None:
    """One transform job for each package, unless what the first ones wrote is gone already."""
    account = Account(champion=GOOD, challenger=BAD)
    ti = _first_try()
    account.crash_at = place + half
    with pytest.raises(Crash):
        _run(account, ti)
    had_deleted = account.has_deleted
    account.crash_at = None
    ti = _next_try(ti)
    with pytest.raises(AirflowSkipException, match="the champion stays"):
        _run(account, ti)
    assert len(account.jobs) == 2 or had_deleted
    assert max(account.most_live.values()) == 1
    assert account.packages[2]["ModelApprovalStatus"] == "Rejected"
    assert ti.xcoms["Verdict"] == "Lost"
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_cleared_task_scores_anew() -> None:
    """The data may be the same, but a person asked for it."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = _first_try()
    _run(account, ti)
    again = replace(ti, try_number=2, max_tries=4, id=uuid.uuid4())
    _run(account, again)
    assert len(account.jobs) == 4
    assert (account.models, account.outputs) == ({}, [])


def test_a_dag_run_of_the_same_name_scores_anew() -> None:
    """What a deleted DAG run left is not taken for its own, but cleaned up with it."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = _first_try()
    account.refusals["delete_objects"] = [refusal("AccessDenied"), refusal("AccessDenied")]
    _run(account, ti)
    assert len(account.outputs) == 2
    _run(account, replace(ti, id=uuid.uuid4()))
    assert len(account.jobs) == 4
    assert (account.models, account.outputs) == ({}, [])


def test_a_live_job_of_before_the_first_try_is_a_conflict() -> None:
    """Another deployment with the same DAG has launched it; it is left alone."""
    account = Account(champion=None, challenger=GOOD)
    ti = _first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    with pytest.raises(AirflowFailException, match="another deployment"):
        _run(account, replace(ti, id=uuid.uuid4()))
    assert len(account.live_jobs()) == len(account.models) == 1


def test_what_another_deployment_scores_is_left_alone() -> None:
    """The same DAG, run and task, but other data: its job goes on, and its model stays."""
    account = Account(champion=None, challenger=GOOD)
    ti = _first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    (theirs,) = account.live_jobs()
    account.looks_until_done = 2
    account.jobs[theirs]["looks"] = -1_000_000
    account.objects["test/0.csv"] += b"\n"
    assert _run(account, replace(ti, id=uuid.uuid4()))["Verdict"] == "NoChampion"
    assert account.live_jobs() == [theirs]
    assert list(account.models) == [theirs.rpartition("-")[0]]


def test_a_job_of_another_name_holder_is_a_conflict() -> None:
    """A job that has the name without the tag is somebody else's."""
    account = Account(champion=None, challenger=GOOD)
    ti = _first_try()
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    for tags in account.tags.values():
        tags.clear()
    with pytest.raises(AirflowFailException, match="not launched by this task"):
        _run(account, _next_try(ti))


@pytest.mark.parametrize("version", [1, 2])
def test_a_transform_job_that_fails_is_an_error(version: int) -> None:
    """Champion or challenger: with AWS's reason and the last lines, and nobody wins."""
    account = Account(champion=GOOD, challenger=GOOD)
    account.predictions[version] = None
    ti = _first_try()
    with pytest.raises(ScoringFailed) as failed:
        _run(account, ti)
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
    ti = _first_try()
    with pytest.raises(ScoringFailed):
        _run(account, ti)
    account.predictions[1] = BAD
    assert _run(account, _next_try(ti))["Verdict"] == "Won"
    assert sorted(name[-2:] for name in account.jobs) == ["01", "01", "02"]


def test_the_last_try_leaves_nothing() -> None:
    """A failure for good cleans up, too, and stops what the other is still doing."""
    account = Account(champion=GOOD, challenger=GOOD)
    account.predictions[2] = None
    ti = replace(_first_try(), try_number=4)
    with pytest.raises(ScoringFailed):
        _run(account, ti)
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_predictions_that_are_none_fail_for_good() -> None:
    """With package, file and line; a retry would read the same."""
    account = Account(champion=GOOD, challenger=(0.9, float("nan"), 0.1, 0.2))
    with pytest.raises(AirflowFailException, match=r"/2 has no score: test/0.csv, line 2: 'nan'"):
        _run(account, _first_try())
    assert (account.models, account.outputs) == ({}, [])


def test_a_quota_without_room_is_waited_for() -> None:
    """The champion's job is launched when the challenger's has ended."""
    account = Account(champion=BAD, challenger=GOOD)
    message = "The account-level service limit 'ml.m5.large for transform job usage' is 1 Instances"
    account.refusals["create_transform_job"] = [refusal("ResourceLimitExceeded", message)] * 2
    assert _run(account, _first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_quota_of_nothing_is_not() -> None:
    """No room will ever be."""
    account = Account(champion=BAD, challenger=GOOD)
    message = "The account-level service limit 'ml.m5.large for transform job usage' is 0 Instances"
    account.refusals["create_transform_job"] = [refusal("ResourceLimitExceeded", message)]
    with pytest.raises(AirflowFailException, match="is 0 Instances"):
        _run(account, _first_try())
    assert not account.models


def test_a_throttled_look_is_repeated() -> None:
    """Whatever AWS does not answer for a moment is asked for again."""
    account = Account(champion=BAD, challenger=GOOD)
    for call in ("describe_model_package", "list_tags", "get_object", "list_objects_v2"):
        account.refusals[call] = [refusal("ThrottlingException", "Rate exceeded")]
    assert _run(account, _first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_create_that_was_carried_out_unheard_is_not_repeated() -> None:
    """The name is in use then, by this very try."""
    account = Account(champion=BAD, challenger=GOOD)
    create = account._create_transform_job  # noqa: SLF001 -- the fake's own

    def unheard(**request: Any) -> dict[str, Any]:
        create(**request)
        raise refusal("InternalFailure")

    vars(account)["_create_transform_job"] = unheard
    assert _run(account, _first_try())["Verdict"] == "Won"
    assert len(account.jobs) == 2


def test_a_denied_call_is_an_error_that_names_the_package() -> None:
    """What may not be created is no loss of either."""
    account = Account(champion=BAD, challenger=GOOD)
    account.refusals["create_transform_job"] = [refusal("AccessDeniedException", "not authorized")]
    with pytest.raises(AwsCallFailed, match="not authorized") as failed:
        _run(account, _first_try())
    assert f"so the challenger {GROUP_ARN}/2 cannot be scored" in failed.value.__notes__


@pytest.mark.parametrize(
    "other",
    [{"role": f"{_ROLE}Other"}, {"model_fields": {"EnableNetworkIsolation": True}}],
    ids=["role", "fields"],
)
def test_a_model_that_was_a_mistake_is_followed_by_another(other: dict[str, Any]) -> None:
    """Whoever mends the DAG between two tries need not delete anything."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = _first_try()
    account.predictions[2] = None
    with pytest.raises(ScoringFailed):
        _run(account, ti)
    account.predictions[2] = GOOD
    assert _run(account, _next_try(ti), **other)["Verdict"] == "Won"
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_number_beside_the_prediction_is_no_score() -> None:
    """Of a model that predicts several numbers for a row, none is chosen by its place."""
    account = Account(champion=BAD, challenger=GOOD)
    account.beside = (1, 0, 1, 0)
    with pytest.raises(AirflowFailException, match="predicts 2 numbers for a row, and auc takes"):
        _run(account, _first_try())
    assert account.packages[2]["ModelApprovalStatus"] == "PendingManualApproval"


def test_data_that_changes_meanwhile_is_scored_anew() -> None:
    """A retry does not take the predictions of other data for those of this."""
    account = Account(champion=BAD, challenger=GOOD)
    ti = _first_try()
    account.crash_at = 14
    with pytest.raises(Crash):
        _run(account, ti)
    assert len(account.jobs) == 2
    account.crash_at = None
    account.objects["test/0.csv"] += b"\n"
    _run(account, _next_try(ti))
    assert len(account.jobs) == 4
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


@pytest.mark.parametrize("is_cleared", [False, True])
def test_jobs_that_nobody_waits_for_any_more_are_stopped_at_once(*, is_cleared: bool) -> None:
    """Of other data, or of before a Clear: each costs money as long as it runs."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = _first_try()
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    old = account.live_jobs()
    if is_cleared:
        ti = replace(ti, try_number=2, max_tries=4, id=uuid.uuid4())
    else:
        account.objects["test/0.csv"] += b"\n"
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    assert len(account.live_jobs()) == 2
    assert not set(old) & set(account.live_jobs())


def test_a_resumed_gate_knows_what_to_stop_before_it_has_looked() -> None:
    """The first look may be throttled, and the task killed in the pause after it."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = _first_try()
    with pytest.raises(TaskDeferred) as deferred:
        _run(account, ti, deferrable=True)
    event = deferred.value.trigger.serialize()[1]["transform_job_names"]
    account.refusals["describe_model_package"] = [refusal("ThrottlingException")]
    gate = _gate(account, deferrable=True)
    with pytest.raises(TaskDeferred) as again:
        gate.resume_execution("execute_again", {"event": event}, context(ti))
    assert again.value.trigger.serialize()[1]["transform_job_names"] == sorted(account.jobs)


def test_a_deferred_pause_knows_what_to_stop() -> None:
    """Both jobs, through the connection of the task."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    with pytest.raises(TaskDeferred) as deferred:
        _run(account, _first_try(), deferrable=True)
    trigger: Any = deferred.value.trigger
    assert trigger.transform_job_names == sorted(account.jobs)
    assert len(account.jobs) == 2


def test_a_killed_worker_stops_both_jobs() -> None:
    """As far as they are there; models stay for a cleared task to delete."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    gate = _gate(account, deferrable=True)
    with pytest.raises(TaskDeferred):
        gate.execute(context(_first_try()))
    gate.on_kill()
    assert account.live_jobs() == []


def test_a_kill_while_a_job_is_launched_stops_it_too() -> None:
    """The call that is under way may come through after the kill."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    gate = _gate(account, deferrable=True)
    create = account._create_transform_job  # noqa: SLF001 -- the fake's own

    def killed(**request: Any) -> dict[str, Any]:
        gate.on_kill()
        return create(**request)

    vars(account)["_create_transform_job"] = killed
    with pytest.raises(ScoringFailed, match="is Stopped"):
        gate.execute(context(_first_try()))
    assert account.live_jobs() == []


def test_a_task_that_is_out_of_time_leaves_nothing() -> None:
    """Deferred waits included: the jobs are stopped, models and outputs deleted."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    ti = _first_try()
    with pytest.raises(TaskDeferred):
        _run(account, ti, deferrable=True)
    gate = _gate(account, deferrable=True, execution_timeout=timedelta(seconds=60))
    late = replace(ti, start_date=datetime.now(UTC) - timedelta(seconds=61))
    with pytest.raises(TaskDeferralTimeout, match="execution_timeout"):
        gate.resume_execution("execute_again", None, context(late))
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_alarm_that_rings_in_a_worker_leaves_nothing(*, deferrable: bool) -> None:
    """Airflow raises it in the middle of a call, of whichever step."""
    account = Account(champion=BAD, challenger=GOOD)
    account.looks_until_done = 1_000_000
    look = account._describe_transform_job  # noqa: SLF001 -- the fake's own

    def ringing(**request: Any) -> dict[str, Any]:
        if len(account.live_jobs()) == 2:
            vars(account)["_describe_transform_job"] = look
            raise AirflowTaskTimeout
        return look(**request)

    vars(account)["_describe_transform_job"] = ringing
    with pytest.raises(AirflowTaskTimeout):
        _run(account, _first_try(), deferrable=deferrable)
    assert (account.models, account.outputs, account.live_jobs()) == ({}, [], [])


def test_a_package_that_is_being_made_is_waited_for() -> None:
    """AWS may still be validating it; there is nothing to stop meanwhile."""
    account = Account(champion=BAD, challenger=GOOD)
    account.packages[2]["ModelPackageStatus"] = "InProgress"
    with pytest.raises(TaskDeferred) as deferred:
        _run(account, _first_try(), deferrable=True)
    trigger: Any = deferred.value.trigger
    assert not trigger.stop_on_kill
    account.packages[2]["ModelPackageStatus"] = "Failed"
    with pytest.raises(AirflowFailException, match="is Failed, not Completed"):
        _run(account, _first_try())


def test_a_package_of_no_group_has_no_champion() -> None:
    """It is refused before anything is created."""
    account = Account(champion=BAD, challenger=GOOD)
    del account.packages[2]["ModelPackageGroupName"]
    account.packages[2]["ModelPackageArn"] = f"{GROUP_ARN}-alone"
    with pytest.raises(AirflowFailException, match="model_package_name"):
        _run(account, _first_try())
    assert not account.models


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data": f"s3://{BUCKET}/nothing"}, "no object with content has a key that begins so"),
        ({"data": "bucket/test"}, "data: 'bucket/test'"),
        ({"s3_output_path": "/tmp/gate"}, "s3_output_path"),  # noqa: S108 -- none of ours
        ({"margin": "-0.1"}, "margin: '-0.1'"),
        ({"margin": "nan"}, "margin: 'nan'"),
        ({"metric": "ndcg"}, "metric: 'ndcg' cannot be computed"),
        ({"objective_type": "maximize"}, "objective_type: 'maximize'"),
        ({"instance_count": "0"}, "instance_count: '0'"),
        ({"role": "arn:aws:iam::1:role/short"}, "ExecutionRoleArn"),
        ({"transform_job_fields": {"MaxPayloadInMB": "six"}}, "MaxPayloadInMB: 'six'"),
        ({"transform_job_fields": {"ModelName": "other"}}, "transform_job_fields.ModelName"),
        (
            {"transform_job_fields": {"TransformOutput": {"S3OutputPath": "s3://other"}}},
            "transform_job_fields.TransformOutput.S3OutputPath",
        ),
        ({"transform_job_fields": {"TransformOutput": None}}, "TransformOutput: None"),
        ({"s3_output_path": f"s3://{BUCKET}/test"}, "s3_output_path: s3://bucket/test/churn-v2"),
        ({"s3_output_path": f"s3://{BUCKET}/test-scores/"}, "predictions would be taken for data"),
        ({"data": f"s3://{BUCKET}"}, "predictions would be taken for data"),
        ({"model_fields": '{"Containers": []}'}, "model_fields.Containers"),
        ({"tags": [{"Key": "team"}]}, "Tags[0].Value"),
        ({"tags": {"team": "churn"}}, "tags: {'team': 'churn'}"),
    ],
)
def test_a_mistake_is_told_before_anything_is_created(arguments: Any, said: str) -> None:
    """By the argument's name, or AWS's path, with the value."""
    account = Account(champion=BAD, challenger=GOOD)
    with pytest.raises(AirflowFailException) as refused:
        _run(account, _first_try(), **arguments)
    assert said in str(refused.value)
    assert not account.jobs
    assert not account.models


@pytest.mark.parametrize("arguments", [{"poll_interval": 0}, {"on_loss": "ignore"}])
def test_a_mistake_in_what_is_no_template_is_told_when_the_dag_is_parsed(arguments: Any) -> None:
    """With the value, and what would be right."""
    with pytest.raises(ValueError, match="give"):
        _gate(Account(champion=BAD, challenger=GOOD), **arguments)


def test_all_mistakes_are_told_at_once() -> None:
    """Whatever kind they are of."""
    wrong = {"data": "test", "margin": -1, "instance_count": "two", "objective_type": "up"}
    with pytest.raises(AirflowFailException, match="4 mistakes"):
        _run(Account(champion=BAD, challenger=GOOD), _first_try(), **wrong)


def test_further_fields_reach_the_requests() -> None:
    """Merged into structures, next to the gate's own; tags go to models and jobs alike."""
    account = Account(champion=None, challenger=GOOD)
    account.refusals["delete_model"] = [refusal("AccessDeniedException")]
    _run(
        account,
        _first_try(),
        transform_job_fields={"TransformOutput": {"KmsKeyId": "key"}, "MaxPayloadInMB": 20},
        model_fields={"EnableNetworkIsolation": True},
        tags=[{"Key": "team", "Value": "churn"}],
    )
    (job,), (model,) = account.jobs.values(), account.models.values()
    assert job["TransformOutput"]["KmsKeyId"] == "key"
    assert job["TransformOutput"]["Accept"] == "text/csv"
    assert (job["MaxPayloadInMB"], job["BatchStrategy"]) == (20, "MultiRecord")
    assert job["DataProcessing"] == {"InputFilter": "$[1:]", "JoinSource": "Input"}
    assert model["EnableNetworkIsolation"] is True
    assert all(tags["team"] == "churn" for tags in account.tags.values())
