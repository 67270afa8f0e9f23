"""Every strategy to its end, and what else a tuning job's config can say about the search."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, DEFINITION, LIMITS, STATIC, changed

RANGES = (CONFIG, "ParameterRanges")
GRID = {
    "CategoricalParameterRanges": [
        {"Name": "max_depth", "Values": ["2", "3"]},
        {"Name": "tree_method", "Values": ["hist", "exact"]},
    ]
}


def several(request: Document, *definitions: Document) -> Document:
    """The request over definitions of its own, each with its ranges."""
    config = dict(request[CONFIG])
    objective = config.pop("HyperParameterTuningJobObjective")
    ranges = config.pop("ParameterRanges")
    documents = [
        {
            **request[DEFINITION],
            "DefinitionName": f"definition-{number}",
            "TuningObjective": objective,
            "HyperParameterRanges": ranges,
            **definition,
        }
        for number, definition in enumerate(definitions)
    ]
    return {
        "HyperParameterTuningJobName": request["HyperParameterTuningJobName"],
        CONFIG: config,
        "TrainingJobDefinitions": documents,
    }


def with_values(request: Document, *pairs: tuple[tuple[str | int, ...], Any]) -> Document:
    for path, value in pairs:
        request = changed(request, *path, value=value)
    return request


def tuned(aws: Aws, job: Document) -> list[Document]:
    jobs = aws.training_jobs(job["HyperParameterTuningJobName"])
    return [each["TunedHyperParameters"] for each in jobs]


def refusal(aws: Aws, request: Document) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        aws.create(request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_grid_without_a_number_runs_every_combination(
    aws: Aws, request_document: Document
) -> None:
    """It may be left out, and the tuning job ends when the grid does."""
    request = with_values(
        request_document,
        ((CONFIG, "Strategy"), "Grid"),
        (RANGES, GRID),
        (LIMITS, {"MaxParallelTrainingJobs": 3}),
    )
    job = aws.run(request)
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    expected = [
        {"max_depth": depth, "tree_method": method}
        for depth, method in itertools.product(("2", "3"), ("hist", "exact"))
    ]
    assert tuned(aws, job) == expected


def test_grids_of_different_sizes_are_both_used_up(aws: Aws, request_document: Document) -> None:
    """Definitions take turns until one has no combination left."""
    depths = {"CategoricalParameterRanges": [{"Name": "max_depth", "Values": ["1", "2", "3"]}]}
    etas = {"CategoricalParameterRanges": [{"Name": "eta", "Values": ["0.5"]}]}
    request = several(
        request_document, {"HyperParameterRanges": depths}, {"HyperParameterRanges": etas}
    )
    request = changed(request, CONFIG, "Strategy", value="Grid")
    job = aws.run(changed(request, *LIMITS, value={"MaxParallelTrainingJobs": 2}))
    assert tuned(aws, job) == [
        {"max_depth": "1"},
        {"eta": "0.5"},
        {"max_depth": "2"},
        {"max_depth": "3"},
    ]


def test_hyperband_runs_to_its_end(aws: Aws, request_document: Document) -> None:
    """Every training job it launches has an objective, stopped on its way or not."""
    request = with_values(
        request_document,
        ((CONFIG, "Strategy"), "Hyperband"),
        ((CONFIG, "StrategyConfig"), {"HyperbandStrategyConfig": {"MaxResource": 10}}),
        ((*LIMITS, "MaxNumberOfTrainingJobs"), 6),
    )
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}


def test_a_range_is_chosen_around_a_hint(aws: Aws, request_document: Document) -> None:
    """Built-in XGBoost's recommended range; Describe shows what was asked for."""
    auto = [{"Name": "eta", "ValueHint": "0.3"}, {"Name": "max_depth", "ValueHint": "12"}]
    job = aws.run(changed(request_document, *RANGES, value={"AutoParameters": auto}))
    assert job[CONFIG]["ParameterRanges"]["AutoParameters"] == auto
    for values in tuned(aws, job):
        assert 0.1 <= float(values["eta"]) <= 0.5
        assert 0 <= int(values["max_depth"]) <= 12


def test_autotune_chooses_what_the_request_leaves_out(aws: Aws, request_document: Document) -> None:
    """Ranges of what has no static value, and the end by convergence; Describe shows them."""
    request = changed(request_document, *RANGES)
    job = aws.run({**request, "Autotune": {"Mode": "Enabled"}})
    assert job["Autotune"] == {"Mode": "Enabled"}
    chosen = job[CONFIG]["ParameterRanges"]
    integers = {each["Name"] for each in chosen["IntegerParameterRanges"]}
    assert integers == {"max_depth", "max_delta_step"}  # num_round is static
    assert job[CONFIG]["TuningJobCompletionCriteria"] == {
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}
    }
    assert len(tuned(aws, job)) == 4


def test_training_jobs_run_as_on_the_first_of_the_instances(
    aws: Aws, request_document: Document
) -> None:
    """InstanceConfigs in the order of priority; spot settings are kept."""
    instances = [
        {"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 10}
        for kind in ("ml.m5.xlarge", "ml.m5.2xlarge")
    ]
    resources = {"InstanceConfigs": instances, "AllocationStrategy": "Prioritized"}
    stopping = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    request = with_values(
        changed(request_document, DEFINITION, "ResourceConfig"),
        ((DEFINITION, "HyperParameterTuningResourceConfig"), resources),
        ((DEFINITION, "EnableManagedSpotTraining"), True),
        ((DEFINITION, "StoppingCondition"), stopping),
    )
    job = aws.run(request)
    assert job[DEFINITION]["HyperParameterTuningResourceConfig"] == resources
    best = aws.sagemaker.describe_training_job(
        TrainingJobName=job["BestTrainingJob"]["TrainingJobName"]
    )
    assert best["ResourceConfig"] == instances[0]
    assert best["EnableManagedSpotTraining"] is True
    assert best["StoppingCondition"] == stopping


HYPERBAND = ((CONFIG, "Strategy"), "Hyperband")


def resources(**limits: int) -> tuple[tuple[str | int, ...], Any]:
    return (CONFIG, "StrategyConfig"), {"HyperbandStrategyConfig": limits}


REFUSED: dict[str, tuple[list[tuple[tuple[str | int, ...], Any]], str]] = {
    "no MaxResource": (
        [HYPERBAND],
        (
            "MaxResource parameter is not provided and could not be inferred from provided static"
            " hyperparameters of TrainingJobDefinition."
        ),
    ),
    "MinResource above MaxResource": (
        [HYPERBAND, resources(MinResource=5, MaxResource=4)],
        "MinResource 5 is above MaxResource 4",
    ),
    "a MaxResource that is too large": (
        [HYPERBAND, resources(MaxResource=20_001)],
        "MaxResource is 20001. It can be 20000 at most",
    ),
    "Hyperband with early stopping": (
        [HYPERBAND, resources(MaxResource=9), ((CONFIG, "TrainingJobEarlyStoppingType"), "Auto")],
        "TrainingJobEarlyStoppingType must be Off with strategy Hyperband",
    ),
    "Hyperband's resources with another strategy": (
        [resources(MaxResource=9)],
        "is for strategy Hyperband only. The Strategy is Bayesian",
    ),
    "a hint for what cannot be tuned": (
        [(RANGES, {"AutoParameters": [{"Name": "objective", "ValueHint": "1"}]})],
        "AutoParameters.1.Name objective is not a tunable hyperparameter of built-in XGBoost",
    ),
    "a hint that is no number": (
        [(RANGES, {"AutoParameters": [{"Name": "eta", "ValueHint": "low"}]})],
        "AutoParameters.1.ValueHint 'low' of eta is not a number",
    ),
    "a hint beside a range": (
        [((*RANGES, "AutoParameters"), [{"Name": "eta", "ValueHint": "0.3"}])],
        "The hyperparameter eta is in the parameter ranges more than once",
    ),
    "tuning resources without an instance": (
        [
            ((DEFINITION, "ResourceConfig"), None),
            ((DEFINITION, "HyperParameterTuningResourceConfig"), {"VolumeSizeInGB": 1}),
        ],
        "HyperParameterTuningResourceConfig needs InstanceConfigs, or InstanceType and",
    ),
}


def test_objectives_of_opposite_directions_are_refused(
    aws: Aws, request_document: Document
) -> None:
    """No training job of the one is better than one of the other."""
    error = {"TuningObjective": {"MetricName": "validation:error", "Type": "Minimize"}}
    code, told = refusal(aws, several(request_document, {}, error))
    assert code == "ValidationException"
    assert "TrainingJobDefinitions.2.TuningObjective.Type is Minimize" in told


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_together_is_refused(
    aws: Aws,
    request_document: Document,
    changes: list[tuple[tuple[str | int, ...], Any]],
    message: str,
) -> None:
    """ValidationException that names the field and the rule."""
    request = request_document
    for path, value in changes:
        request = changed(request, *path) if value is None else changed(request, *path, value=value)
    code, told = refusal(aws, request)
    assert code == "ValidationException"
    assert message in told


@pytest.mark.parametrize("name", ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"])
def test_max_resource_is_inferred_from_epochs(
    aws: Aws, request_document: Document, name: str
) -> None:
    """Of the documented keys; XGBoost has none of them, so that its training jobs fail later."""
    request = changed(request_document, CONFIG, "Strategy", value="Hyperband")
    request = changed(request, *STATIC, name, value="9")
    created = aws.create(request)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=created)


@pytest.mark.parametrize(
    ("strategy", "number", "parallel"),
    [("Bayesian", 751, 1), ("Random", 10_001, 1), ("Random", 10, 101)],
)
def test_the_quotas_as_raised_are_in_force(
    aws: Aws, request_document: Document, strategy: str, number: int, parallel: int
) -> None:
    """750 training jobs, 10,000 of Random, 100 in parallel."""
    limits = {"MaxNumberOfTrainingJobs": number, "MaxParallelTrainingJobs": parallel}
    request = with_values(request_document, ((CONFIG, "Strategy"), strategy), (LIMITS, limits))
    code, told = refusal(aws, request)
    assert code == "ResourceLimitExceeded"
    assert str(parallel if parallel > 1 else number) in told


def test_early_stopping_is_for_a_single_algorithm(aws: Aws, request_document: Document) -> None:
    """As documented for tuning several."""
    request = several(request_document, {}, {})
    request = changed(request, CONFIG, "TrainingJobEarlyStoppingType", value="Auto")
    code, told = refusal(aws, request)
    assert code == "ValidationException"
    assert "Early stopping is available only when a single algorithm is tuned" in told
