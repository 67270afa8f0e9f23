"""A launch ends in one tuning job, whatever goes wrong on the way."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.adoption import AdoptionPolicy
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    QuotaExceeded,
    TuningJobConflict,
    TuningJobFailed,
    TuningJobNotFound,
)
from sagemaker_tuning.core.launch_request import LaunchedTuningJob, LaunchRequest
from sagemaker_tuning.core.naming import LaunchIdentity
from sagemaker_tuning.hooks.launch import Launcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

Document = dict[str, Any]
_THROTTLED = AwsCallFailed("Rate exceeded", code="ThrottlingException", is_transient=True)
_LOST = AwsCallFailed("no answer", code="ReadTimeout", is_transient=True, is_ambiguous=True)
_IN_USE = AwsCallFailed("in use", code="ResourceInUse")
_NO_ROOM = QuotaExceeded("no room", code="ResourceLimitExceeded", quota=1)
_DENIED = AwsCallFailed("denied", code="AccessDeniedException")


class FakeSageMaker:
    """An account: one job of a name, and a list of faults that come true one by one."""

    def __init__(self) -> None:
        self.jobs: dict[str, Document] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.stopped: list[str] = []
        self.before_create: list[AwsCallFailed] = []
        self.after_create: list[AwsCallFailed] = []
        self.before_describe: list[Exception] = []
        self.before_stop: list[Exception] = []
        self.quota = 100
        self.may_tag = True
        self.may_list_tags = True

    def create_tuning_job(self, request: Mapping[str, Any]) -> str:
        if self.before_create:
            raise self.before_create.pop(0)
        if "Tags" in request and not self.may_tag:
            raise _DENIED
        if len(self.live) >= self.quota:
            raise _NO_ROOM
        name = request["HyperParameterTuningJobName"]
        if name.lower() in self.jobs:
            raise _IN_USE
        arn = f"arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/{name.lower()}"
        self.jobs[name.lower()] = copy.deepcopy(dict(request)) | {
            "HyperParameterTuningJobArn": arn,
            "HyperParameterTuningJobStatus": "InProgress",
            "TrainingJobStatusCounters": {},
            "ObjectiveStatusCounters": {},
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        }
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        if self.after_create:
            raise self.after_create.pop(0)
        return arn

    def describe_tuning_job(self, name: str) -> Document:
        if self.before_describe:
            raise self.before_describe.pop(0)
        if name.lower() not in self.jobs:
            raise TuningJobNotFound(name)
        job = self.jobs[name.lower()]
        if job["HyperParameterTuningJobStatus"] == "Stopping":
            job["HyperParameterTuningJobStatus"] = "Stopped"
            return job | {"HyperParameterTuningJobStatus": "Stopping"}
        return job

    def stop_tuning_job(self, name_or_arn: str) -> None:
        if self.before_stop:
            raise self.before_stop.pop(0)
        name = name_or_arn.rpartition("/")[2]
        self.stopped.append(name)
        self.jobs[name.lower()]["HyperParameterTuningJobStatus"] = "Stopping"

    def failure_digest(self, tuning_job_name: str) -> str:
        return f"1 × ClientError: no such data ({tuning_job_name}-001-0a1b2c3d)"

    def list_tags(self, arn: str) -> dict[str, str]:
        if not self.may_list_tags:
            raise _DENIED
        return self.tags[arn]

    def end(self, name: str, status: str, **counters: int) -> None:
        self.jobs[name.lower()]["HyperParameterTuningJobStatus"] = status
        self.jobs[name.lower()]["TrainingJobStatusCounters"] = counters

    @property
    def live(self) -> list[str]:
        return [
            job["HyperParameterTuningJobName"]
            for job in self.jobs.values()
            if job["HyperParameterTuningJobStatus"] in {"InProgress", "Stopping"}
        ]


@pytest.fixture
def aws() -> FakeSageMaker:
    """Give an empty account."""
    return FakeSageMaker()


@pytest.fixture
def first_try(request_document: Document) -> LaunchRequest:
    """Give the first try of a task instance that was never cleared."""
    return LaunchRequest(
        identity=LaunchIdentity("prod", "churn", "run", "tune"),
        epoch=0,
        try_id="try-1",
        try_number=1,
        is_first_try=True,
        document=request_document,
    )


@pytest.fixture
def launch(aws: FakeSageMaker) -> Callable[[LaunchRequest], LaunchedTuningJob]:
    """Give a launch that does not wait; more than an hour of waiting fails it."""
    slept = 0.0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        assert slept < 3600

    hook = cast("SageMakerTuningHook", aws)
    return lambda request: Launcher(hook, request, sleep).launch()


def _again(request: LaunchRequest) -> LaunchRequest:
    return replace(request, try_id="try-2", try_number=2, is_first_try=False)


def test_one_launch_one_job(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """The first try creates the job of generation 1, with the request as it was given."""
    launched = launch(first_try)
    assert launched.name == first_try.name(epoch=0, generation=1)
    assert not launched.is_adopted
    assert aws.live == [launched.name]
    sent = aws.jobs[launched.name]
    assert {key: sent[key] for key in first_try.document} == first_try.document


def test_a_retry_adopts(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A try after one that died finds the job that it launched."""
    first = launch(first_try)
    second = launch(_again(first_try))
    assert (second.name, second.arn, second.is_adopted) == (first.name, first.arn, True)
    assert aws.live == [first.name]


@pytest.mark.parametrize("may_tag", [True, False])
def test_a_lost_answer_launches_nothing_twice(
    aws: FakeSageMaker,
    first_try: LaunchRequest,
    launch: Callable[..., LaunchedTuningJob],
    *,
    may_tag: bool,
) -> None:
    """A Create that was carried out without its answer coming is recognised as ours."""
    aws.may_tag = may_tag
    aws.after_create = [_LOST]
    launched = launch(first_try)
    assert launched.is_adopted
    assert aws.live == [launched.name]


def test_throttling_and_lag_are_waited_out(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """Rate limits repeat the same name; a job that Describe does not see yet is lag."""
    aws.before_create = [_THROTTLED, _THROTTLED]
    launched = launch(first_try)
    aws.before_describe = [TuningJobNotFound("lag"), _THROTTLED, TuningJobNotFound("lag")]
    assert launch(_again(first_try)).name == launched.name
    assert aws.live == [launched.name]


def test_absence_never_advances_a_generation(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A name in use whose job stays invisible is an error, not a reason to launch another."""
    launch(first_try)
    aws.before_describe = [TuningJobNotFound("lag")] * 100
    with pytest.raises(TuningJobNotFound):
        launch(_again(first_try))
    assert len(aws.jobs) == 1


def test_a_refusal_is_not_repeated(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """What AWS refuses for good is told at once."""
    aws.before_create = [AwsCallFailed("no", code="ValidationException"), _THROTTLED]
    with pytest.raises(AwsCallFailed, match="no"):
        launch(first_try)
    assert aws.jobs == {}
    assert len(aws.before_create) == 1


def test_without_the_right_to_tag_the_name_does(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """AddTags denied: the job is created untagged, and a retry knows it by its request."""
    aws.may_tag = False
    launched = launch(first_try)
    assert aws.tags[launched.arn] == {}
    aws.may_list_tags = False
    assert launch(_again(first_try)).name == launched.name


def test_the_users_tags_are_not_dropped(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A role that may not tag cannot launch a request that wants tags."""
    aws.may_tag = False
    tags = [{"Key": "team", "Value": "churn"}]
    tagged = replace(first_try, document={**first_try.document, "Tags": tags})
    with pytest.raises(AwsCallFailed, match="denied"):
        launch(tagged)
    aws.may_tag = True
    assert aws.tags[launch(tagged).arn]["team"] == "churn"


def test_another_tag_is_not_another_request(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A tag such as the try's number changes nothing about the training that is paid for."""
    first, again = (
        replace(request, document={**first_try.document, "Tags": [{"Key": "try", "Value": number}]})
        for request, number in ((first_try, "1"), (_again(first_try), "2"))
    )
    launched = launch(first)
    assert launch(again).name == launched.name
    assert aws.stopped == []


def test_a_changed_request_stops_the_old_job_first(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """An edited DAG's retry leaves one live job: its own."""
    old = launch(first_try)
    changed = copy.deepcopy(dict(first_try.document))
    changed["HyperParameterTuningJobConfig"]["RandomSeed"] = 7
    new = launch(replace(_again(first_try), document=changed))
    assert aws.stopped == [old.name]
    assert aws.live == [new.name] == [first_try.name(epoch=0, generation=2)]


def test_a_failed_job_is_followed_by_the_next_generation(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A retry after a failure launches once more; one that can only fail again does not."""
    first = launch(first_try)
    aws.end(first.name, "Failed", RetryableError=5)
    second = launch(_again(first_try))
    assert second.name == first_try.name(epoch=0, generation=2)
    aws.end(second.name, "Failed", NonRetryableError=5)
    with pytest.raises(TuningJobFailed, match="would fail again") as failed:
        launch(_again(first_try))
    assert not failed.value.is_retried
    assert "1 × ClientError: no such data" in str(failed.value)
    assert aws.live == []


def test_clear_means_run_again(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """A new epoch stops what the old one left alive, and launches its own job."""
    old = launch(first_try)
    cleared = replace(first_try, epoch=1, try_id="try-2", try_number=2)
    new = launch(cleared)
    assert aws.stopped == [old.name]
    assert aws.live == [new.name] == [first_try.name(epoch=1, generation=1)]


def test_an_edit_of_retries_leaves_no_two_jobs(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """More ``retries`` after a Clear look like the epoch of before it: the later job is stopped."""
    old = launch(first_try)
    aws.end(old.name, "Failed", RetryableError=1)
    cleared = launch(replace(first_try, epoch=1, try_id="try-2", try_number=2))
    new = launch(replace(_again(first_try), try_id="try-3", try_number=3))
    assert aws.stopped == [cleared.name]
    assert aws.live == [new.name] == [first_try.name(epoch=0, generation=2)]
    edited = replace(first_try, epoch=2, try_id="try-3", try_number=3, document={})
    Launcher(cast("SageMakerTuningHook", aws), edited, lambda _: None).stop()
    assert aws.stopped == [cleared.name, new.name]


def test_another_deployments_job_is_refused(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """The same DAG in another Airflow without a namespace of its own never shares a job."""
    theirs = launch(first_try)
    with pytest.raises(TuningJobConflict, match="namespace"):
        launch(replace(first_try, try_id="theirs"))
    assert aws.live == [theirs.name]
    assert aws.stopped == []


def test_a_chosen_name_is_used_as_given(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """``tuning_job_name`` is the first job's name, and case does not make another job of it."""
    chosen = replace(first_try, chosen_name="MyTuningJob")
    assert launch(chosen).name == "MyTuningJob"
    assert launch(replace(_again(chosen), chosen_name="mytuningjob")).is_adopted
    aws.end("MyTuningJob", "Stopped")
    assert launch(_again(chosen)).name == "MyTuningJob-002"


def test_stop_reaches_whatever_is_alive(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """After a timeout nothing but the task instance is known, and that is enough."""
    first = launch(first_try)
    aws.end(first.name, "Failed", RetryableError=1)
    second = launch(_again(first_try))
    nothing_known = replace(_again(first_try), document={})
    aws.before_describe = [_THROTTLED]
    Launcher(cast("SageMakerTuningHook", aws), nothing_known, lambda _: None).stop()
    assert aws.stopped == [second.name]


def test_a_first_try_stops_only_what_it_launched(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """Killed while refused, the first try leaves the other deployment's job of its name alone."""
    theirs = launch(first_try)
    ours = replace(first_try, try_id="ours")
    Launcher(cast("SageMakerTuningHook", aws), ours, lambda _: None).stop()
    assert aws.live == [theirs.name]
    Launcher(cast("SageMakerTuningHook", aws), first_try, lambda _: None).stop()
    assert aws.stopped == [theirs.name]


@pytest.mark.parametrize("has_tags", [True, False])
def test_only_our_own_jobs_are_stopped(
    aws: FakeSageMaker,
    first_try: LaunchRequest,
    launch: Callable[..., LaunchedTuningJob],
    *,
    has_tags: bool,
) -> None:
    """Neither Clear nor a timeout stops a job that somebody else gave the name we chose."""
    aws.may_tag = has_tags
    theirs = launch(
        replace(
            first_try, identity=replace(first_try.identity, dag_id="other"), chosen_name="shared"
        )
    )
    ours = replace(first_try, chosen_name="shared")
    with pytest.raises(TuningJobConflict):
        launch(ours)
    Launcher(cast("SageMakerTuningHook", aws), ours, lambda _: None).stop()
    cleared = launch(replace(ours, epoch=1, try_id="try-2", try_number=2))
    assert aws.stopped == []
    assert set(aws.live) == {theirs.name, cleared.name}


@pytest.mark.parametrize("chosen_name", [None, "Shared"])
def test_what_this_try_launched_is_stopped_without_tags(
    aws: FakeSageMaker,
    first_try: LaunchRequest,
    launch: Callable[..., LaunchedTuningJob],
    chosen_name: str | None,
) -> None:
    """A try that may not tag or read tags knows its own job by the ARN that Create gave.

    Killed at once, it may not find it yet.
    """
    aws.may_tag = aws.may_list_tags = False
    ours = launch(replace(first_try, chosen_name=chosen_name))
    again = replace(first_try, chosen_name=chosen_name)
    Launcher(cast("SageMakerTuningHook", aws), again, lambda _: None).stop()
    assert aws.stopped == []
    aws.before_stop = [TuningJobNotFound("lag"), _THROTTLED]
    Launcher(cast("SageMakerTuningHook", aws), again, lambda _: None).stop(ours.arn)
    assert aws.stopped == [ours.name.lower()]


def test_a_refused_first_try_stops_no_untagged_job_of_its_name(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """Without tags, what was there before the first try is another deployment's all the same."""
    aws.may_tag = False
    theirs = launch(first_try)
    ours = replace(first_try, try_id="ours")
    with pytest.raises(TuningJobConflict, match="namespace"):
        launch(ours)
    Launcher(cast("SageMakerTuningHook", aws), ours, lambda _: None).stop()
    assert aws.live == [theirs.name]
    assert aws.stopped == []


def test_a_quota_that_our_own_job_uses_up_is_not_waited_for(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """An earlier attempt's job may be what there is no more room for: it is adopted."""
    launched = launch(first_try)
    aws.quota = 1
    again = launch(_again(first_try))
    assert (again.name, again.is_adopted) == (launched.name, True)


def test_a_quota_that_a_job_not_yet_seen_uses_up_is_not_waited_for(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """After a Create without an answer, absence may be lag."""
    aws.quota = 1
    aws.after_create = [_LOST]
    aws.before_describe = [TuningJobNotFound("lag")]
    launched = launch(first_try)
    assert launched.is_adopted
    assert aws.live == [launched.name]


def test_a_quota_without_room_is_an_error(
    aws: FakeSageMaker, first_try: LaunchRequest, launch: Callable[..., LaunchedTuningJob]
) -> None:
    """Nothing was launched, and the caller decides whether to wait."""
    aws.quota = 0
    with pytest.raises(QuotaExceeded):
        launch(first_try)
    assert aws.jobs == {}


@pytest.mark.parametrize("status", ["Completed", "Failed", "InProgress"])
def test_only_a_completed_job_of_before_a_clear_is_reused(
    aws: FakeSageMaker,
    first_try: LaunchRequest,
    launch: Callable[..., LaunchedTuningJob],
    status: str,
) -> None:
    """A live one is stopped, and what did not complete is launched again."""
    old = launch(first_try)
    aws.end(old.name, status, Completed=1)
    policy = AdoptionPolicy(reuse_completed=True)
    cleared = replace(first_try, epoch=1, try_id="try-2", try_number=2, policy=policy)
    new = launch(cleared)
    assert (new.name == old.name) is (status == "Completed")
    assert (old.name in aws.stopped) is (status == "InProgress")
    changed = replace(cleared, document={**first_try.document, "Autotune": {"Mode": "Enabled"}})
    third = launch(replace(changed, epoch=2, try_id="try-3", try_number=3))
    assert third.name not in {old.name, new.name}
