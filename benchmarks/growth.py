"""What jobs that have ended cost: Describe with many in the store, memory of each training job.

Describe is called through boto3 on two endpoints in turns, one with nothing but the job that is
described, the other with a hundred more.

Memory is what the endpoint's process alone occupies (``Private_Dirty`` of its smaps_rollup), once
a first hundred training jobs have warmed it up and again after all. It grows by whatever the jobs
leave in memory: log events and artifacts, which are moto's, most of all. The jobs are the shortest
there are, one tree of one level, so that their content counts for little.
"""

import statistics
import time
from typing import Any

from benchmarks.data import breast_cancer
from benchmarks.endpoint import Endpoint, endpoint, numeric_range, request
from benchmarks.memory import kilobytes

_WARM_UP = 100
_JOBS_OF_ONE = 500  # of a tuning job, which has a quota
_PARALLEL = 3
_SHIPPED_SECONDS = 2.0  # until the last lines of a log are


def report_describe(tuning_jobs: int, calls: int) -> None:
    """Print the medians."""
    with endpoint() as empty, endpoint() as full:
        for local in (empty, full):
            local.upload(breast_cancer().csv(seed=0))
        name = _run(empty, 1)
        for _ in range(tuning_jobs):
            _run(full, 1)
        last = _run(full, 1)
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(calls):
            times[0].append(_describe(empty, name))
            times[1].append(_describe(full, last))
    in_empty, in_full = (statistics.median(each) * 1000 for each in times)
    print(
        f"\nDescribe, median of {calls}: {in_empty:.2f} ms in an empty store, {in_full:.2f} ms with"
        f" {tuning_jobs} tuning jobs, ratio {in_full / in_empty:.2f}"
    )


def report_memory(training_jobs: int) -> None:
    """Print what a training job leaves."""
    with endpoint() as local:
        local.upload(breast_cancer().csv(seed=0))
        _run(local, _WARM_UP)
        before = _memory(local)
        left = training_jobs
        while left:
            count = min(left, _JOBS_OF_ONE)
            _run(local, count)
            left -= count
        grown = _memory(local) - before
    print(
        f"\nMemory after {_WARM_UP} training jobs: {before / 1024:.0f} MB, and"
        f" {grown / training_jobs:.1f} KB for each of {training_jobs} more"
    )


def _run(local: Endpoint, training_jobs: int) -> str:
    name = local.create(_request(training_jobs))
    local.wait(name, every_seconds=0.05 if training_jobs == 1 else 0.5)
    return name


def _request(training_jobs: int) -> dict[str, Any]:
    return request(
        metric="validation:auc",
        maximize=True,
        ranges={"ContinuousParameterRanges": [numeric_range("eta", 0, 1)]},
        hyperparameters={"objective": "binary:logistic", "num_round": "1", "max_depth": "1"},
        training_jobs=training_jobs,
        parallel=min(_PARALLEL, training_jobs),
        Strategy="Random",
    )


def _describe(local: Endpoint, name: str) -> float:
    started = time.perf_counter()
    local.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return time.perf_counter() - started


def _memory(local: Endpoint) -> float:
    """Kilobytes."""
    time.sleep(_SHIPPED_SECONDS)
    return kilobytes("Private_Dirty", local.pid)
