"""How a tuning job ends, decided from its counters."""

from dataclasses import dataclass

from sagemaker_tuning.local.wire import Document

# AWS gives up after so many training jobs without a success.
_ATTEMPTS = 5

ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures to get more"
    " details."
)
NONE_SUCCEEDED = (
    f"No training job succeeded after {_ATTEMPTS} attempts. For additional details, please take a"
    " look at the training job failures by listing training jobs for the hyperparameter tuning"
    " job."
)
NO_OBJECTIVE = (
    "No objective metrics found after running {count} training jobs. Please ensure that the custom"
    " algorithm is emitting the objective metric as defined by the regular expression provided."
)


@dataclass(frozen=True)
class Ending:
    """A tuning job's terminal status, and why it failed if it did."""

    status: str
    failure_reason: str | None = None


def hopeless(progress: Document) -> Ending | None:
    """The end of a tuning job that has had its attempts and no success, None for any other."""
    objectives = progress["ObjectiveStatusCounters"]
    if objectives["Succeeded"] or objectives["Failed"] < _ATTEMPTS:
        return None
    if _failed(progress) >= _ATTEMPTS:
        return Ending("Failed", NONE_SUCCEEDED)
    return Ending("Failed", NO_OBJECTIVE.format(count=objectives["Failed"]))


def final(progress: Document) -> Ending:
    """The end of a tuning job that ran out of training jobs or of time."""
    objectives = progress["ObjectiveStatusCounters"]
    if objectives["Succeeded"]:
        return Ending("Completed")
    if _failed(progress) == objectives["Failed"]:
        return Ending("Failed", ALL_FAILED)
    return Ending("Failed", NO_OBJECTIVE.format(count=objectives["Failed"]))


def _failed(progress: Document) -> int:
    statuses = progress["TrainingJobStatusCounters"]
    return int(statuses["RetryableError"] + statuses["NonRetryableError"])
