"""The progress line."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_tuning.core.progress import progress_key, progress_line
from sagemaker_tuning.core.snapshot import Snapshot

_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
_NAME = "churn-tune-abcdefghij-001"


def _snapshot(status: str = "InProgress", best: float | None = None, **counters: int) -> Snapshot:
    description = {
        "HyperParameterTuningJobName": _NAME,
        "HyperParameterTuningJobArn": f"arn:aws:sagemaker:us-east-1:1:x/{_NAME}",
        "HyperParameterTuningJobStatus": status,
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 20}},
        "TrainingJobStatusCounters": counters,
        "ObjectiveStatusCounters": {},
        "CreationTime": _CREATED,
    }
    if best is not None:
        description["BestTrainingJob"] = {
            "TrainingJobName": f"{_NAME}-007-1a2b3c4d",
            "FinalHyperParameterTuningJobObjectiveMetric": {
                "MetricName": "validation:auc",
                "Value": best,
            },
        }
    return Snapshot.from_description(description)


def test_one_line_says_everything() -> None:
    """Counters, failures, the best so far, the time spent and about the time left."""
    snapshot = _snapshot(
        best=0.99310004711, Completed=7, InProgress=3, NonRetryableError=1, RetryableError=1
    )
    assert progress_line(snapshot, _CREATED + timedelta(minutes=12)) == (
        "Completed 7/20 · 3 running · 2 failed (1 retryable) · "
        "best validation:auc 0.9931 (…-007-1a2b3c4d) · 12 min, about 15 min left"
    )


def test_what_has_nothing_to_say_is_left_out() -> None:
    """A job that was just created has no failures, no best and no estimate."""
    assert progress_line(_snapshot(), _CREATED + timedelta(seconds=5)) == "Completed 0/20 · 5 s"


@pytest.mark.parametrize("status", ["Stopping", "Completed", "SomethingNew"])
def test_another_status_is_said_first(status: str) -> None:
    """Any status but InProgress stands at the start of the line, unknown ones too."""
    line = progress_line(_snapshot(status, Stopped=2), _CREATED)
    assert line.startswith(f"{_NAME} is {status} · Completed 0/20 · 2 stopped")


def test_a_best_that_may_be_out_of_date_says_of_when_it_is() -> None:
    """The List brings new counters and no best: that is still the one of the last Describe."""
    described = _snapshot(best=0.5, Completed=7)
    summary = {**described.description, "TrainingJobStatusCounters": {"Completed": 9}}
    listed = described.updated(summary, _CREATED + timedelta(minutes=8))
    line = progress_line(listed, _CREATED + timedelta(minutes=12))
    assert "Completed 9/20 · best validation:auc 0.5 (…-007-1a2b3c4d, 4 min ago)" in line
    same = described.updated(described.description, _CREATED)
    assert " ago" not in progress_line(same, _CREATED + timedelta(minutes=12))


def test_time_alone_is_no_news() -> None:
    """The same counters, status and best give the same key, another counter another."""
    assert progress_key(_snapshot(InProgress=3)) == progress_key(_snapshot(InProgress=3))
    assert progress_key(_snapshot(InProgress=3)) != progress_key(_snapshot(InProgress=2))
