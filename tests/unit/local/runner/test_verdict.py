"""How a tuning job ends, by its counters."""

import pytest

from sagemaker_tuning.local.documents import new_tuning_job
from sagemaker_tuning.local.runner import verdict
from sagemaker_tuning.local.wire import Document


def progress(**counters: int) -> Document:
    document = new_tuning_job("us-east-1", "job")
    for name, count in counters.items():
        for group in ("TrainingJobStatusCounters", "ObjectiveStatusCounters"):
            if name in document[group]:
                document[group][name] = count
    return document


def test_right_after_create_every_counter_is_0() -> None:
    """Recorded: counters, runtime and completion details are there from the start."""
    document = new_tuning_job("us-east-1", "job")
    assert set(document["TrainingJobStatusCounters"].values()) == {0}
    assert set(document["ObjectiveStatusCounters"].values()) == {0}
    assert document["ConsumedResources"] == {"RuntimeInSeconds": 0}
    assert document["TuningJobCompletionDetails"] == {
        "NumberOfTrainingJobsObjectiveNotImproving": 0
    }
    assert "BestTrainingJob" not in document


@pytest.mark.parametrize(
    ("counters", "reason"),
    [
        ({"Succeeded": 1, "NonRetryableError": 9, "Failed": 9}, None),
        ({"NonRetryableError": 4, "Failed": 4}, None),
        ({"NonRetryableError": 3, "RetryableError": 2, "Failed": 5}, verdict.NONE_SUCCEEDED),
        ({"Completed": 5, "Failed": 5}, verdict.NO_OBJECTIVE.format(count=5)),
    ],
)
def test_five_attempts_without_a_success_are_enough(
    counters: dict[str, int], reason: str | None
) -> None:
    """No success in five: the reason is what went wrong in them."""
    ending = verdict.hopeless(progress(**counters))
    assert (ending and ending.failure_reason) == reason


@pytest.mark.parametrize(
    ("counters", "ending"),
    [
        (
            {"Completed": 1, "Succeeded": 1, "NonRetryableError": 3, "Failed": 3},
            verdict.Ending("Completed"),
        ),
        (
            {"NonRetryableError": 2, "Failed": 2},
            verdict.Ending("Failed", verdict.ALL_FAILED),
        ),
        (
            {"Completed": 2, "Failed": 2},
            verdict.Ending("Failed", verdict.NO_OBJECTIVE.format(count=2)),
        ),
    ],
)
def test_one_success_makes_a_tuning_job_completed(
    counters: dict[str, int], ending: verdict.Ending
) -> None:
    """Without any it has failed, and says how."""
    assert verdict.final(progress(**counters)) == ending
