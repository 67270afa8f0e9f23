"""Metrics from log lines."""

import pytest

from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.training.metrics import MetricScraper

LINE = "[7]#011train-auc:0.910000000#011train-mae:1e-05#011validation-auc:0.870000000"


def test_built_in_definitions_find_every_metric_of_a_line() -> None:
    """Each metric is found with its own value, in scientific notation too."""
    found = MetricScraper(XGBOOST.metric_definitions).feed(LINE)
    assert dict(found) == {"train:auc": 0.91, "train:mae": 1e-05, "validation:auc": 0.87}


def test_metrics_of_similar_names_are_told_apart() -> None:
    """A line with f1_binary is not a line with f1, nor is aucpr auc."""
    found = MetricScraper(XGBOOST.metric_definitions).feed(
        "[0]#011validation-f1_binary:0.500000000#011validation-aucpr:0.250000000"
    )
    assert dict(found) == {"validation:f1_binary": 0.5, "validation:aucpr": 0.25}


@pytest.mark.parametrize(
    ("regex", "line", "value"),
    [
        (r"loss=(\S+)", "epoch 1 loss=0.5 done", 0.5),
        (r"loss=(-?\d+)|cost=(\d+)", "loss=-3", -3.0),
        (r".*loss=(\S+)", "epoch 1 loss=0.5", 0.5),
        (r".*nothing|loss=(\S+)", "epoch 1 loss=0.5", 0.5),
    ],
)
def test_a_users_definition_may_match_anywhere(regex: str, line: str, value: float) -> None:
    """A regex need not begin at the line's beginning."""
    assert MetricScraper([{"Name": "m", "Regex": regex}]).feed(line) == [("m", value)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "n/a", ""])
def test_what_is_no_finite_number_is_no_metric(value: str) -> None:
    """No objective can be compared with it."""
    assert MetricScraper([{"Name": "m", "Regex": "loss=(.*)"}]).feed(f"loss={value}") == []


@pytest.mark.parametrize("regex", ["loss=(", "loss=[0-9]+"])
def test_a_definition_without_a_value_is_refused(regex: str) -> None:
    """The message names the definition and its regex."""
    with pytest.raises(ValueError, match="metric definition 'm'") as raised:
        MetricScraper([{"Name": "m", "Regex": regex}])
    assert repr(regex) in str(raised.value)
