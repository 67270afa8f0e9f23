"""What a finished run has to show, as rows for a person to read."""

from collections.abc import Sequence
from typing import Any

Rows = list[list[str]]


def leaderboard(summaries: Sequence[dict[str, Any]]) -> Rows:
    """The training jobs with their objective and tuned hyperparameters, below a row of names.

    Args:
        summaries: Of ListTrainingJobsForHyperParameterTuningJob, best first; at least one.
    """
    names = sorted({name for job in summaries for name in job["TunedHyperParameters"]})
    metric = _metric(summaries[0])["MetricName"]
    rows = [["", metric, *names, "training job"]]
    for place, job in enumerate(summaries, start=1):
        tuned = job["TunedHyperParameters"]
        rows.append(
            [
                str(place),
                f"{_metric(job)['Value']:.5f}",
                *(_short(tuned.get(name, "")) for name in names),
                job["TrainingJobName"],
            ]
        )
    return rows


def ranked(leaderboard: dict[str, Any]) -> Rows:
    """The rows of a leaderboard operator's result, below a row of names."""
    names = sorted({name for row in leaderboard["Rows"] for name in row["TunedHyperParameters"]})
    rows = [["", leaderboard["Objective"]["MetricName"], *names, "training job"]]
    for row in leaderboard["Rows"]:
        tuned = row["TunedHyperParameters"]
        values = (_short(tuned.get(name, "")) for name in names)
        rows.append([str(row["Rank"]), f"{row['Value']:.5f}", *values, row["TrainingJobName"]])
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> Rows:
    """The rows of a summary operator's result, below a row of names."""
    cells = [["", "status", "training jobs", "objective", "", "seconds", "model"]]
    for row in rows:
        counters = row.get("TrainingJobStatusCounters", {})
        cells.append(
            [
                row["Name"],
                row.get("HyperParameterTuningJobStatus", "not launched"),
                str(sum(counters.values())),
                row.get("MetricName", ""),
                f"{row['Value']:.5f}" if "Value" in row else "",
                str(row.get("TrainingTimeInSeconds", "")),
                row.get("ModelName", row.get("Reason", "")),
            ]
        )
    return cells


def best_training_job(best: dict[str, Any]) -> Rows:
    """Its name, its objective and its tuned hyperparameters, digit by digit."""
    metric = _metric(best)
    return [
        ["training job", best["TrainingJobName"]],
        [metric["MetricName"], str(metric["Value"])],
        *([name, value] for name, value in sorted(best["TunedHyperParameters"].items())),
    ]


def model(created: dict[str, Any], best: dict[str, Any], checked: float) -> Rows:
    """Its name, what it is made of, and the objective metric as measured with it."""
    container = created["PrimaryContainer"]
    return [
        ["name", created["ModelName"]],
        ["artifact", container["ModelDataUrl"]],
        ["image", container["Image"]],
        ["check", f"{_metric(best)['MetricName']} {checked:.5f} on the validation data"],
    ]


def timings(stretches: Sequence[tuple[str, float]]) -> Rows:
    """Each stretch with its seconds, and their sum."""
    total = sum(seconds for _, seconds in stretches)
    return [[name, f"{seconds:6.1f} s"] for name, seconds in (*stretches, ("in all", total))]


def _metric(job: dict[str, Any]) -> dict[str, Any]:
    metric: dict[str, Any] = job["FinalHyperParameterTuningJobObjectiveMetric"]
    return metric


def _short(value: str) -> str:
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value
