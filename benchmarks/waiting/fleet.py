"""Tuning jobs to wait for: simulated training jobs, and ends that are spread over time."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import Endpoint, numeric_range, request

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ends-{}:1"
_ENDS = 50
_TRAINING_JOBS = 2  # of each tuning job, one after the other
_METRIC = "score"


@dataclass(frozen=True)
class Ends:
    """When tuning jobs end, counted from the creation of each.

    Attributes:
        first_seconds: The first.
        spread_seconds: How much later the last.
    """

    first_seconds: float
    spread_seconds: float

    def options(self) -> Iterator[str]:
        """Those of the endpoint's command."""
        for number in range(_ENDS):
            seconds = self.first_seconds + self.spread_seconds * number / (_ENDS - 1)
            yield "--simulate"
            yield f"{_IMAGE.format(number)}={seconds / _TRAINING_JOBS:.3f}"


def create(local: Endpoint, count: int) -> dict[str, str]:
    """Start that many tuning jobs; the ARN of each by its name."""
    local.create_bucket()
    arns = {}
    for number in range(count):
        name = f"bench-{number:04}"
        answer = local.sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, **_request(number)
        )
        arns[name] = answer["HyperParameterTuningJobArn"]
    return arns


def ends(local: Endpoint) -> dict[str, float]:
    """When each tuning job that has ended did so."""
    pages = local.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    return {
        summary["HyperParameterTuningJobName"]: summary["HyperParameterTuningEndTime"].timestamp()
        for page in pages.paginate(PaginationConfig={"PageSize": 100})
        for summary in page["HyperParameterTuningJobSummaries"]
        if "HyperParameterTuningEndTime" in summary
    }


def _request(number: int) -> dict[str, Any]:
    found = copy.deepcopy(_REQUEST)
    definition = found["TrainingJobDefinition"]
    del definition["InputDataConfig"]
    definition["AlgorithmSpecification"] = {
        "TrainingImage": _IMAGE.format(number % _ENDS),
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
