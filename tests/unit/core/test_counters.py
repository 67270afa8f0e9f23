"""Conditions on status counters."""

from datetime import UTC, datetime

import pytest

from sagemaker_tuning.core.counters import CountersCondition
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.status import ObjectiveStatusCounters, TrainingJobStatusCounters


def _snapshot(status: str = "InProgress", limit: int | None = 20, **counts: int) -> Snapshot:
    return Snapshot(
        name="job",
        arn="arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/job",
        status=status,
        counters=TrainingJobStatusCounters(**counts),
        objectives=ObjectiveStatusCounters(succeeded=counts.get("completed", 0)),
        max_training_jobs=limit,
        best=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ended_at=None,
        failure_reason=None,
    )


def test_all_counters_must_be_reached_together() -> None:
    """One counter that is reached does not do for another that is not."""
    condition = CountersCondition.from_mapping({"Completed": 5, "Stopped": 1})
    assert not condition.is_met(_snapshot(completed=9))
    assert condition.is_met(_snapshot(completed=5, stopped=1))


def test_objective_counters_count_too() -> None:
    """The names of both sets of counters are understood."""
    assert CountersCondition.from_mapping({"Succeeded": 2}).is_met(_snapshot(completed=2))


@pytest.mark.parametrize(
    ("snapshot", "within_reach"),
    [
        (_snapshot(completed=4, non_retryable_error=15), True),
        (_snapshot(completed=4, non_retryable_error=16), False),
        (_snapshot(completed=4, non_retryable_error=8, stopped=8), False),
        (_snapshot(completed=4, retryable_error=16), True),  # those are tried again
        (_snapshot(status="Completed", completed=4), False),
        (_snapshot(limit=None, non_retryable_error=500), True),
        (_snapshot(limit=4), False),
    ],
)
def test_out_of_reach_is_known_before_the_job_ends(
    snapshot: Snapshot, *, within_reach: bool
) -> None:
    """Five completed training jobs are out of reach once too few places are left."""
    condition = CountersCondition.from_mapping({"Completed": 5})
    assert (condition.out_of_reach(snapshot) is None) == within_reach


def test_a_passing_counter_is_in_reach_until_the_end() -> None:
    """Three may run at once for as long as the tuning job runs."""
    condition = CountersCondition.from_mapping({"InProgress": 3})
    assert condition.out_of_reach(_snapshot(completed=19)) is None
    assert condition.out_of_reach(_snapshot(status="Completed", completed=20)) is not None


def test_the_reason_names_counter_and_numbers() -> None:
    """Whoever reads the reason sees which counter, how far it is, and how far it can go."""
    reason = CountersCondition.from_mapping({"Completed": 5}).out_of_reach(
        _snapshot(completed=2, non_retryable_error=17)
    )
    assert reason == "Completed is 2 and can reach 3 at most, not 5"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "counters: empty"),
        ({"completed": 5}, "counters.completed: no such counter"),
        ({"Completed": 0}, "counters.Completed: 0"),
        ({"Completed": "many"}, "counters.Completed: 'many'"),
        ({"Completed": True}, "counters.Completed: True"),
    ],
)
def test_what_is_no_condition_is_refused(mapping: dict[str, int], said: str) -> None:
    """Each mistake is named with its place and its value."""
    with pytest.raises(InvalidTuningRequest, match=said):
        CountersCondition.from_mapping(mapping)
