"""When a tuning job has found enough."""

from typing import Any

import pytest

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.runner import completion
from sagemaker_tuning.local.wire import Document

COUNT = "NumberOfTrainingJobsObjectiveNotImproving"


def after(*objectives: float | None, maximize: bool = True) -> Document:
    """The progress of a tuning job whose training jobs ended with these objectives."""
    progress = documents.new_tuning_job("us-east-1", "job")
    for number, value in enumerate(objectives):
        job: Document = {"TrainingJobName": f"job-{number}"}
        if value is not None:
            metric = {"MetricName": "auc", "Value": documents.float32(value)}
            job["FinalHyperParameterTuningJobObjectiveMetric"] = metric
        completion.take(progress, job, maximize=maximize)
    return progress


def is_met(criteria: Document, progress: Document, *, maximize: bool = True) -> bool:
    config = {"TuningJobCompletionCriteria": criteria}
    return completion.is_met(config, progress, maximize=maximize)


@pytest.mark.parametrize(
    ("objectives", "maximize", "count", "best"),
    [
        ((0.5,), True, 0, 0),
        ((0.5, 0.502, 0.504), True, 2, 2),
        ((0.5, 0.4, None, 0.3, 0.6), True, 0, 4),
        ((0.5, 0.4, None, 0.3), True, 2, 0),
        ((0.5, 0.4, 0.399), False, 1, 2),
        ((-2, -1.99, -1.9), True, 0, 2),
        ((0, 1e-9), True, 0, 1),
        ((0.5, 0.5), True, 1, 0),
    ],
)
def test_what_improves_by_one_percent_or_less_is_counted(
    *, objectives: tuple[float | None, ...], maximize: bool, count: int, best: int
) -> None:
    """Since the last real improvement; a job without an objective is no evidence. Best is best."""
    progress = after(*objectives, maximize=maximize)
    assert progress["TuningJobCompletionDetails"] == {COUNT: count}
    assert progress["BestTrainingJob"]["TrainingJobName"] == f"job-{best}"


@pytest.mark.parametrize(
    ("target", "objective", "maximize", "met"),
    [
        (0.9, 0.9, True, True),  # 32 bits of both are equal, 64 of the one are not
        (0.9, 0.89, True, False),
        (0.1, 0.1, False, True),
        (0.1, 0.11, False, False),
        (0.1, 0.05, False, True),
        (0, None, True, False),
    ],
)
def test_a_target_is_reached_in_its_direction(
    *, target: float, objective: float | None, maximize: bool, met: bool
) -> None:
    """At the value or beyond it, and by nothing that has no objective."""
    progress = after(objective, maximize=maximize)
    criteria: dict[str, Any] = {"TargetObjectiveMetricValue": target}
    assert is_met(criteria, progress, maximize=maximize) is met


def test_so_many_not_improving_are_enough() -> None:
    """The number asked for, and not one less."""
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    assert not is_met(criteria, after(0.5, 0.5, 0.5))
    assert is_met(criteria, after(0.5, 0.5, 0.5, 0.5))


def test_convergence_ends_only_a_job_that_asks_for_it() -> None:
    """It is noted once, whether it ends the job or not."""
    progress = after(0.5)
    enabled = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    assert not is_met(enabled, progress)
    completion.take_convergence(progress)
    moment = progress["TuningJobCompletionDetails"]["ConvergenceDetectedTime"]
    completion.take_convergence(progress)
    assert progress["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] == moment
    assert is_met(enabled, progress)
    assert not is_met({"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}}, progress)
    assert not is_met({}, progress)
