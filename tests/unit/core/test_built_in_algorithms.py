"""What is known of SageMaker's built-in algorithms, and what a request is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagemaker_tuning.core import algorithms
from sagemaker_tuning.core.rules import check

Document = dict[str, Any]
_AWS = "382416733822.dkr.ecr.us-east-1.amazonaws.com"
_OWN = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
_FILES = [
    path
    for path in sorted((Path(algorithms.__file__).parent / "data").glob("*.json"))
    if path.stem != "index"
]


@pytest.mark.parametrize("path", _FILES, ids=[path.stem for path in _FILES])
def test_each_file_is_whole(path: Path) -> None:
    """Sources, directions, kinds and bounds are what the rules take them for."""
    data = json.loads(path.read_text())
    assert all(source.startswith("https://") for source in data["sources"])
    assert data["metrics"]
    assert set(data["metrics"].values()) <= {"Maximize", "Minimize", None}
    assert set(data["tunable"]) <= set(data["hyperparameters"])
    for name, found in data["tunable"].items():
        assert found["kind"] in {"Integer", "Continuous", "Categorical"}, name
        if found["kind"] == "Categorical":
            assert isinstance(found["values"], list), name
        else:
            assert found["min"] < found["max"], name
        if found["kind"] == "Integer":
            assert found["min"] == int(found["min"]), name


def test_every_file_is_somebodys() -> None:
    """Each file is found by an image or a script, and none is looked for in vain."""
    index = json.loads((_FILES[0].parent / "index.json").read_text())
    named = {*index["repositories"].values(), *index["scripts"].values()} - {None}
    assert named == {path.stem for path in _FILES}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (f"{_AWS}/linear-learner:1", "Linear Learner"),
        (f"{_AWS}/kmeans:1", "K-Means"),
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1", "XGBoost"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "XGBoost"),
        ("450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1", "XGBoost"),
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification@sha256:00", "Image"),
        (f"{_AWS}/pca:1", None),
        (f"{_AWS}/linear-learner-of-mine:1", None),
        ("linear-learner:1", None),
        ("", None),
    ],
)
def test_an_image_says_which_algorithm_it_is(image: str, name: str | None) -> None:
    """Accounts, regions, partitions, tags and digests notwithstanding."""
    found = algorithms.built_in_algorithm(image)
    assert (found.name if found else None) == name or (name and found and name in found.name)


def test_an_image_of_the_same_name_is_the_users_own_where_it_defines_metrics(
    request_document: Document,
) -> None:
    """A repository "xgboost" in another account may tune whatever it likes."""
    specification = request_document["TrainingJobDefinition"]["AlgorithmSpecification"]
    specification["TrainingImage"] = f"{_OWN}/xgboost:mine"
    specification["MetricDefinitions"] = [{"Name": "validation:auc", "Regex": "auc=(.*)"}]
    ranges = request_document["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["IntegerParameterRanges"][0]["Name"] = "of_mine"
    assert _found(request_document) == ([], [])


def _found(document: Document) -> tuple[list[str], list[str]]:
    findings = check({"HyperParameterTuningJobName": "job"} | document)
    warnings = [str(each) for each in findings.warnings if "recommended range" not in each.problem]
    return [str(each) for each in findings.violations], warnings


def _linear_learner(
    document: Document, metric: str, tuned: str = "learning_rate", direction: str = "Minimize"
) -> Document:
    document["HyperParameterTuningJobConfig"] |= {
        "HyperParameterTuningJobObjective": {"MetricName": metric, "Type": direction},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": tuned, "MinValue": "0.01", "MaxValue": "0.1", "ScalingType": "Auto"}
            ]
        },
    }
    definition = document["TrainingJobDefinition"]
    definition["AlgorithmSpecification"]["TrainingImage"] = f"{_AWS}/linear-learner:1"
    definition["StaticHyperParameters"] = {"predictor_type": "regressor"}
    return document


def test_a_request_as_documented_has_nothing_against_it(request_document: Document) -> None:
    """Linear Learner with a metric, a direction and a hyperparameter of its page."""
    assert _found(_linear_learner(request_document, "validation:rmse")) == ([], [])


@pytest.mark.parametrize("metric", ["train:objective_loss", "train:progress", "validation:auc"])
def test_a_metric_beside_those_of_the_page_is_a_warning(
    request_document: Document, metric: str
) -> None:
    """AWS's own definitions have more metrics than its pages list; those are named."""
    violations, warnings = _found(_linear_learner(request_document, metric))
    assert not violations
    said = f"{metric!r} is not on AWS's page of Linear Learner: one of test:absolute_loss"
    assert any(said in each for each in warnings)


def test_the_wrong_direction_is_refused(request_document: Document) -> None:
    """An error that is maximized."""
    document = _linear_learner(request_document, "validation:rmse", direction="Maximize")
    violations, _ = _found(document)
    assert any("Maximize validation:rmse: a metric of Linear Learner to" in v for v in violations)


def test_metric_definitions_of_a_built_in_algorithm_are_its_own(
    request_document: Document,
) -> None:
    """AWS refuses a request that brings some."""
    specification = request_document["TrainingJobDefinition"]["AlgorithmSpecification"]
    specification["MetricDefinitions"] = [{"Name": "validation:auc", "Regex": "auc=(.*)"}]
    violations, _ = _found(request_document)
    assert any("MetricDefinitions: given for XGBoost: leave it out" in v for v in violations)


def test_a_name_that_is_none_of_the_algorithms_cannot_be_tuned(request_document: Document) -> None:
    """A misspelt one is told its neighbour; one that the pages know otherwise is a warning."""
    violations, _ = _found(_linear_learner(request_document, "validation:rmse", "learning_rat"))
    assert any("cannot tune 'learning_rat': did you mean learning_rate?" in v for v in violations)
    violations, warnings = _found(_linear_learner(request_document, "validation:rmse", "momentum"))
    assert not violations
    assert any("'momentum' is not tunable by AWS's page" in warning for warning in warnings)


def _static(document: Document) -> Any:
    return document["TrainingJobDefinition"]["StaticHyperParameters"]


def _use_xgboost(document: Document, version: str) -> None:
    document["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = (
        f"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:{version}"
    )


def test_xgboost_has_no_hyperparameter_beside_its_own(request_document: Document) -> None:
    """Its container ends each training job with "Extraneous hyperparameter found"."""
    _static(request_document)["num_rounds"] = _static(request_document).pop("num_round")
    violations, _ = _found(request_document)
    assert any("no hyperparameter 'num_rounds': did you mean num_round?" in v for v in violations)
    assert any(
        "StaticHyperParameters.num_round: missing: XGBoost requires" in v for v in violations
    )


def test_a_newer_xgboost_may_have_more(request_document: Document) -> None:
    """Of a version that is not known here, an unknown hyperparameter is a warning."""
    _use_xgboost(request_document, "9.9-1")
    _static(request_document)["max_cat_threshold"] = "64"
    violations, warnings = _found(request_document)
    assert not violations
    assert any("'max_cat_threshold' is not on AWS's page" in warning for warning in warnings)


def test_a_script_in_the_xgboost_image_has_its_own(request_document: Document) -> None:
    """Static hyperparameters are the script's; ranges are the algorithm's all the same."""
    static = _static(request_document)
    static |= {"sagemaker_program": "train.py", "of_mine": "1"}
    static.pop("num_round")
    assert _found(request_document)[0] == []
    ranges = request_document["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["IntegerParameterRanges"][0]["Name"] = "of_mine_too"
    violations, _ = _found(request_document)
    assert any("XGBoost cannot tune 'of_mine_too'" in violation for violation in violations)


def test_a_variable_names_a_script_as_well(request_document: Document) -> None:
    """The container's toolkit reads it before the hyperparameter."""
    _static(request_document).pop("num_round")
    _static(request_document)["of_mine"] = "1"
    assert len(_found(request_document)[0]) == 2
    request_document["TrainingJobDefinition"]["Environment"] = {"SAGEMAKER_PROGRAM": "train.py"}
    assert _found(request_document)[0] == []


def test_a_script_of_aws_is_known_by_its_location(request_document: Document) -> None:
    """LightGBM runs in an image of PyTorch: its metrics are those that the request defines."""
    definition = request_document["TrainingJobDefinition"]
    bucket = "s3://jumpstart-cache-prod-us-east-1/source-directory-tarballs"
    definition["StaticHyperParameters"] = {
        "sagemaker_program": '"transfer_learning.py"',
        "sagemaker_submit_directory": f'"{bucket}/lightgbm/transfer_learning/classification/v2/x"',
    }
    definition["AlgorithmSpecification"] |= {
        "TrainingImage": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1.9.0",
        "MetricDefinitions": [{"Name": "auc", "Regex": "auc: ([0-9\\.]+)"}],
    }
    request_document["HyperParameterTuningJobConfig"] |= {
        "HyperParameterTuningJobObjective": {"MetricName": "auc", "Type": "Minimize"},
        "ParameterRanges": {
            "IntegerParameterRanges": [{"Name": "leaves", "MinValue": "1", "MaxValue": "9"}]
        },
    }
    definition["ResourceConfig"]["InstanceCount"] = 1
    request_document["HyperParameterTuningJobConfig"]["ResourceLimits"][
        "MaxNumberOfTrainingJobs"
    ] = 9
    violations, warnings = _found(request_document)
    assert not violations
    assert any("Minimize auc: a metric of LightGBM to Maximize" in each for each in warnings)
    assert any("'leaves' is not tunable by AWS's page" in each for each in warnings)
    assert not any("sagemaker_" in each for each in warnings)
