"""Fields of the trigger form: what they take, and what they make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.exceptions import ParamValidationError

from sagemaker_tuning import form

if TYPE_CHECKING:
    from airflow.sdk import Param

CONTINUOUS = form.number_ranges([], "Continuous")
INTEGER = form.number_ranges([], "Integer", is_integer=True)
CATEGORICAL = form.categorical_ranges([], "Categorical")
PARENTS = form.warm_start_parents()
ETA = {"Name": "eta", "MinValue": 0.1, "MaxValue": "0.5", "ScalingType": "Logarithmic"}


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (CONTINUOUS, [ETA]),
        (INTEGER, [{"Name": "max_depth", "MinValue": 1, "MaxValue": "10"}]),
        (CATEGORICAL, [{"Name": "booster", "Values": ["gbtree", "dart"]}]),
        (PARENTS, None),
        (PARENTS, ["churn-1"]),
        (form.tags(), [{"Key": "team", "Value": ""}]),
        (form.hourly_rates(), {"ml.m5.large": {"OnDemand": 0.1, "Spot": 0.04}}),
        (form.hourly_rates(), None),
    ],
)
def test_what_a_field_takes(param: Param, value: Any) -> None:
    """AWS's own documents, with numbers as numbers or as the text that AWS has them as."""
    assert param.resolve(value) == value


@pytest.mark.parametrize(
    ("param", "value", "said"),
    [
        (CONTINUOUS, [{"Name": "eta", "MinValue": 0.1}], "'MaxValue' is a required property"),
        (CONTINUOUS, [ETA | {"Scaling": "Auto"}], "'Scaling' was unexpected"),
        (CONTINUOUS, [ETA | {"ScalingType": "Log"}], "'Log' is not one of"),
        (CONTINUOUS, [ETA] * 31, "is too long"),
        (INTEGER, [ETA], "0.1 is not of type 'integer', 'string'"),
        (CATEGORICAL, [{"Name": "booster", "Values": []}], "Values|non-empty|too short"),
        (PARENTS, list("abcdef"), "is too long"),
        (form.tags(), [{"Key": "team"}], "'Value' is a required property"),
    ],
)
def test_what_a_field_refuses(param: Param, value: Any, said: str) -> None:
    """With a message that says what is wrong where."""
    with pytest.raises(ParamValidationError, match=said):
        param.resolve(value)


def test_completion_criteria_have_what_is_given() -> None:
    """Each has its own document; without any there is none, rather than an empty one."""
    assert form.completion_criteria() is None
    assert form.completion_criteria(0.0, 3, convergence=True) == {
        "TargetObjectiveMetricValue": 0.0,
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }


def test_parents_of_a_warm_start() -> None:
    """As the request has them; none is no warm start, an emptied field too."""
    assert form.warm_start_config(["a", "b"], "TransferLearning") == {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": "a"},
            {"HyperParameterTuningJobName": "b"},
        ],
        "WarmStartType": "TransferLearning",
    }
    assert form.warm_start_config(None, "TransferLearning") is None
