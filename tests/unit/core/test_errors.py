"""The error tree."""

import pickle

import pytest

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    CountersOutOfReach,
    DeploymentFailed,
    InvalidTuningRequest,
    NoCompletedTrainingJob,
    PredictionFailed,
    QuotaExceeded,
    SageMakerTuningError,
    ScoringFailed,
    TuningJobConflict,
    TuningJobEnded,
    TuningJobFailed,
    TuningJobNotFound,
    TuningJobStopped,
    TuningJobTimeout,
    Violation,
)
from sagemaker_tuning.core.status import TrainingJobStatusCounters

_VIOLATIONS = [Violation("RoleArn", "missing", "required"), Violation("Tags", "51", "at most 50")]


_ERRORS = [
    InvalidTuningRequest(_VIOLATIONS),
    TuningJobConflict("taken"),
    TuningJobFailed(
        "failed",
        status="Failed",
        failure_reason="All training jobs failed.",
        counters=TrainingJobStatusCounters(non_retryable_error=2),
        digest="2 × ClientError",
    ),
    AwsCallFailed("refused", operation="ListTags", code="AccessDeniedException", request_id="1"),
    TuningJobNotFound("absent"),
    TuningJobStopped("stopped", status="Stopped"),
    TuningJobEnded("deleted", status="Deleting"),
    CountersOutOfReach("never"),
    NoCompletedTrainingJob("none yet", is_retried=True, digest="1 × ClientError"),
    DeploymentFailed("rolled back", is_retried=True),
    PredictionFailed("no number"),
    ScoringFailed("no score", is_retried=True),
    SageMakerTuningError("anything"),
    TuningJobTimeout("late"),
    QuotaExceeded("no room", quota=0, operation="CreateHyperParameterTuningJob", request_id="1"),
]


@pytest.mark.parametrize("error", _ERRORS)
def test_errors_survive_pickling(error: SageMakerTuningError) -> None:
    """What crosses a process keeps its type, its text and everything it knows."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 -- what was just dumped
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_every_error_is_pickled_here() -> None:
    """One that is added to the tree is added to the test."""

    def tree(kind: type[SageMakerTuningError]) -> set[type[SageMakerTuningError]]:
        return {kind}.union(*map(tree, kind.__subclasses__()))

    assert {type(error) for error in _ERRORS} == tree(SageMakerTuningError)


def test_every_violation_is_in_the_message() -> None:
    """One message names all mistakes, each with its path and the rule."""
    text = str(InvalidTuningRequest(_VIOLATIONS))
    assert text.splitlines() == [
        "2 mistakes in the request; nothing was sent to AWS:",
        "  RoleArn: missing: required",
        "  Tags: 51: at most 50",
    ]
