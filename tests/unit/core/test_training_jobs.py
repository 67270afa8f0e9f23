"""The failure digest."""

from sagemaker_tuning.core.training_jobs import failure_digest


def _failed(number: int, reason: str) -> dict[str, str]:
    return {
        "TrainingJobName": f"job-{number:03d}",
        "TrainingJobStatus": "Failed",
        "FailureReason": reason,
    }


def test_failures_are_grouped_by_reason_the_most_frequent_first() -> None:
    """Sixteen failures of one kind are one line, with a few names to look at."""
    summaries = [_failed(1, "InternalServerError: try again")]
    summaries += [_failed(number, "ClientError: no\n such data") for number in range(2, 18)]
    summaries += [{"TrainingJobName": "job-018", "TrainingJobStatus": "Completed"}]
    assert failure_digest(summaries).splitlines() == [
        "16 × ClientError: no such data (job-002, job-003, job-004, …)",
        "1 × InternalServerError: try again (job-001)",
    ]


def test_many_reasons_are_cut_and_counted() -> None:
    """A digest stays short, and says how much it leaves out."""
    lines = failure_digest([_failed(n, f"reason {n}") for n in range(8)]).splitlines()
    assert len(lines) == 6
    assert lines[-1] == "3 more, 3 other reasons"


def test_no_failure_no_digest() -> None:
    """A tuning job without failed training jobs has an empty digest."""
    assert failure_digest([]) == ""
