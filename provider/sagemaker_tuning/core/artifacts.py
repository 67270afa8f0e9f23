"""Where the training jobs of a tuning job leave things."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Folders:
    """What belongs to training jobs below a place: keys that begin ``<training job>/`` there.

    Attributes:
        place: What all keys of that place begin with; empty, or ends in ``/``.
        names: Training jobs' names.
    """

    place: str
    names: frozenset[str]

    @property
    def prefix(self) -> str:
        """What to list by, to see all that belongs and little else.

        Training jobs of a tuning job are named after it, so one listing finds them all.
        """
        common = os.path.commonprefix(sorted(self.names))  # noqa: RUF071 -- of names, not of paths
        return self.place + common

    def has(self, key: str) -> bool:
        """Whether a key is in the folder of one of the training jobs."""
        name, slash, _ = key.removeprefix(self.place).partition("/")
        return key.startswith(self.place) and bool(slash) and name in self.names


def output_folders(
    tuning_job: Mapping[str, Any], training_job_names: Collection[str]
) -> Iterator[tuple[str, Folders]]:
    """Give each bucket with what the training jobs have left in it; none without training jobs.

    A training job writes to ``<S3OutputPath>/<training job>/``, whatever it is: artifact, output,
    debugger's and profiler's data.
    https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        training_job_names: Of training jobs that this tuning job launched.
    """
    definitions = [
        *([tuning_job["TrainingJobDefinition"]] if "TrainingJobDefinition" in tuning_job else []),
        *tuning_job.get("TrainingJobDefinitions", []),
    ]
    names = frozenset(training_job_names)
    paths = {definition["OutputDataConfig"]["S3OutputPath"] for definition in definitions}
    for path in sorted(paths) if names else []:
        bucket, _, key = path.removeprefix("s3://").partition("/")
        place = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
        yield bucket, Folders(place, names)


def best_training_job_names(tuning_job: Mapping[str, Any]) -> frozenset[str]:
    """Give the names of the best training job, and of the best of all with its parents."""
    keys = ("BestTrainingJob", "OverallBestTrainingJob")
    return frozenset(tuning_job[key]["TrainingJobName"] for key in keys if key in tuning_job)
