"""What a tuning job knows from its parents."""

from typing import Any

import pytest

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.runner.warm_start import observations, overall_best
from sagemaker_tuning.local.search.tuning import Observation
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document
from tests.unit.local.runner.fakes import REGION, new_job

IDENTICAL = "IdenticalDataAndAlgorithm"


def with_results(store: Store, *objectives: float | None) -> Document:
    """Stores the ended tuning job `job` with a training job for each; gives its request."""
    request, progress = new_job(store)
    definition = definitions(request)[0]
    for number, objective in enumerate(objectives, start=1):
        document = documents.new_training_job(
            REGION, "job", number, definition, {"max_depth": str(number)}
        )
        store.add_training_job(REGION, "job", document)
        if objective is not None:
            document["FinalHyperParameterTuningJobObjectiveMetric"] = {"Value": objective}
            store.update_training_job(REGION, document)
        if objective == max(each for each in objectives if each is not None):
            progress["BestTrainingJob"] = documents.summary(document)
    documents.end_tuning_job(progress, "Completed", None)
    store.update_tuning_job(REGION, "job", progress)
    return request


def child(request: Document, kind: str = IDENTICAL, strategy: str = "Bayesian") -> Document:
    config: dict[str, Any] = {**request["HyperParameterTuningJobConfig"], "Strategy": strategy}
    # A parent's name may be written in any case.
    parents = [{"HyperParameterTuningJobName": name} for name in ("JOB", "deleted")]
    return {
        **request,
        "HyperParameterTuningJobName": "child",
        "HyperParameterTuningJobConfig": config,
        "WarmStartConfig": {"ParentHyperParameterTuningJobs": parents, "WarmStartType": kind},
    }


def test_results_of_the_parents_training_jobs_are_observations(store: Store) -> None:
    """Those with an objective, with static and tunable hyperparameters; a deleted parent's none."""
    request = with_results(store, 0.5, None, 0.7)
    static = {"_tuning_objective_metric": "validation:auc"}
    assert observations(store, REGION, child(request)) == [
        Observation({"max_depth": "1", **static}, 0.5),
        Observation({"max_depth": "3", **static}, 0.7),
    ]


def test_a_random_search_needs_none(store: Store) -> None:
    """It learns nothing, so that nothing is read for it; nor is it without a warm start."""
    request = with_results(store, 0.5)
    assert observations(store, REGION, child(request, strategy="Random")) == []
    assert observations(store, REGION, request) == []


@pytest.mark.parametrize(("own", "expected"), [(0.6, "job"), (0.8, "child"), (None, "job")])
def test_the_overall_best_is_of_the_job_or_of_a_parent(
    store: Store, own: float | None, expected: str
) -> None:
    """The summary names the tuning job that it is of."""
    request = with_results(store, 0.5, 0.7)
    best = None
    if own is not None:
        best = {
            "TrainingJobName": "child-001",
            "FinalHyperParameterTuningJobObjectiveMetric": {"Value": own},
        }
    found = overall_best(store, REGION, child(request), best)
    assert found is not None
    assert found["TuningJobName"] == expected
    assert found["TrainingJobName"].startswith(expected)


def test_there_is_no_overall_best_where_data_may_differ(store: Store) -> None:
    """With TransferLearning, without a warm start, and while nobody has found anything."""
    request = with_results(store, 0.5)
    best = {"FinalHyperParameterTuningJobObjectiveMetric": {"Value": 1.0}}
    assert overall_best(store, REGION, child(request, "TransferLearning"), best) is None
    assert overall_best(store, REGION, request, best) is None
    orphan = child(request)
    orphan["WarmStartConfig"]["ParentHyperParameterTuningJobs"].pop(0)
    assert overall_best(store, REGION, orphan, None) is None
