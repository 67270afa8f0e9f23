"""Which tuning jobs may be the parents of a new one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.naming import LaunchIdentity, name_slug
from sagemaker_tuning.core.tags import identity_tags
from sagemaker_tuning.core.warm_start import Parents, launched_by, why_never, why_not_before

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]


def request() -> Document:
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "MetricName": "validation:auc",
                "Type": "Maximize",
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0", "MaxValue": "1"}],
                "CategoricalParameterRanges": [{"Name": "booster", "Values": ["dart", "gbtree"]}],
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingImage": "xgboost:3", "TrainingInputMode": "File"},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/train"}},
                }
            ],
            "StaticHyperParameters": {"num_round": "100", "objective": "binary:logistic"},
        },
    }


def job(name: str = "job", **more: Any) -> Document:
    """Give what Describe says of a completed tuning job of that request."""
    description = copy.deepcopy(request()) | {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobStatus": "Completed",
        "TrainingJobStatusCounters": {"Completed": 20},
        "ObjectiveStatusCounters": {"Succeeded": 20, "Pending": 0, "Failed": 0},
    }
    static = description["TrainingJobDefinition"]["StaticHyperParameters"]
    static["_tuning_objective_metric"] = "validation:auc"  # which AWS adds
    return description | more


def config(document: Document) -> Document:
    found: Document = document["HyperParameterTuningJobConfig"]
    return found


def static(document: Document) -> Document:
    found: Document = document["TrainingJobDefinition"]["StaticHyperParameters"]
    return found


def make_static(document: Document, name: str, value: str) -> None:
    """Take a hyperparameter out of the ranges."""
    for items in config(document)["ParameterRanges"].values():
        items[:] = [item for item in items if item["Name"] != name]
    static(document)[name] = value


def test_the_same_request_fits_and_so_do_its_changes_that_are_allowed() -> None:
    """Other ranges, other data, another image, more training jobs, a static one made tunable."""
    new = request()
    config(new)["ParameterRanges"]["IntegerParameterRanges"] = [
        {"Name": "num_round", "MinValue": "1", "MaxValue": "200"}
    ]
    del static(new)["num_round"]
    config(new)["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 40
    new["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = "xgboost:4"
    source = new["TrainingJobDefinition"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = "s3://bucket/newer"
    parents = Parents(new, "TransferLearning")
    assert parents.offer(job("a")) == []
    assert parents.offer(job("b", HyperParameterTuningJobStatus="Stopped")) == []
    assert parents.warm_start_config() == {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": "a"},
            {"HyperParameterTuningJobName": "b"},
        ],
        "WarmStartType": "TransferLearning",
    }
    assert Parents(new, "IdenticalDataAndAlgorithm").offer(job()) == [
        "TrainingImage was xgboost:3, is xgboost:4 now",
        "data of the channel train was s3://bucket/train, is s3://bucket/newer now",
    ]
    new["TrainingJobDefinition"]["AlgorithmSpecification"] = {"AlgorithmName": "mine"}
    assert "AlgorithmName was None, is mine now" in (
        Parents(new, "IdenticalDataAndAlgorithm").offer(job())
    )


def _objective(parent: Document) -> None:
    config(parent)["HyperParameterTuningJobObjective"] = {
        "MetricName": "validation:rmse",
        "Type": "Minimize",
    }


def _kind(parent: Document) -> None:
    ranges = config(parent)["ParameterRanges"]
    ranges["IntegerParameterRanges"] = ranges.pop("ContinuousParameterRanges")


def _names(parent: Document) -> None:
    static(parent)["gamma"] = static(parent).pop("num_round")


def _several(parent: Document) -> None:
    parent["TrainingJobDefinitions"] = [parent.pop("TrainingJobDefinition")]


def _strategy(parent: Document) -> None:
    config(parent)["Strategy"] = "Hyperband"


def _running(parent: Document) -> None:
    parent["HyperParameterTuningJobStatus"] = "InProgress"


def _failing(parent: Document) -> None:
    parent["ObjectiveStatusCounters"] = {"Succeeded": 0, "Pending": 0, "Failed": 20}


def _long(parent: Document) -> None:
    parent["TrainingJobStatusCounters"] = {"Completed": 400, "Stopped": 81}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (
            _objective,
            [
                "objective metric was validation:rmse, is validation:auc now",
                "objective's type was Minimize, is Maximize now",
            ],
        ),
        (_kind, ["eta was an integer, is continuous now"]),
        (_names, ["it had no hyperparameters num_round", "it had hyperparameters gamma too"]),
        (_several, ["it has several training job definitions"]),
        (_strategy, ["its Strategy was Hyperband"]),
        (_running, ["it is InProgress"]),
        (_failing, ["none of its training jobs has an objective metric"]),
        (
            _long,
            ["with its 481 training jobs there would be 501, all parents' included, above 500"],
        ),
    ],
)
def test_each_restriction_has_its_reason(
    change: Callable[[Document], None], reasons: list[str]
) -> None:
    """One that is broken leaves the tuning job out, and nothing else is said."""
    parent = job()
    change(parent)
    parents = Parents(request(), "TransferLearning")
    assert parents.offer(parent) == reasons
    assert parents.warm_start_config() is None


def test_changes_are_counted_as_the_guide_does() -> None:
    """Two for a categorical one of two values, made static; one for a number; at most ten."""
    new, parent = request(), job()
    make_static(new, "booster", "dart")
    static(new)["num_round"] = "200"
    for number in range(7):
        static(new)[f"p{number}"] = "1"
        static(parent)[f"p{number}"] = "2"
    assert Parents(new, "TransferLearning").offer(parent) == []
    static(new)["objective"] = "reg:logistic"
    (reason,) = Parents(new, "TransferLearning").offer(parent)
    assert reason.startswith("12 changes")


def test_what_all_parents_have_together_is_limited() -> None:
    """A parent that would be too much is left out, and a smaller one behind it is not."""
    parents = Parents(request(), "TransferLearning", most_training_jobs=100)
    taken = [
        name
        for name, count in (("a", 50), ("b", 31), ("c", 30), ("d", 0))
        if not parents.offer(job(name, TrainingJobStatusCounters={"Completed": count}))
    ]
    assert taken == ["a", "c", "d"] == parents.names


def test_there_are_five_parents_at_most() -> None:
    """Then no more are asked for."""
    parents = Parents(request(), "TransferLearning", most=2)
    assert not parents.is_complete
    assert [parents.offer(job(name)) for name in "ab"] == [[], []]
    assert parents.is_complete


def test_ranges_that_the_service_chooses_are_of_any_kind() -> None:
    """An AutoParameter has a name, and no kind that could have changed."""
    parent = job()
    ranges = config(parent)["ParameterRanges"]
    ranges["AutoParameters"] = [{"Name": "eta", "ValueHint": "0.3"}]
    del ranges["ContinuousParameterRanges"]
    assert Parents(request(), "TransferLearning").offer(parent) == []


def test_another_strategy_has_no_parents() -> None:
    """Warm start searches by Bayesian or Random."""
    new = request()
    assert why_never(new) is None
    config(new)["Strategy"] = "Grid"
    assert "Strategy is Grid" in str(why_never(new))


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef")))
def test_the_names_are_one_set(tunable: list[str], others: list[str]) -> None:
    """Which of them are tunable is free, as long as both tuning jobs have the same."""
    new, parent = request(), job()
    for document, names in ((new, tunable), (parent, others)):
        config(document)["ParameterRanges"]["ContinuousParameterRanges"] = [
            {"Name": name, "MinValue": "0", "MaxValue": "1"} for name in sorted(set(names))
        ]
        for name in set("abcdef") - set(names):
            static(document)[name] = "1"
    assert Parents(new, "TransferLearning").offer(parent) == []
    static(new)["g"] = "1"
    assert Parents(new, "TransferLearning").offer(parent) == ["it had no hyperparameters g"]


def identity(**other: Any) -> LaunchIdentity:
    values: Document = {
        "namespace": "https://airflow.example.com",
        "dag_id": "churn.weekly",
        "run_id": "scheduled__2026-01-05T00:00:00+00:00",
        "task_id": "group.tune",
        "map_index": 3,
    }
    return LaunchIdentity(**(values | other))


def test_a_job_is_known_by_its_tags() -> None:
    """It is of this DAG, map index and deployment, and of one task if that is wanted."""
    finder = identity(task_id="find", run_id="scheduled__2026-01-12T00:00:00+00:00")
    tags = identity_tags(identity())
    assert launched_by(tags, finder, None) == identity()
    assert launched_by(tags, finder, "group.tune") == identity()
    assert launched_by(tags, finder, "tune") is None
    assert launched_by({}, finder, None) is None


@pytest.mark.parametrize(
    "other",
    [
        {"namespace": "https://airflow.dev.example.com"},
        {"dag_id": "churn_weekly"},
        {"map_index": 2},
        {"map_index": -1},
    ],
)
def test_what_another_launched_is_nobodys(other: Document) -> None:
    """Of another deployment, DAG or map index, whatever else the tags say."""
    assert launched_by(identity_tags(identity(**other)), identity(task_id="find"), None) is None


def test_tags_that_hold_less_than_the_run_id_are_not_believed() -> None:
    """``a~b`` is ``a_b`` in a tag, which is another run's id."""
    tags = identity_tags(identity(run_id="a~b"))
    assert launched_by(tags, identity(task_id="find"), None) is None


@pytest.mark.parametrize(
    ("run_id", "own", "reason"),
    [
        ("scheduled__2026-01-05T00:00:00+00:00", "scheduled__2026-01-12T00:00:00+00:00", ""),
        ("scheduled__2026-01-19T00:00:00+00:00", "backfill__2026-01-12T00:00:00+00:00", "later"),
        (
            "asset_triggered__2026-01-19T00:00:00.1+00:00_Ab_4",
            "manual__2026-01-12T00:00:00+00:00_x",
            "later",
        ),
        ("my-run", "scheduled__2026-01-12T00:00:00+00:00", ""),
        ("scheduled__2026-01-19T00:00:00", "scheduled__2026-01-12T00:00:00+00:00", ""),
        ("manual__2026-01-12T00:00:00+00:00", "scheduled__2026-01-12T00:00:00+00:00", ""),
        ("my-run", "my-run", "it is of this DAG run"),
    ],
)
def test_a_run_learns_from_what_was_before(run_id: str, own: str, reason: str) -> None:
    """By the moments that Airflow's run ids say, where both do."""
    found = why_not_before(run_id, own)
    assert (found is None) is (not reason)
    assert reason in (found or "")


@given(
    st.text("aB-_.1 ", max_size=30),
    st.text("aB-_.1", min_size=1, max_size=30),
    st.integers(0, 999),
    st.integers(1, 99),
)
def test_the_slug_is_part_of_each_name(dag: str, task: str, epoch: int, generation: int) -> None:
    """Of the DAG's tuning jobs, and of the task's, however often they were launched again."""
    who = identity(dag_id=dag, task_id=task)
    name = who.tuning_job_name(epoch=epoch, generation=generation)
    assert name.startswith(name_slug(dag, task))
    assert name.startswith(name_slug(dag, ""))
