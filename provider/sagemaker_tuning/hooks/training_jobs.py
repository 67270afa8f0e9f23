"""The training jobs of a tuning job, each with the value that it is ranked by."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    TuningJobNotFound,
    Violation,
)
from sagemaker_tuning.core.ranking import (
    RANKED_STATUSES,
    Candidate,
    Objective,
    rank,
    tuning_objective,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

log = logging.getLogger(__name__)

_ATTEMPTS = 8  # about two minutes
_REPORT_EVERY = 100


def ranked_training_jobs(
    hook: SageMakerTuningHook,
    tuning_job: Mapping[str, Any],
    *,
    objective: Objective | None = None,
    definition_name: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Candidate]:
    """Give all training jobs of a tuning job, the best first; those without a rank come last.

    By the tuning job's own objective, SageMaker's ``BestTrainingJob`` leads and one List call per
    100 training jobs is made. Any other metric is known to DescribeTrainingJob alone, which is
    called once for each training job that ended with a model, 10,000 at most being the service's
    own limit.

    Args:
        hook: Which account and region.
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        objective: Another metric to rank by; the tuning job's own if not given.
        definition_name: One of several training job definitions; all of them if not given.
        sleep: Waits between attempts of a throttled call.

    Raises:
        InvalidTuningRequest: No training job has that metric, there is no such definition, or the
            definitions optimize in opposite directions.
        AwsCallFailed: AWS refuses a call.
    """
    name = tuning_job["HyperParameterTuningJobName"]
    own = tuning_objective(tuning_job, definition_name) if objective is None else None
    summaries = [
        summary
        for summary in hook.iter_training_jobs(name)
        if definition_name in {None, summary.get("TrainingJobDefinitionName")}
    ]
    if objective is None:
        assert own is not None  # noqa: S101 -- for mypy
        first = tuning_job.get("BestTrainingJob", {}).get("TrainingJobName")
        candidates = [Candidate(summary, _final(summary)) for summary in summaries]
        return rank(candidates, own, first)
    metrics = _Metrics(hook, sleep)
    candidates = [
        Candidate(summary, metrics.value(summary, objective.metric_name)) for summary in summaries
    ]
    if metrics.names and objective.metric_name not in metrics.names:
        problem = f"no training job of {name} has {objective.metric_name!r}"
        rule = "one of " + ", ".join(sorted(metrics.names))
        raise InvalidTuningRequest([Violation("objective.MetricName", problem, rule)])
    return rank(candidates, objective)


class _Metrics:
    """The final metrics of training jobs.

    Attributes:
        names: Those that any training job had.
    """

    def __init__(self, hook: SageMakerTuningHook, sleep: Callable[[float], None]) -> None:
        self._hook = hook
        self._described = 0
        self._describe = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential_jitter(initial=1, max=30),
            retry=retry_if_exception(
                lambda error: isinstance(error, AwsCallFailed) and error.is_transient
            ),
            sleep=sleep,
            reraise=True,
        )
        self.names: set[str] = set()

    def value(self, summary: Mapping[str, Any], metric_name: str) -> float | None:
        """Give a training job's value of a metric, asking for it only where List does not say."""
        if summary["TrainingJobStatus"] not in RANKED_STATUSES:
            return None
        objective = summary.get("FinalHyperParameterTuningJobObjectiveMetric", {})
        if objective.get("MetricName") == metric_name:
            self.names.add(metric_name)
            return _final(summary)
        metrics = dict(self._final_metrics(summary["TrainingJobName"]))
        self.names |= metrics.keys()
        return metrics.get(metric_name)

    def _final_metrics(self, training_job_name: str) -> Iterator[tuple[str, float]]:
        self._described += 1
        if self._described % _REPORT_EVERY == 0:
            log.info("Described %d training jobs for their metrics", self._described)
        try:
            training_job = self._describe(self._hook.describe_training_job, training_job_name)
        except TuningJobNotFound:  # deleted since
            return
        for metric in training_job.get("FinalMetricDataList", ()):
            if metric.get("Value") is not None:
                yield metric["MetricName"], metric["Value"]


def _final(summary: Mapping[str, Any]) -> float | None:
    value: float | None = summary.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get(
        "Value"
    )
    return value
