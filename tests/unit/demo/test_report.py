"""What a finished run has to show."""

from typing import Any

from demo import report


def _job(name: str, value: float, **tuned: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": "validation:auc",
            "Value": value,
        },
        "TunedHyperParameters": tuned,
    }


def test_leaderboard_has_a_column_for_each_hyperparameter() -> None:
    """Numbers are short, categories whole, what a job was not tuned by is empty."""
    rows = report.leaderboard(
        [_job("a-001", 0.99, eta="0.123456789"), _job("a-002", 0.9, eta="1", booster="dart")]
    )
    assert rows == [
        ["", "validation:auc", "booster", "eta", "training job"],
        ["1", "0.99000", "", "0.1235", "a-001"],
        ["2", "0.90000", "dart", "1", "a-002"],
    ]


def test_a_leaderboards_result_is_shown_as_the_leaders_are() -> None:
    """With the operator's own rows and ranks."""
    row = {
        "Rank": 1,
        "TrainingJobName": "a-001",
        "Value": 0.99,
        "TunedHyperParameters": {"eta": "0.123456789"},
    }
    result = {"Objective": {"MetricName": "validation:auc"}, "Rows": [row]}
    assert report.ranked(result) == [
        ["", "validation:auc", "eta", "training job"],
        ["1", "0.99000", "0.1235", "a-001"],
    ]


def test_a_summary_has_a_line_for_each() -> None:
    """What there is not is empty; one without a model has the reason in its place."""
    rows: list[dict[str, Any]] = [
        {
            "Name": "wine",
            "HyperParameterTuningJobStatus": "Completed",
            "TrainingJobStatusCounters": {"Completed": 5, "NonRetryableError": 1},
            "MetricName": "validation:merror",
            "Value": 0.25,
            "TrainingTimeInSeconds": 7,
            "ModelName": "m",
        },
        {"Name": "digits", "Reason": "no tuning job was launched"},
    ]
    assert report.summary(rows)[1:] == [
        ["wine", "Completed", "6", "validation:merror", "0.25000", "7", "m"],
        ["digits", "not launched", "0", "", "", "", "no tuning job was launched"],
    ]


def test_best_hyperparameters_lose_no_digit() -> None:
    """They are there to be used again."""
    assert report.best_training_job(_job("a-001", 0.99, eta="0.12345678901234567")) == [
        ["training job", "a-001"],
        ["validation:auc", "0.99"],
        ["eta", "0.12345678901234567"],
    ]


def test_timings_end_with_their_sum() -> None:
    """A reader sees at once whether anything is missing."""
    assert report.timings([("start", 1.25), ("stop", 2.5)]) == [
        ["start", "   1.2 s"],
        ["stop", "   2.5 s"],
        ["in all", "   3.8 s"],
    ]
