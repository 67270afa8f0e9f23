"""Strategies, warm start, resources, and the limits across fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]
_CHOICES = [
    {"Name": "tree_method", "Values": ["hist", "exact"]},
    {"Name": "max_depth", "Values": ["3", "4", "5"]},
]


def _violations(document: Document) -> list[str]:
    found = check({"HyperParameterTuningJobName": "job"} | document)
    return [str(violation) for violation in found.violations]


def _config(document: Document) -> Any:
    return document["HyperParameterTuningJobConfig"]


def _definition(document: Document) -> Any:
    return document["TrainingJobDefinition"]


def _grid(document: Document, number: int | None) -> Document:
    _config(document).update(
        Strategy="Grid", ParameterRanges={"CategoricalParameterRanges": _CHOICES}
    )
    _config(document)["ResourceLimits"] = {"MaxParallelTrainingJobs": 1}
    if number is not None:
        _config(document)["ResourceLimits"]["MaxNumberOfTrainingJobs"] = number
    return document


def _several(document: Document, names: str) -> Document:
    definition = document.pop("TrainingJobDefinition")
    definition["TuningObjective"] = _config(document).pop("HyperParameterTuningJobObjective")
    definition["HyperParameterRanges"] = _config(document).pop("ParameterRanges")
    document["TrainingJobDefinitions"] = [definition | {"DefinitionName": name} for name in names]
    return document


def _warm(document: Document, *parents: str) -> Document:
    document["WarmStartConfig"] = {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": parent} for parent in parents
        ],
    }
    return document


def _spot(document: Document, **seconds: int) -> Document:
    _definition(document)["EnableManagedSpotTraining"] = True
    _definition(document)["StoppingCondition"] = seconds
    return document


def _hyperband(document: Document, **settings: int) -> Document:
    _config(document)["Strategy"] = "Hyperband"
    _config(document)["StrategyConfig"] = {"HyperbandStrategyConfig": settings}
    return document


_ACCEPTED: list[Callable[[Document], Any]] = [
    lambda d: _grid(d, 6),
    lambda d: _grid(d, None),
    lambda d: _hyperband(d, MinResource=1, MaxResource=10),
    lambda d: _several(d, "ab"),
    lambda d: _warm(d, "parent"),
    lambda d: _spot(d, MaxRuntimeInSeconds=60, MaxWaitTimeInSeconds=60),
    lambda d: (_config(d).pop("ParameterRanges"), d.update(Autotune={"Mode": "Enabled"})),
    lambda d: (_hyperband(d, MinResource=1), d.update(Autotune={"Mode": "Enabled"})),
    lambda d: (
        _several(d, "a"),
        d["TrainingJobDefinitions"][0].pop("HyperParameterRanges"),
        d.update(Autotune={"Mode": "Enabled"}),
    ),
    lambda d: (
        _grid(d, 9),
        _config(d).update(Strategy="Random"),
        d.update(Autotune={"Mode": "Enabled"}),
    ),
    lambda d: (_grid(d, 9), _config(d).update(Strategy="{{ params.strategy }}")),
    lambda d: _config(d)["ParameterRanges"]["IntegerParameterRanges"][0].update(MaxValue="1"),
    lambda d: _config(d)["ParameterRanges"]["IntegerParameterRanges"][0].update(MaxValue="5.0"),
]


@pytest.mark.parametrize("change", _ACCEPTED)
def test_what_is_documented_is_accepted(
    request_document: Document, change: Callable[[Document], Any]
) -> None:
    """No violation for a request that AWS's pages allow."""
    change(request_document)
    assert _violations(request_document) == []


_REFUSED: list[tuple[Callable[[Document], Any], str]] = [
    (lambda d: _config(d).update(Strategy="Grid"), "[eta]: one of ContinuousParameterRanges, with"),
    (
        lambda d: (_grid(d, 9), _config(d).update(Strategy="Random")),
        "MaxNumberOfTrainingJobs: 9 is more than the 6 combinations of the ranges' values",
    ),
    (
        lambda d: (
            _hyperband(d, MaxResource=9),
            _config(d).update(TrainingJobEarlyStoppingType="Auto"),
        ),
        "TrainingJobEarlyStoppingType: 'Auto' with Strategy Hyperband: Off",
    ),
    (
        lambda d: _hyperband(d, MinResource=1),
        "MaxResource: missing, and TrainingJobDefinition.StaticHyperParameters has no number of",
    ),
    (lambda d: _hyperband(d, MaxResource=20001), "MaxResource: 20001: at most 20000"),
    (lambda d: _several(d, "aa"), "TrainingJobDefinitions: 2 definitions are named 'a'"),
    (
        lambda d: (_several(d, "ab"), _warm(d, "parent")),
        "WarmStartConfig: given with several TrainingJobDefinitions",
    ),
    (
        lambda d: (_several(d, "ab"), _config(d).update(TrainingJobEarlyStoppingType="Auto")),
        "TrainingJobEarlyStoppingType: 'Auto' with several TrainingJobDefinitions",
    ),
    (lambda d: _warm(d, *"abcdef"), "ParentHyperParameterTuningJobs: 6 items: at most 5"),
    (lambda d: _warm(d, "JOB"), "ParentHyperParameterTuningJobs[0]: 'JOB' is this tuning job"),
    (
        lambda d: _config(d).pop("HyperParameterTuningJobObjective"),
        "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective: missing",
    ),
    (
        lambda d: _definition(d)["AlgorithmSpecification"].update(AlgorithmName="mine"),
        "AlgorithmSpecification.TrainingImage: given together with AlgorithmName",
    ),
    (
        lambda d: _definition(d)["AlgorithmSpecification"].pop("TrainingImage"),
        "AlgorithmSpecification.TrainingImage: missing: give either",
    ),
    (
        lambda d: _spot(d, MaxRuntimeInSeconds=60),
        "MaxWaitTimeInSeconds: missing: required with EnableManagedSpotTraining",
    ),
    (
        lambda d: _spot(d, MaxRuntimeInSeconds=60, MaxWaitTimeInSeconds=59),
        "MaxWaitTimeInSeconds: 59 is less than MaxRuntimeInSeconds 60",
    ),
    (
        lambda d: _definition(d)["StoppingCondition"].update(MaxWaitTimeInSeconds=86400),
        "MaxWaitTimeInSeconds: 86400 without EnableManagedSpotTraining: only supported when",
    ),
    (
        lambda d: _definition(d)["StoppingCondition"].update(MaxRuntimeInSeconds=2419201),
        "MaxRuntimeInSeconds: 2419201: at most 2419200, which is 28 days",
    ),
    (
        lambda d: _definition(d).update(
            HyperParameterTuningResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceConfigs": [
                    {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
                ],
            }
        ),
        "InstanceType: 'ml.m5.large', given together with InstanceConfigs",
    ),
    (
        lambda d: (
            _spot(d, MaxRuntimeInSeconds=60, MaxWaitTimeInSeconds=60),
            _definition(d).update(ResourceConfig={"InstancePreferences": [{}]}),
        ),
        "EnableManagedSpotTraining: True, given together with ResourceConfig.InstancePreferences",
    ),
    (
        lambda d: _definition(d)["InputDataConfig"][0].update(
            DataSource={
                "FileSystemDataSource": {
                    "FileSystemId": "fs-0123456789abcdef0",
                    "FileSystemAccessMode": "ro",
                    "FileSystemType": "EFS",
                    "DirectoryPath": "/train",
                }
            }
        ),
        "TrainingJobDefinition.VpcConfig: missing, with a file system in InputDataConfig[0]",
    ),
    (
        lambda d: (
            _definition(d).update(Environment={f"V{n}": "" for n in range(25)}),
            _several(d, "ab"),
        ),
        "TrainingJobDefinitions: 50 environment variables in all definitions: at most 48",
    ),
    (
        lambda d: _definition(d).update(
            ResourceConfig=None, HyperParameterTuningResourceConfig={"InstanceCount": 1}
        ),
        "HyperParameterTuningResourceConfig.InstanceType: missing: give it with InstanceCount",
    ),
    (
        lambda d: d.update(Tags=[{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]),
        "Tags: 2 tags have the key 'team': one tag a key",
    ),
    (
        lambda d: _config(d)["ParameterRanges"].update(
            ContinuousParameterRanges=[
                {"Name": f"c{n}", "MinValue": "0", "MaxValue": "1"} for n in range(30)
            ]
        ),
        "HyperParameterTuningJobConfig.ParameterRanges: 31 ranges: at most 30 of all kinds",
    ),
    (
        lambda d: _definition(d)["StaticHyperParameters"].update({f"s{n}": "1" for n in range(97)}),
        "StaticHyperParameters: 104 hyperparameters, tuned ones and _tuning_objective_metric",
    ),
    (
        lambda d: _config(d)["ParameterRanges"]["ContinuousParameterRanges"][0].update(
            MaxValue="nan"
        ),
        "ContinuousParameterRanges[eta].MaxValue: 'nan': must be a finite number",
    ),
]


@pytest.mark.parametrize(("change", "said"), _REFUSED, ids=[said[:60] for _, said in _REFUSED])
def test_what_is_against_a_rule_is_refused(
    request_document: Document, change: Callable[[Document], Any], said: str
) -> None:
    """One violation at least says which field, with the value, and what would be right."""
    change(request_document)
    violations = _violations(request_document)
    assert any(said in violation for violation in violations), violations


def _inherit(document: Document) -> None:
    document["TrainingJobDefinitions"] = [
        document.pop("TrainingJobDefinition") | {"DefinitionName": "a"}
    ]


_DOUBTFUL: list[tuple[Callable[[Document], Any], str]] = [
    (
        lambda d: _grid(d, 5),
        "MaxNumberOfTrainingJobs: 5, with Strategy Grid over 6 combinations: 6, or leave it out",
    ),
    (
        lambda d: (_hyperband(d, MaxResource=9), _config(d).update(Strategy="Random")),
        "StrategyConfig: given with Strategy Random: only if Hyperband is selected",
    ),
    (lambda d: _hyperband(d, MinResource=9, MaxResource=3), "MinResource: 9: MinResource must not"),
    (lambda d: (_grid(d, 6), _warm(d, "parent")), "Strategy: Grid with WarmStartConfig"),
    (
        lambda d: _definition(d)["InputDataConfig"][0].update(ChannelName="validation"),
        "TrainingJobDefinition.InputDataConfig: 2 channels are named 'validation'",
    ),
    (
        lambda d: _config(d)["ParameterRanges"]["IntegerParameterRanges"][0].update(Name="eta"),
        "ParameterRanges: eta has 2 ranges",
    ),
    (
        lambda d: _definition(d)["StaticHyperParameters"].update(eta="0.1"),
        "TrainingJobDefinition.StaticHyperParameters.eta: '0.1', and it is tuned as well",
    ),
    (_inherit, "TrainingJobDefinitions[0].TuningObjective: missing: required in each"),
    (_inherit, "TrainingJobDefinitions[0].HyperParameterRanges: missing: required in each"),
]


@pytest.mark.parametrize(("change", "said"), _DOUBTFUL, ids=[said[:60] for _, said in _DOUBTFUL])
def test_what_no_page_says_is_refused_is_a_warning(
    request_document: Document, change: Callable[[Document], Any], said: str
) -> None:
    """AWS answers a Create that it refuses at once, so to guess wrong is worse than not to."""
    change(request_document)
    found = check({"HyperParameterTuningJobName": "job"} | request_document)
    assert found.violations == ()
    assert any(said in str(warning) for warning in found.warnings), found.warnings


@pytest.mark.parametrize("ranges", [{}, {"AutoParameters": [{"Name": "num_round"}]}])
def test_autotune_may_choose_what_an_algorithm_requires(
    request_document: Document, ranges: Document
) -> None:
    """XGBoost has no training job without num_round, and Autotune chooses ranges."""
    del _definition(request_document)["StaticHyperParameters"]["num_round"]
    _config(request_document)["ParameterRanges"] = ranges
    assert any("num_round: missing" in violation for violation in _violations(request_document))
    request_document["Autotune"] = {"Mode": "Enabled"}
    assert not any("num_round: missing" in each for each in _violations(request_document))
