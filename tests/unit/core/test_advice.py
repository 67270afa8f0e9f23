"""AWS's advice: warnings, never a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning.core.rules import check, validate

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]


def _config(document: Document) -> Any:
    return document["HyperParameterTuningJobConfig"]


def _eta(document: Document) -> Any:
    return _config(document)["ParameterRanges"]["ContinuousParameterRanges"][0]


def _limits(document: Document, number: int, parallel: int) -> None:
    _config(document)["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": number,
        "MaxParallelTrainingJobs": parallel,
    }


_UNWISE: list[tuple[Callable[[Document], Any], str]] = [
    (
        lambda d: _eta(d).update(MinValue="0.001", MaxValue="0.5"),
        "[eta]: Linear from 0.001 to 0.5: Logarithmic where the range spans several orders",
    ),
    (
        lambda d: _eta(d).update(MinValue="0.9", MaxValue="0.999"),
        "[eta]: Linear from 0.9 to 0.999: ReverseLogarithmic where small changes close to 1",
    ),
    (
        lambda d: _eta(d).update(MinValue="0.05"),
        "[eta]: from 0.05 to 1, beyond AWS's recommended range: from 0.1 to 0.5",
    ),
    (
        lambda d: _config(d)["ParameterRanges"]["ContinuousParameterRanges"].append(
            {"Name": "num_round", "MinValue": "5", "MaxValue": "50"}
        ),
        "[num_round]: continuous, of whole numbers: IntegerParameterRanges",
    ),
    (
        lambda d: _limits(d, 20, 11),
        "MaxParallelTrainingJobs: 11 of 20 training jobs at once, with Strategy Bayesian",
    ),
    (lambda d: _limits(d, 20, 11), "MaxParallelTrainingJobs: 11: the default quota is 10"),
    (lambda d: _limits(d, 5, 6), "MaxParallelTrainingJobs: 6 of 5 training jobs: at most"),
    (lambda d: _limits(d, 751, 1), "MaxNumberOfTrainingJobs: 751: the default quota is 750"),
    (
        lambda d: _config(d).pop("ParameterRanges"),
        "HyperParameterTuningJobConfig.ParameterRanges: no ranges",
    ),
    (
        lambda d: d["TrainingJobDefinition"].update(
            EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1},
        ),
        "CheckpointConfig: missing, with EnableManagedSpotTraining",
    ),
]


@pytest.mark.parametrize(("change", "said"), _UNWISE, ids=[said[:60] for _, said in _UNWISE])
def test_advice_says_what_aws_recommends(
    request_document: Document, change: Callable[[Document], Any], said: str
) -> None:
    """Where it stands, what stands there, and the page that advises otherwise."""
    change(request_document)
    warnings = [str(warning) for warning in check(request_document).warnings]
    assert any(said in warning for warning in warnings), warnings


def test_many_hyperparameters_take_long(request_document: Document) -> None:
    """More than ten are searched slowly, each definition's own ones counted."""
    names = ["lambda", "gamma", "max_delta_step", "subsample", "colsample_bytree"]
    names += ["colsample_bylevel", "colsample_bynode", "min_child_weight"]
    _config(request_document)["ParameterRanges"]["ContinuousParameterRanges"] += [
        {"Name": name, "MinValue": "0.5", "MaxValue": "1"} for name in names
    ]
    warnings = [str(warning) for warning in check(request_document).warnings]
    assert any("11 hyperparameters to search over" in warning for warning in warnings)


def test_advice_alone_refuses_nothing(request_document: Document) -> None:
    """What is valid and unwise is given back for the log."""
    _limits(request_document, 20, 19)
    _eta(request_document).update(MinValue="0.001", MaxValue="1")
    warnings = validate({"HyperParameterTuningJobName": "job"} | request_document)
    assert len(warnings) >= 3


def test_objectives_of_opposite_directions_have_no_best(request_document: Document) -> None:
    """Of several definitions, each with an objective of its own."""
    definition = request_document.pop("TrainingJobDefinition")
    definition["HyperParameterRanges"] = _config(request_document).pop("ParameterRanges")
    metrics = {"Maximize": "validation:auc", "Minimize": "validation:logloss"}
    request_document["TrainingJobDefinitions"] = [
        definition
        | {"DefinitionName": kind, "TuningObjective": {"MetricName": metric, "Type": kind}}
        for kind, metric in metrics.items()
    ]
    findings = check({"HyperParameterTuningJobName": "job"} | request_document)
    assert findings.violations == ()
    said = "TrainingJobDefinitions[1].TuningObjective.Type: Minimize, and Maximize at"
    assert any(said in str(warning) for warning in findings.warnings)
