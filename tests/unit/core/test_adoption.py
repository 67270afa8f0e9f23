"""What is done about a job that already has the name."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sagemaker_tuning.core.adoption import (
    FINGERPRINT_TAG,
    IDENTITY_TAG,
    TRY_TAG,
    Adopt,
    AdoptionPolicy,
    Claim,
    Decision,
    NextGeneration,
    Refuse,
    StopFirst,
    decide,
)
from sagemaker_tuning.core.naming import fingerprint
from sagemaker_tuning.core.requests import differing_paths
from sagemaker_tuning.core.snapshot import Snapshot

Document = dict[str, Any]


@pytest.fixture
def claim(request_document: Document) -> Claim:
    """A second try of this task instance."""
    return Claim(
        identity="abcdefghij",
        fingerprint=fingerprint(request_document),
        try_id="try-2",
        is_first_try=False,
        has_ambiguous_create=False,
    )


@pytest.fixture
def tags(claim: Claim) -> dict[str, str]:
    """What the first try tagged its job with."""
    return {
        IDENTITY_TAG: claim.identity,
        FINGERPRINT_TAG: claim.fingerprint,
        TRY_TAG: "try-1",
    }


def _described(request: Document, status: str = "InProgress", **counters: int) -> Document:
    description = copy.deepcopy(request)
    # AWS adds to what was sent.
    description["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] = "x"
    for kind in description["HyperParameterTuningJobConfig"]["ParameterRanges"].values():
        for item in kind:
            item["ScalingType"] = "Linear"
    return description | {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobArn": "arn:aws:sagemaker:us-east-1:1:tuning/job",
        "HyperParameterTuningJobStatus": status,
        "TrainingJobStatusCounters": counters,
        "ObjectiveStatusCounters": {},
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    }


def _decide(
    claim: Claim,
    request: Document,
    description: Document,
    tags: dict[str, str],
    **policy: Any,
) -> Decision:
    snapshot = Snapshot.from_description(description)
    claim = replace(claim, policy=AdoptionPolicy(**policy))
    return decide(claim, request, description, snapshot, tags)


@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_later_try_adopts_what_an_earlier_one_launched(
    claim: Claim, request_document: Document, tags: dict[str, str], status: str
) -> None:
    """The same request, alive or completed, is not launched again."""
    description = _described(request_document, status)
    assert _decide(claim, request_document, description, tags) == Adopt()


def test_without_tags_the_description_decides(claim: Claim, request_document: Document) -> None:
    """Where tags cannot be read, every leaf that we would send must be there."""
    description = _described(request_document)
    assert _decide(claim, request_document, description, {}) == Adopt()
    changed = copy.deepcopy(request_document)
    changed["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = "200"
    decision = _decide(claim, changed, description, {})
    assert isinstance(decision, StopFirst)
    assert "TrainingJobDefinition.StaticHyperParameters.num_round" in decision.why


@pytest.mark.parametrize(
    ("status", "kind"),
    [("InProgress", StopFirst), ("Stopping", StopFirst), ("Completed", NextGeneration)],
)
def test_a_changed_request_is_launched_anew(
    claim: Claim, request_document: Document, tags: dict[str, str], status: str, kind: type
) -> None:
    """An edited DAG does not adopt the job of the old one, and leaves none of them running."""
    changed = copy.deepcopy(request_document)
    changed["HyperParameterTuningJobConfig"]["RandomSeed"] = 7
    edited = replace(claim, fingerprint=fingerprint(changed))
    assert isinstance(_decide(edited, changed, _described(request_document, status), tags), kind)


def test_another_tasks_job_is_never_touched(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """Tags that contradict the name refuse it, whatever the job's status."""
    tags |= {IDENTITY_TAG: "zzzzzzzzzz", "sagemaker-tuning:dag_id": "other"}
    for status in ("InProgress", "Completed", "Failed"):
        decision = _decide(claim, request_document, _described(request_document, status), tags)
        assert isinstance(decision, Refuse)
        assert decision.is_conflict
        assert "dag_id other" in decision.why


def test_the_first_try_adopts_nothing(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """A job that was there before the first try is a deleted DAG run's, or another deployment's."""
    first = replace(claim, is_first_try=True)
    live = _decide(first, request_document, _described(request_document), tags)
    assert isinstance(live, Refuse)
    assert "[sagemaker_tuning] namespace" in live.why
    ended = _decide(first, request_document, _described(request_document, "Completed"), tags)
    assert isinstance(ended, NextGeneration)


def test_the_first_try_adopts_its_own(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """A Create whose answer was lost is recognised: by its tag, or by having been ambiguous."""
    description = _described(request_document)
    first = replace(claim, is_first_try=True, has_ambiguous_create=True)
    assert _decide(first, request_document, description, {}) == Adopt()
    own = tags | {TRY_TAG: first.try_id}
    assert _decide(first, request_document, description, own) == Adopt()
    assert isinstance(_decide(first, request_document, description, tags), Refuse)


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_after_a_bad_end_the_next_generation_is_launched(
    claim: Claim, request_document: Document, tags: dict[str, str], status: str
) -> None:
    """A retry after a failed or stopped job launches one more."""
    description = _described(request_document, status, RetryableError=1, NonRetryableError=4)
    assert isinstance(_decide(claim, request_document, description, tags), NextGeneration)


def test_what_can_only_fail_again_is_not_paid_for_again(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """Only NonRetryableError: the same request is refused, unless the user insists."""
    description = _described(request_document, "Failed", NonRetryableError=5)
    decision = _decide(claim, request_document, description, tags)
    assert isinstance(decision, Refuse)
    assert not decision.is_conflict
    insisted = _decide(claim, request_document, description, tags, retry_failed=True)
    assert isinstance(insisted, NextGeneration)


def test_named_things_are_compared_by_name(request_document: Document) -> None:
    """Order does not matter to channels and ranges; a range too many does."""
    description = _described(request_document)
    description["TrainingJobDefinition"]["InputDataConfig"].reverse()
    ranges = description["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["ContinuousParameterRanges"].reverse()
    assert differing_paths(request_document, description) == []
    ranges["IntegerParameterRanges"].append({"Name": "num_round"})
    assert differing_paths(request_document, description) == [
        "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges[num_round]"
    ]


def test_a_chosen_name_proves_nothing(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """Under a name that anybody may have chosen, only our tags make a job ours."""
    chosen = replace(claim, is_chosen_name=True)
    description = _described(request_document)
    assert _decide(chosen, request_document, description, tags) == Adopt()
    theirs = _decide(chosen, request_document, description, {"team": "risk"})
    assert isinstance(theirs, Refuse)
    changed = copy.deepcopy(request_document)
    changed["HyperParameterTuningJobConfig"]["RandomSeed"] = 7
    assert isinstance(_decide(chosen, changed, description, {}), Refuse)
    # Nor does an answer that did not come make another request's job ours.
    unsure = replace(chosen, is_first_try=True, has_ambiguous_create=True)
    assert isinstance(_decide(unsure, changed, description, {}), Refuse)
    assert isinstance(_decide(unsure, changed, description, {"team": "risk"}), Refuse)
    assert _decide(unsure, request_document, description, {}) == Adopt()


def test_a_stopped_job_with_a_best_one_may_be_adopted(
    claim: Claim, request_document: Document, tags: dict[str, str]
) -> None:
    """Only where the user accepts it, and only if something came of it."""
    best = {
        "TrainingJobName": "job-001",
        "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "auc", "Value": 0.9},
    }
    for status in ("Stopping", "Stopped"):
        without = _described(request_document, status)
        stopped = without | {"BestTrainingJob": best}
        assert _decide(claim, request_document, stopped, tags, accepts_stopped=True) == Adopt()
        for decision in (
            _decide(claim, request_document, stopped, tags),
            _decide(claim, request_document, without, tags, accepts_stopped=True),
        ):
            assert isinstance(decision, StopFirst | NextGeneration)


@pytest.mark.parametrize("status", ["Stopped", "Failed"])
def test_what_failed_fast_is_not_paid_for_again(
    claim: Claim, request_document: Document, tags: dict[str, str], status: str
) -> None:
    """Up to the limit it is launched again, beyond it only if the user insists."""
    description = _described(request_document, status, Completed=1, NonRetryableError=3)
    refused = _decide(claim, request_document, description, tags, fail_fast=2)
    assert isinstance(refused, Refuse)
    assert "more than fail_fast=2" in refused.why
    assert not refused.is_conflict
    for policy in ({"fail_fast": 3}, {"fail_fast": 2, "retry_failed": True}):
        decision = _decide(claim, request_document, description, tags, **policy)
        assert isinstance(decision, NextGeneration)
