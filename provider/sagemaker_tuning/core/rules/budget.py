"""AWS's advice, and its default quotas, about how many training jobs a tuning job runs.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIMITS = "HyperParameterTuningJobConfig.ResourceLimits"
_QUOTAS = f"{parts.GUIDE}automatic-model-tuning-limits.html"
_PARALLELISM = f"{parts.GUIDE}automatic-model-tuning-considerations.html"
_PARALLEL_QUOTA = 10
_NUMBER_QUOTA = 750
_FEW_ROUNDS = 2


def parallel_jobs_leave_something_to_learn(request: Mapping[str, Any]) -> Iterator[Advice]:
    """Bayesian learns from training jobs that have ended; others gain nothing from too many."""
    parallel, number = _limits(request)
    path = f"{_LIMITS}.MaxParallelTrainingJobs"
    if parallel is None or number is None or number == 1:
        return
    if parallel > number:
        rule = f"at most MaxNumberOfTrainingJobs run at all ({_PARALLELISM})"
        yield Advice(path, f"{parallel} of {number} training jobs", rule)
    elif parts.config(request, "Strategy") == "Bayesian" and parallel * _FEW_ROUNDS > number:
        yield Advice(
            path,
            f"{parallel} of {number} training jobs at once, with Strategy Bayesian",
            "Bayesian improves on the results of earlier training jobs: fewer at once, or Random "
            f"({_PARALLELISM})",
        )


def quotas_have_room(request: Mapping[str, Any]) -> Iterator[Advice]:
    """The default quotas: 10 training jobs at once, 750 in all."""
    parallel, number = _limits(request)
    if parallel is not None and parallel > _PARALLEL_QUOTA:
        yield Advice(
            f"{_LIMITS}.MaxParallelTrainingJobs",
            str(parallel),
            f"the default quota is {_PARALLEL_QUOTA}; it can be increased to 100 ({_QUOTAS})",
        )
    if number is not None and number > _NUMBER_QUOTA:
        yield Advice(
            f"{_LIMITS}.MaxNumberOfTrainingJobs",
            str(number),
            f"the default quota is {_NUMBER_QUOTA}; with Random it can be increased to 10000 "
            f"({_QUOTAS})",
        )


def _limits(request: Mapping[str, Any]) -> tuple[int | None, int | None]:
    limits = parts.config(request, "ResourceLimits")
    parallel, number = (
        parts.integer(parts.lookup(limits, key))
        for key in ("MaxParallelTrainingJobs", "MaxNumberOfTrainingJobs")
    )
    return parallel, number
