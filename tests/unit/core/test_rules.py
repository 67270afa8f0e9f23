"""A request is refused before it costs anything, with every mistake in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.rules import check, validate

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]
_NAMED = {"HyperParameterTuningJobName": "job"}


def _violations(document: Document) -> list[str]:
    try:
        validate(_NAMED | document)
    except InvalidTuningRequest as error:
        return [str(violation) for violation in error.violations]
    return []


def test_the_documented_example_is_valid(request_document: Document) -> None:
    """Nothing is said against the request of AWS's own guide."""
    assert _violations(request_document) == []


def _config(document: Document) -> Any:
    return document["HyperParameterTuningJobConfig"]


def _definition(document: Document) -> Any:
    return document["TrainingJobDefinition"]


def _eta(document: Document) -> Any:
    return _config(document)["ParameterRanges"]["ContinuousParameterRanges"][0]


def _depth(document: Document) -> Any:
    return _config(document)["ParameterRanges"]["IntegerParameterRanges"][0]


_MISTAKES: list[tuple[Callable[[Document], Any], str]] = [
    (
        lambda d: _config(d).update(strategy="Random"),
        "HyperParameterTuningJobConfig.strategy: unknown field: did you mean Strategy?",
    ),
    (
        lambda d: _definition(d).update(rolearn="x"),
        "TrainingJobDefinition.rolearn: unknown field: did you mean RoleArn?",
    ),
    (lambda d: _definition(d).pop("RoleArn"), "TrainingJobDefinition.RoleArn: missing: required"),
    (
        lambda d: d.update(
            TrainingJobDefinitions=[
                _definition(d)
                | {"DefinitionName": "a", "HyperParameterRanges": {}}
                | {"TuningObjective": {"MetricName": "validation:auc", "Type": "Maximize"}}
            ]
        ),
        "TrainingJobDefinition: given together with TrainingJobDefinitions: give either",
    ),
    (lambda d: d.pop("TrainingJobDefinition"), "TrainingJobDefinition: missing: give either"),
    (
        lambda d: d.update(TrainingJobDefinitions=[d.pop("TrainingJobDefinition")]),
        "TrainingJobDefinitions[0].DefinitionName: missing: required in each",
    ),
    (
        lambda d: (
            d.update(TrainingJobDefinitions=[d.pop("TrainingJobDefinition")]),
            _config(d).pop("HyperParameterTuningJobObjective"),
        ),
        "TrainingJobDefinitions[0].TuningObjective: missing: required in each",
    ),
    (
        lambda d: _definition(d).pop("ResourceConfig"),
        "TrainingJobDefinition.ResourceConfig: missing: give either ResourceConfig or",
    ),
    (
        lambda d: _eta(d).update(MinValue="2"),
        "ContinuousParameterRanges[eta]: MinValue 2 is above MaxValue 1",
    ),
    (
        lambda d: _depth(d).update(MaxValue="9.5"),
        "IntegerParameterRanges[max_depth].MaxValue: '9.5': must be a whole number",
    ),
    (
        lambda d: _eta(d).update(ScalingType="Logarithmic"),
        "ContinuousParameterRanges[eta]: Logarithmic from MinValue 0: values above 0",
    ),
    (
        lambda d: _eta(d).update(ScalingType="ReverseLogarithmic"),
        "ContinuousParameterRanges[eta]: ReverseLogarithmic from 0 to 1: within 0 <= x < 1",
    ),
    (
        lambda d: _depth(d).update(ScalingType="ReverseLogarithmic"),
        "IntegerParameterRanges[max_depth]: ReverseLogarithmic: for continuous ranges only",
    ),
    (
        lambda d: _config(d).update(
            TuningJobCompletionCriteria={"TargetObjectiveMetricValue": float("nan")}
        ),
        "TuningJobCompletionCriteria.TargetObjectiveMetricValue: nan: must be a finite number",
    ),
    (
        lambda d: _config(d)["HyperParameterTuningJobObjective"].update(
            MetricName="validation:acc"
        ),
        "HyperParameterTuningJobObjective.MetricName: XGBoost does not emit 'validation:acc'",
    ),
    (
        lambda d: _config(d)["ResourceLimits"].update(MaxParallelTrainingJobs=0),
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs: 0: at least 1",
    ),
    (
        lambda d: _config(d).update(Strategy="BAYESIAN"),
        "HyperParameterTuningJobConfig.Strategy: 'BAYESIAN': did you mean Bayesian?",
    ),
    (
        lambda d: _definition(d).update(RoleArn="SageMakerTuning"),
        "TrainingJobDefinition.RoleArn: 15 characters: at least 20",
    ),
    (
        lambda d: _config(d).update(RandomSeed="many"),
        "HyperParameterTuningJobConfig.RandomSeed: 'many' (str): must be a whole number",
    ),
    (
        lambda d: _definition(d).update(InputDataConfig="s3://bucket"),
        "TrainingJobDefinition.InputDataConfig: 's3://bucket' (str): must be a list",
    ),
]


@pytest.mark.parametrize(("spoil", "said"), _MISTAKES, ids=[said[:60] for _, said in _MISTAKES])
def test_a_mistake_is_named_with_path_value_and_rule(
    request_document: Document, spoil: Callable[[Document], Any], said: str
) -> None:
    """Each mistake has a violation of its own that says where, what, and what would be right."""
    spoil(request_document)
    assert any(said in violation for violation in _violations(request_document))


def test_all_mistakes_are_named_at_once(request_document: Document) -> None:
    """Three mistakes in different parts give three violations, not the first of them."""
    _definition(request_document).pop("RoleArn")
    _eta(request_document).update(MinValue="2")
    _config(request_document).update(Strategy="grid")
    assert len(_violations(request_document)) == 3


def test_a_custom_image_needs_a_metric_definition(request_document: Document) -> None:
    """The objective of an image that AWS knows nothing of is one of the metric definitions."""
    specification = _definition(request_document)["AlgorithmSpecification"]
    specification["TrainingImage"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"
    said = "'validation:auc' has no metric definition"
    assert any(said in violation for violation in _violations(request_document))
    specification["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*)"}]
    assert any(said in violation for violation in _violations(request_document))
    specification["MetricDefinitions"][0]["Name"] = "validation:auc"
    assert _violations(request_document) == []


def test_templates_get_the_types_that_aws_wants(request_document: Document) -> None:
    """Rendered strings become numbers where the model wants numbers, and the other way round."""
    limits = _config(request_document)["ResourceLimits"]
    limits["MaxNumberOfTrainingJobs"] = "20"
    _definition(request_document)["StaticHyperParameters"]["num_round"] = 100
    _definition(request_document)["EnableManagedSpotTraining"] = "true"
    _definition(request_document)["StoppingCondition"]["MaxWaitTimeInSeconds"] = "43200"
    _config(request_document)["TrainingJobEarlyStoppingType"] = False  # Off, as YAML reads it
    _eta(request_document)["MinValue"] = np.float64(0.1)
    limits["MaxParallelTrainingJobs"] = np.int64(3)
    shape = shapes.input_shape("CreateHyperParameterTuningJob")
    typed = shapes.to_model_types(request_document, shape)
    assert _config(typed)["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 20
    assert _definition(typed)["StaticHyperParameters"]["num_round"] == "100"
    assert _definition(typed)["EnableManagedSpotTraining"] is True
    assert _config(typed)["TrainingJobEarlyStoppingType"] == "Off"
    assert _eta(typed)["MinValue"] == "0.1"
    assert type(_config(typed)["ResourceLimits"]["MaxParallelTrainingJobs"]) is int
    assert _violations(typed) == []


def test_what_aws_has_since_is_not_refused(request_document: Document) -> None:
    """A field, an instance type, a strategy that botocore does not know yet: each is a warning."""
    _definition(request_document)["ResourceConfig"]["InstanceType"] = "ml.p99.48xlarge"
    _definition(request_document)["ResourceConfig"]["Cooling"] = "Liquid"
    _config(request_document)["Strategy"] = "Clairvoyant"
    assert _violations(request_document) == []
    warned = [warning.path.rpartition(".")[2] for warning in check(request_document).warnings]
    assert {"InstanceType", "Cooling", "Strategy"} <= set(warned)


def test_every_finding_links_its_page(request_document: Document) -> None:
    """What is right can be read on the page that the message ends with."""
    document = {"HyperParameterTuningJobConfig": {"Strategy": 1, "Tags": []}} | request_document
    document["TrainingJobDefinition"] = {"RoleArn": "x", "InputDataConfig": []}
    _eta(document).update(MinValue="x", ScalingType="logarithmic")
    findings = check(document)
    assert len(findings.violations) > 5
    assert all("(https://" in str(each) for each in (*findings.violations, *findings.warnings))
