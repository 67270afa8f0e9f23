"""Which calls a ranking makes, and what it does when they are refused for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, TuningJobNotFound
from sagemaker_tuning.core.ranking import Objective
from sagemaker_tuning.hooks.training_jobs import ranked_training_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

Document = dict[str, Any]
_LOSS = Objective("validation:logloss", "Minimize")


class FakeHook:
    """A tuning job of many training jobs, of whose calls some may be refused."""

    def __init__(self, count: int) -> None:
        self.summaries = [self._summary(number, count) for number in range(count)]
        self.errors: list[Exception] = []
        self.deleted: set[str] = set()
        self.described: list[str] = []

    def _summary(self, number: int, count: int) -> Document:
        return {
            "TrainingJobName": f"churn-{number:05d}",
            "TrainingJobDefinitionName": "ab"[number % 2],
            "TrainingJobStatus": "Failed" if number == 0 else "Completed",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "FinalHyperParameterTuningJobObjectiveMetric": {
                "MetricName": "validation:auc",
                "Value": number / count,
            },
        }

    def iter_training_jobs(self, name: str) -> Iterator[Document]:
        assert name == "churn"
        return iter(self.summaries)

    def describe_training_job(self, name: str) -> Document:
        self.described.append(name)
        if self.errors:
            raise self.errors.pop(0)
        if name in self.deleted:
            raise TuningJobNotFound(name)
        loss = int(name.removeprefix("churn-")) / 10
        return {
            "FinalMetricDataList": [
                {"MetricName": "validation:logloss", "Value": loss},
                {"MetricName": "train:auc"},
            ]
        }


def _tuning_job(**more: Any) -> Document:
    objective = {"MetricName": "validation:auc", "Type": "Maximize"}
    return {
        "HyperParameterTuningJobName": "churn",
        "HyperParameterTuningJobConfig": {"HyperParameterTuningJobObjective": objective},
    } | more


def _names(hook: FakeHook, tuning_job: Document | None = None, **more: Any) -> list[str]:
    ranked = ranked_training_jobs(
        cast("SageMakerTuningHook", hook), tuning_job or _tuning_job(), **more
    )
    return [one.summary["TrainingJobName"] for one in ranked if one.is_ranked]


def test_ten_thousand_training_jobs_are_ranked_by_the_list_alone() -> None:
    """By the tuning job's own objective nothing is described, and all training jobs count."""
    hook = FakeHook(10_000)
    names = _names(hook)
    assert len(names) == 9_999
    assert names[:2] == ["churn-09999", "churn-09998"]
    assert hook.described == []


def test_what_sagemaker_calls_the_best_is_the_first() -> None:
    """BestTrainingJob leads; the others follow in order."""
    best = {"TrainingJobName": "churn-00001"}
    assert _names(FakeHook(4), _tuning_job(BestTrainingJob=best)) == [
        "churn-00001",
        "churn-00003",
        "churn-00002",
    ]


def test_another_metric_costs_one_call_for_each_that_has_ended_well() -> None:
    """What failed has no final metrics worth asking for."""
    hook = FakeHook(4)
    assert _names(hook, objective=_LOSS) == ["churn-00001", "churn-00002", "churn-00003"]
    assert len(hook.described) == 3


def test_the_own_metric_the_other_way_round_costs_no_call() -> None:
    """What List says already is not asked for again."""
    hook = FakeHook(4)
    names = _names(hook, objective=Objective("validation:auc", "Minimize"))
    assert names == ["churn-00001", "churn-00002", "churn-00003"]
    assert hook.described == []


def test_throttled_calls_are_repeated() -> None:
    """Describing hundreds of training jobs does not fail for a Rate exceeded."""
    hook = FakeHook(3)
    hook.errors = [AwsCallFailed("Rate exceeded", is_transient=True)] * 3
    slept: list[float] = []
    assert _names(hook, objective=_LOSS, sleep=slept.append) == ["churn-00001", "churn-00002"]
    assert len(slept) == 3


def test_throttling_without_end_is_an_error() -> None:
    """It is given up after some attempts, with AWS's own words; what is denied, at once."""
    hook = FakeHook(3)
    hook.errors = [AwsCallFailed("Rate exceeded", is_transient=True)] * 100
    with pytest.raises(AwsCallFailed, match="Rate exceeded"):
        _names(hook, objective=_LOSS, sleep=lambda _: None)
    assert 1 < len(hook.described) < 20
    hook = FakeHook(3)
    hook.errors = [AwsCallFailed("denied")]
    with pytest.raises(AwsCallFailed, match="denied"):
        _names(hook, objective=_LOSS)
    assert len(hook.described) == 1


def test_a_training_job_that_was_deleted_is_passed_over() -> None:
    """The others keep their ranks."""
    hook = FakeHook(3)
    hook.deleted = {"churn-00001"}
    assert _names(hook, objective=_LOSS) == ["churn-00002"]


def test_a_metric_that_none_has_is_refused_with_those_there_are() -> None:
    """A mistyped metric is no empty leaderboard."""
    with pytest.raises(InvalidTuningRequest, match="one of validation:logloss"):
        _names(FakeHook(3), objective=Objective("validation:los", "Minimize"))


def test_one_definition_is_ranked_by_itself() -> None:
    """Training jobs of the other definitions are not in the order."""
    definitions = [
        {
            "DefinitionName": name,
            "TuningObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
        }
        for name in "ab"
    ]
    tuning_job = _tuning_job(TrainingJobDefinitions=definitions)
    names = _names(FakeHook(6), tuning_job, definition_name="b")
    assert names == ["churn-00005", "churn-00003", "churn-00001"]
