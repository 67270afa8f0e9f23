"""What to do about a tuning job that already has the name that we wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.requests import differing_paths
from sagemaker_tuning.core.status import TrainingJobStatusCounters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.snapshot import Snapshot

IDENTITY_TAG = "sagemaker-tuning:identity"
FINGERPRINT_TAG = "sagemaker-tuning:request"
TRY_TAG = "sagemaker-tuning:try"

_NAMESPACE_ADVICE = (
    "give each deployment that shares the account its own [sagemaker_tuning] namespace, and make "
    "a tuning_job_name of your own differ per DAG run"
)
_LIVE = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True, slots=True)
class AdoptionPolicy:
    """What the user wants of tuning jobs that an earlier try launched.

    Attributes:
        retry_failed: Launch the same request again even if every training job failed by
            NonRetryableError.
        accepts_stopped: A stopped tuning job that has a best training job is as good as a
            completed one.
        fail_fast: How many training jobs may end with NonRetryableError; None for any number.
        reuse_completed: A completed tuning job from before a Clear stands, if its request was
            the same.
    """

    retry_failed: bool = False
    accepts_stopped: bool = False
    fail_fast: int | None = None
    reuse_completed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What this try may say of a job under its name.

    Attributes:
        identity: The digest of the launch identity.
        fingerprint: Of the request that it would send.
        try_id: ``ti.id``; new for each try.
        is_first_try: Whether no earlier try of this epoch can have launched a job.
        has_ambiguous_create: Whether a Create of this very try may have been carried out
            without its answer having come.
        is_chosen_name: Whether the name is the user's choice, so that it proves nothing.
        policy: What the user wants of jobs that are there already.
    """

    identity: str
    fingerprint: str
    try_id: str
    is_first_try: bool
    has_ambiguous_create: bool
    is_chosen_name: bool = False
    policy: AdoptionPolicy = AdoptionPolicy()


@dataclass(frozen=True, slots=True)
class Adopt:
    """It is our job, and what we would launch."""


@dataclass(frozen=True, slots=True)
class NextGeneration:
    """Leave it, and launch under the next generation's name."""

    why: str


@dataclass(frozen=True, slots=True)
class StopFirst:
    """Ours, alive, and not what is wanted now: stop it, wait it out, next generation."""

    why: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """It is not ours, or launching the same again would fail the same way."""

    why: str
    is_conflict: bool = True


Decision = Adopt | NextGeneration | StopFirst | Refuse


def decide(
    claim: Claim,
    request: Mapping[str, Any],
    description: Mapping[str, Any],
    snapshot: Snapshot,
    tags: Mapping[str, str],
) -> Decision:
    """Decide about the existing job by its tags, or by its description where it has none.

    Args:
        claim: Who asks.
        request: The request that this try would send, without its tags.
        description: What Describe says of the existing job.
        snapshot: The same, read.
        tags: Its tags; empty where they cannot be read.
    """
    if tags.get(IDENTITY_TAG, claim.identity) != claim.identity:
        return Refuse(
            f"the tuning job {snapshot.name} was launched by another task instance "
            f"({_whose(tags)}), yet it has the name of this one: {_NAMESPACE_ADVICE}"
        )
    if claim.is_first_try and not _is_of_this_try(claim, tags):
        return _not_of_this_epoch(snapshot)
    differing = _differing(claim, request, description, tags)
    is_proven = IDENTITY_TAG in tags or not claim.is_chosen_name
    # A job without any tags may be ours, launched where tagging is denied; another's tags say
    # that it is another's, and so does another request.
    if not is_proven and (tags or differing):
        return Refuse(
            f"the tuning job {snapshot.name} does not say that this task launched it: choose "
            "another tuning_job_name"
        )
    if differing:
        why = f"{snapshot.name} was launched with another request ({', '.join(differing)})"
        return StopFirst(why) if snapshot.status in _LIVE else NextGeneration(why)
    return _same_request(claim.policy, snapshot)


def _not_of_this_epoch(snapshot: Snapshot) -> Decision:
    if snapshot.status in _LIVE:
        return Refuse(
            f"the tuning job {snapshot.name} is {snapshot.status}, and this is the first try of "
            "this task instance, so it did not launch it; most likely another deployment with "
            f"the same DAG shares this account: {_NAMESPACE_ADVICE}"
        )
    return NextGeneration(f"{snapshot.name} is of an earlier DAG run of the same id")


def _same_request(policy: AdoptionPolicy, snapshot: Snapshot) -> Decision:
    if snapshot.status in {"InProgress", "Completed"}:
        return Adopt()
    why_again = None if policy.retry_failed else _fails_again(policy, snapshot)
    if why_again:
        return Refuse(
            f"{why_again}, and the same request would fail again; mend it, or set "
            "retry_failed=True",
            is_conflict=False,
        )
    if policy.accepts_stopped and snapshot.status in {"Stopping", "Stopped"} and snapshot.best:
        return Adopt()
    if snapshot.status == "Stopping":
        return StopFirst(f"{snapshot.name} is being stopped")
    return NextGeneration(f"{snapshot.name} is {snapshot.status}")


def _is_of_this_try(claim: Claim, tags: Mapping[str, str]) -> bool:
    if TRY_TAG in tags:
        return tags[TRY_TAG] == claim.try_id
    return claim.has_ambiguous_create


def _whose(tags: Mapping[str, str]) -> str:
    keys = ("dag_id", "run_id", "task_id")
    return ", ".join(f"{key} {tags.get(f'sagemaker-tuning:{key}', 'unknown')}" for key in keys)


def _differing(
    claim: Claim,
    request: Mapping[str, Any],
    description: Mapping[str, Any],
    tags: Mapping[str, str],
) -> list[str]:
    if tags.get(FINGERPRINT_TAG) == claim.fingerprint:
        return []
    paths = differing_paths(request, description)
    if FINGERPRINT_TAG in tags:
        # The fingerprint knows of fields that Describe does not show.
        return paths[:5] or ["a field that Describe does not show"]
    return paths[:5]


def _fails_again(policy: AdoptionPolicy, snapshot: Snapshot) -> str | None:
    counters = snapshot.counters
    failed = counters.non_retryable_error
    reason = "by its request, data or algorithm (NonRetryableError)"
    if policy.fail_fast is not None and failed > policy.fail_fast:
        return (
            f"{failed} training jobs of {snapshot.name} failed {reason}, more than "
            f"fail_fast={policy.fail_fast} allows"
        )
    is_all = counters == TrainingJobStatusCounters(non_retryable_error=failed)
    if snapshot.status == "Failed" and failed and is_all:
        return f"every training job of {snapshot.name} failed {reason}"
    return None
