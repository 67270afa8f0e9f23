"""The order of training jobs."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.ranking import Candidate, Objective, rank, tuning_objective

if TYPE_CHECKING:
    import random

Document = dict[str, Any]
_START = datetime(2026, 1, 1, tzinfo=UTC)
_AUC = Objective("validation:auc", "Maximize")
_LOSS = Objective("validation:logloss", "Minimize")


def _candidate(
    number: int, value: float | None, *, status: str = "Completed", age: int = 0
) -> Candidate:
    summary = {
        "TrainingJobName": f"job-{number:03d}",
        "TrainingJobStatus": status,
        "CreationTime": _START + timedelta(seconds=age),
    }
    return Candidate(summary, value)


def _names(candidates: list[Candidate]) -> list[str]:
    return [candidate.summary["TrainingJobName"] for candidate in candidates]


_candidates = st.lists(
    st.tuples(
        # Few values, so that there are ties; zeros of both signs, NaN and infinities.
        st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, -0.0, 0.5, -0.5, 1.0])
        | st.floats(width=32),
        st.sampled_from(["Completed", "Stopped", "Failed", "InProgress"]),
        st.integers(0, 3),
    ),
    max_size=12,
).map(
    lambda rows: [
        _candidate(number, value, status=status, age=age)
        for number, (value, status, age) in enumerate(rows)
    ]
)


@given(_candidates, st.sampled_from([_AUC, _LOSS]), st.randoms(), st.none() | st.integers(0, 12))
def test_the_order_is_total_and_does_not_depend_on_the_order_given(
    candidates: list[Candidate], objective: Objective, randomness: random.Random, first: int | None
) -> None:
    """However they are listed, the same training jobs have the same ranks, the best first."""
    leader = None if first is None else f"job-{first:03d}"
    ranked = rank(candidates, objective, leader)
    shuffled = list(candidates)
    randomness.shuffle(shuffled)
    assert _names(rank(shuffled, objective, leader)) == _names(ranked)
    assert sorted(_names(ranked)) == sorted(_names(candidates))
    has_rank = [candidate.is_ranked for candidate in ranked]
    assert has_rank == sorted(has_rank, reverse=True)
    values = [
        candidate.value
        for candidate in ranked
        if candidate.is_ranked
        and candidate.value is not None
        and candidate.summary["TrainingJobName"] != leader
    ]
    assert values == sorted(values, reverse=objective is _AUC)


def test_of_equal_values_the_older_one_is_better() -> None:
    """Ties are broken by age, then by name."""
    candidates = [_candidate(1, 0.9, age=9), _candidate(3, 0.9), _candidate(2, 0.9)]
    assert _names(rank(candidates, _AUC)) == ["job-002", "job-003", "job-001"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_value_that_cannot_be_compared_has_no_rank(value: float | None) -> None:
    """NaN, infinity and no value at all are last in both directions."""
    candidates = [_candidate(1, value), _candidate(2, 5.0)]
    assert _names(rank(candidates, _AUC)) == ["job-002", "job-001"]
    assert _names(rank(candidates, _LOSS)) == ["job-002", "job-001"]
    assert not candidates[0].is_ranked


@pytest.mark.parametrize("status", ["InProgress", "Stopping", "Failed", "Deleting"])
def test_only_what_has_ended_with_a_model_is_ranked(status: str) -> None:
    """A running training job's latest value is not its last; a failed one has no artifact."""
    assert not _candidate(1, 0.9, status=status).is_ranked
    assert _candidate(1, 0.9, status="Stopped").is_ranked


def test_what_sagemaker_calls_the_best_leads() -> None:
    """SageMaker's own choice among equals, or by more digits than it shows, is rank 1."""
    candidates = [_candidate(1, 0.9), _candidate(2, 0.9), _candidate(3, 0.8)]
    assert _names(rank(candidates, _AUC, "job-003")) == ["job-003", "job-001", "job-002"]


def _tuning_job(*objectives: Document) -> Document:
    if len(objectives) == 1:
        return {
            "HyperParameterTuningJobConfig": {"HyperParameterTuningJobObjective": objectives[0]},
            "TrainingJobDefinition": {},
        }
    definitions = [
        {"DefinitionName": f"d{number}", "TuningObjective": objective}
        for number, objective in enumerate(objectives)
    ]
    return {"HyperParameterTuningJobConfig": {}, "TrainingJobDefinitions": definitions}


_AUC_DOCUMENT = {"MetricName": "validation:auc", "Type": "Maximize"}
_LOSS_DOCUMENT = {"MetricName": "validation:logloss", "Type": "Minimize"}


def test_the_objective_is_the_tuning_jobs_or_its_definitions() -> None:
    """One definition shares the tuning job's objective, several have one each."""
    assert tuning_objective(_tuning_job(_AUC_DOCUMENT), None) == _AUC
    assert tuning_objective(_tuning_job(_AUC_DOCUMENT, _AUC_DOCUMENT), None) == _AUC
    assert tuning_objective(_tuning_job(_AUC_DOCUMENT, _LOSS_DOCUMENT), "d1") == _LOSS


def test_definitions_of_opposite_directions_have_no_best_of_all() -> None:
    """An AUC is not compared with a loss."""
    with pytest.raises(InvalidTuningRequest, match="Minimize validation:logloss"):
        tuning_objective(_tuning_job(_AUC_DOCUMENT, _LOSS_DOCUMENT), None)


@pytest.mark.parametrize("job", [_tuning_job(_AUC_DOCUMENT), _tuning_job(*[_AUC_DOCUMENT] * 2)])
def test_a_definition_that_is_not_there_is_refused(job: Document) -> None:
    """A mistyped name does not give the best of nothing."""
    with pytest.raises(InvalidTuningRequest, match="definition_name: 'other': one of"):
        tuning_objective(job, "other")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("validation:auc", "objective:"),
        ({"MetricName": "validation:auc"}, "objective.Type: None"),
        ({"MetricName": "", "Type": "Maximize"}, "objective.MetricName: ''"),
        ({"MetricName": "a", "Type": "maximize"}, "objective.Type: 'maximize'"),
        (_AUC_DOCUMENT | {"Direction": "up"}, "objective.Direction: no such field"),
    ],
)
def test_an_objective_that_is_none_is_refused(document: object, path: str) -> None:
    """Each mistake is named by its path, with what would be right."""
    with pytest.raises(InvalidTuningRequest, match=path):
        Objective.from_document(document)
