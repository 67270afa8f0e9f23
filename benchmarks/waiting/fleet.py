"""Tuning jobs to wait for: simulated training jobs, and ends that are spread over time."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import Endpoint, numeric_range, request

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ends-{}:1"
_RUNS_ON = "123456789012.dkr.ecr.us-east-1.amazonaws.com/runs-on:1"
_RUNS_ON_SECONDS = 7200
_ENDS = 50
_TRAINING_JOBS = 2  # of each tuning job, one after the other
_METRIC = "score"


@dataclass(frozen=True)
class Ends:
    """Which tuning jobs end, and when, counted from the creation of each; the others run on.

    Attributes:
        jobs: How many.
        first_seconds: The first.
        spread_seconds: How much later the last.
    """

    jobs: int
    first_seconds: float
    spread_seconds: float

    def options(self) -> Iterator[str]:
        """Those of the endpoint's command."""
        yield "--simulate"
        yield f"{_RUNS_ON}={_RUNS_ON_SECONDS}"
        for number in range(_ENDS):
            seconds = self.first_seconds + self.spread_seconds * number / (_ENDS - 1)
            yield "--simulate"
            yield f"{_IMAGE.format(number)}={seconds / _TRAINING_JOBS:.3f}"


def create(local: Endpoint, count: int, ends: Ends) -> tuple[dict[str, str], list[str]]:
    """Start that many tuning jobs.

    Returns:
        The ARN of each by its name, and the names of those that end.
    """
    local.create_bucket()
    arns: dict[str, str] = {}
    ending: list[str] = []
    every = count // ends.jobs
    for number in range(count):
        name, image = f"bench-{number:04}", _RUNS_ON
        if number % every == 0 and len(ending) < ends.jobs:
            image = _IMAGE.format(len(ending) * _ENDS // ends.jobs)
            ending.append(name)
        answer = local.sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, **_request(image)
        )
        arns[name] = answer["HyperParameterTuningJobArn"]
    return arns, ending


def ended(local: Endpoint) -> dict[str, float]:
    """When each tuning job that has ended did so."""
    pages = local.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    return {
        summary["HyperParameterTuningJobName"]: summary["HyperParameterTuningEndTime"].timestamp()
        for page in pages.paginate(PaginationConfig={"PageSize": 100})
        for summary in page["HyperParameterTuningJobSummaries"]
        if "HyperParameterTuningEndTime" in summary
    }


def _request(image: str) -> dict[str, Any]:
    found = copy.deepcopy(_REQUEST)
    definition = found["TrainingJobDefinition"]
    del definition["InputDataConfig"]
    definition["AlgorithmSpecification"] = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": _METRIC, "Regex": f"{_METRIC}=([0-9.]+)"}],
    }
    return found


_REQUEST = request(
    metric=_METRIC,
    maximize=True,
    ranges={"ContinuousParameterRanges": [numeric_range("x", 0, 1)]},
    hyperparameters={},
    training_jobs=_TRAINING_JOBS,
    parallel=1,
    Strategy="Random",
)
