"""What is known of a tuning job, from a Describe and from a List that may lag behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_tuning.core.snapshot import Snapshot

_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
_ARN = "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/job"


def _document(**counters: int) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobArn": _ARN,
        "HyperParameterTuningJobStatus": "InProgress",
        "HyperParameterTuningJobConfig": {},
        "TrainingJobStatusCounters": counters,
        "ObjectiveStatusCounters": {},
        "CreationTime": _CREATED,
        "LastModifiedTime": _CREATED,
    }


@pytest.mark.parametrize("counter", ["Completed", "Stopped", "NonRetryableError"])
def test_a_list_in_which_fewer_have_ended_is_old(counter: str) -> None:
    """Training jobs that have ended stay so: that tells where the times of change do not."""
    known = Snapshot.from_description(_document(**{counter: 5}, InProgress=1))
    assert known.updated(_document(**{counter: 4}, InProgress=2), _CREATED) is known


def test_a_list_from_before_the_description_is_old() -> None:
    """The time at which AWS says it changed tells where the counters do not."""
    described = {**_document(), "LastModifiedTime": _CREATED + timedelta(seconds=1)}
    known = Snapshot.from_description(described)
    assert known.updated(_document(InProgress=2), _CREATED) is known


def test_the_best_is_known_until_another_training_job_has_ended() -> None:
    """One that starts, or fails, is no better: nothing has to be described for it."""
    known = Snapshot.from_description(_document(Completed=1, InProgress=1))
    started = known.updated(_document(Completed=1, InProgress=3, NonRetryableError=1), _CREATED)
    assert started.counters.in_progress == 3
    assert not started.has_unknown_best
    assert started.updated(_document(Completed=2, NonRetryableError=1), _CREATED).has_unknown_best
