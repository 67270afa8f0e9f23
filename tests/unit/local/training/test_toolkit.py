"""Hyperparameters as SageMaker's training toolkit hands them to a script."""

from typing import Any

import pytest

from sagemaker_tuning.local.training import toolkit

HYPERPARAMETERS = {
    "sagemaker_program": '"train.py"',
    "sagemaker_mpi_enabled": "true",
    "sagemaker_region": "us-east-1",
    "_tuning_objective_metric": "loss",
    "epochs": "10",
    "k": "3",
    "optimizer": '"adam"',
    "schedule": "warm up",
    "nested": '{"b": 1, "a": [2]}',
    "on": "true",
    "off": "null",
}


def test_a_scripts_arguments() -> None:
    """Its own only, decoded, sorted by name, with one dash before a letter."""
    assert toolkit.arguments(toolkit.of_users(HYPERPARAMETERS)) == [
        *("--epochs", "10"),
        *("-k", "3"),
        *("--nested", "a=[2],b=1"),
        *("--off", ""),
        *("--on", "True"),
        *("--optimizer", "adam"),
        *("--schedule", "warm up"),
    ]


def test_a_frameworks_hyperparameters() -> None:
    """What begins as SageMaker's own do and is not for the container itself."""
    assert toolkit.of_framework(HYPERPARAMETERS) == {"sagemaker_mpi_enabled": True}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a b", "a b"), (None, ""), (True, "true"), (1.5, "1.5"), ({"b": 1, "a": 2}, '{"a":2,"b":1}')],
)
def test_variables(value: Any, expected: str) -> None:
    """Texts as they are, anything else in JSON."""
    assert toolkit.variable(value) == expected


def test_what_is_not_json_is_a_text() -> None:
    """Nor is what is nested too deep to be read."""
    assert toolkit.decoded("s3://bucket") == "s3://bucket"
    deep = "[" * 100_000
    assert toolkit.decoded(deep) == deep
