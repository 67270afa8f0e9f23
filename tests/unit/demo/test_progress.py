"""The lines of progress: one for each change, none for anything else."""

from typing import Any

import pytest

from demo.progress import Progress


@pytest.fixture
def lines() -> list[str]:
    """What was shown, without the clock."""
    return []


@pytest.fixture
def progress(lines: list[str]) -> Progress:
    """One that shows into `lines`."""
    return Progress(lambda line: lines.append(line.split(maxsplit=1)[1]))


def _tuning_job(
    completed: int,
    best: float | None = None,
    *,
    running: int = 0,
    failed: int = 0,
    name: str = "tune-001",
) -> dict[str, Any]:
    metric = {"MetricName": "validation:auc", "Value": best}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 20}},
        "TrainingJobStatusCounters": {
            "Completed": completed,
            "InProgress": running,
            "RetryableError": 0,
            "NonRetryableError": failed,
            "Stopped": 0,
        },
    } | (
        {"BestTrainingJob": {"FinalHyperParameterTuningJobObjectiveMetric": metric}} if best else {}
    )


def _task(task_id: str, state: str | None, end_date: str | None = None) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": -1, "state": state, "end_date": end_date}


def test_training_jobs_are_counted_when_one_has_ended(progress: Progress, lines: list[str]) -> None:
    """Starts say nothing, ends and better objectives do."""
    for job in (
        _tuning_job(0),
        _tuning_job(0, running=3),
        _tuning_job(1, 0.98, running=2),
        _tuning_job(1, 0.98, running=3),
        _tuning_job(1, 0.99, running=3),
        _tuning_job(4, 0.99, failed=1),
    ):
        progress.tuning_job(job)
    assert lines == [
        "1 of 20 training jobs   best validation:auc 0.98000",
        "1 of 20 training jobs   best validation:auc 0.99000",
        "5 of 20 training jobs, 1 failed   best validation:auc 0.99000",
    ]


def test_each_task_is_named_once_as_it_ends(progress: Progress, lines: list[str]) -> None:
    """In the order of their ends; failure is said, and what therefore never ran is left out."""
    progress.tasks([_task("b", "running"), _task("a", "success", "2026-01-01T00:00:01Z")])
    progress.tasks(
        [
            _task("d", "upstream_failed", "2026-01-01T00:00:03Z"),
            _task("a", "success", "2026-01-01T00:00:01Z"),
            _task("b", "failed", "2026-01-01T00:00:02Z"),
            _task("c", None),
        ]
    )
    assert [line.split(maxsplit=1) for line in lines] == [
        ["a"],
        ["b", "failed"],
    ]


def test_mapped_tasks_are_told_apart(progress: Progress, lines: list[str]) -> None:
    """By the names that their DAG gives them, or by number."""
    a, b = (_task("tune", "success", "2026-01-01T00:00:01Z") for _ in range(2))
    progress.tasks(
        [
            a | {"map_index": 0, "rendered_map_index": "wine"},
            b | {"map_index": 1, "rendered_map_index": None},
        ]
    )
    assert lines == ["tune [wine]", "tune [1]"]


def test_several_tuning_jobs_are_told_apart(progress: Progress, lines: list[str]) -> None:
    """From the second on a line says whose it is, and each has a count of its own."""
    for job in (_tuning_job(1), _tuning_job(2, name="b-001"), _tuning_job(1)):
        progress.tuning_job(job)
    assert lines == ["1 of 20 training jobs", "2 of 20 training jobs   b-001"]
