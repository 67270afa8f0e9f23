"""Which image is which algorithm, its metrics, and why training jobs fail."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sagemaker_tuning.local.training.algorithms import (
    BUILT_IN_ALONE,
    XGBOOST,
    Algorithm,
    Algorithms,
    OwnAlgorithm,
    Simulation,
    UnknownAlgorithmError,
    failure_reason,
)
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.programs import Command, Script

# Listed by AWS for sagemaker-xgboost:1.3-1, apart from ObjectiveMetric.
RECORDED = {
    "train": "accuracy auc aucpr error f1 f1_binary logloss mae map mse ndcg poisson-nloglik rmse",
    "validation": "accuracy auc aucpr balanced_accuracy error f1 f1_binary logloss mae map mse ndcg"
    " poisson-nloglik precision recall rmse",
}


@pytest.mark.parametrize(
    "image",
    [
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3",
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.0-5",
        "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.5-1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:latest",
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest",
    ],
)
def test_xgboost_images_are_known(image: str) -> None:
    """In every account and region, in China, and by its legacy name."""
    assert BUILT_IN_ALONE.find(image, {}).built_in is XGBOOST


@pytest.mark.parametrize(
    "image",
    [
        "",
        "sagemaker-xgboost:1.7-1",
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1",
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:7",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/my-sagemaker-xgboost:1",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com.evil.example/sagemaker-xgboost:1.7-1",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1\n",
    ],
)
def test_other_images_are_not(image: str) -> None:
    """An image that is not known is told with what would be right."""
    with pytest.raises(UnknownAlgorithmError, match="sagemaker-xgboost:") as raised:
        BUILT_IN_ALONE.find(image, {})
    assert repr(image) in str(raised.value)


def test_metric_definitions_contain_what_aws_lists() -> None:
    """Name and regex of every metric that AWS was seen to list for built-in XGBoost."""
    listed = {each["Name"]: each["Regex"] for each in XGBOOST.metrics("validation:auc")}
    assert sum(len(metrics.split()) for metrics in RECORDED.values()) == 29
    for data, metrics in RECORDED.items():
        for metric in metrics.split():
            assert listed[f"{data}:{metric}"] == (
                rf".*\[[0-9]+\].*#011{data}-{metric}"
                r":([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*"
            )


@pytest.mark.parametrize("objective", XGBOOST.directions)
def test_metric_definitions_have_the_objectives_and_leave_room_for_it_again(objective: str) -> None:
    """The service model allows 40, ObjectiveMetric among them."""
    names = [each["Name"] for each in XGBOOST.metrics(objective)]
    assert len(names) == len(set(names)) <= 39
    assert objective in names


SCRIPT_MODE = {"sagemaker_program": "train.py"}
COMMAND = Command(("/bin/true", "train"), Path("/"))


def test_an_own_algorithm_has_its_images() -> None:
    """One image or a pattern of them; the first that has an image, before a built-in one."""
    algorithms = Algorithms(
        [
            OwnAlgorithm("mine:1", COMMAND),
            OwnAlgorithm("*/mine:*", COMMAND),
            OwnAlgorithm("*.amazonaws.com/sagemaker-xgboost:1.7-1", COMMAND),
        ]
    )
    for image in ("mine:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:7"):
        assert algorithms.find(image, {}) == Algorithm(COMMAND)
        assert algorithms.find(image, SCRIPT_MODE) == Algorithm(COMMAND)
    xgboost = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:"
    assert algorithms.find(xgboost + "1.7-1", {}) == Algorithm(COMMAND)
    assert algorithms.find(xgboost + "1.5-1", {}).built_in is XGBOOST
    with pytest.raises(UnknownAlgorithmError, match=r"--algorithm: mine:1;.*IMAGE=COMMAND"):
        algorithms.find("mine:2", {})


def test_any_image_runs_scripts() -> None:
    """With the endpoint's interpreter or one of the user's; XGBoost's keeps its metrics."""
    algorithms = Algorithms([OwnAlgorithm("sklearn:*", Script("/usr/bin/python"))])
    assert algorithms.find("torch:2", SCRIPT_MODE) == Algorithm(Script(sys.executable))
    assert algorithms.find("sklearn:1", SCRIPT_MODE) == Algorithm(Script("/usr/bin/python"))
    xgboost = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    assert algorithms.find(xgboost, SCRIPT_MODE) == Algorithm(Script(sys.executable), XGBOOST)
    with pytest.raises(UnknownAlgorithmError, match=r"scripts only.*sagemaker_program"):
        algorithms.find("sklearn:1", {})


def test_a_simulated_image_keeps_its_metrics() -> None:
    """XGBoost's requests are as they are for XGBoost, and scripts of it are not run."""
    algorithms = Algorithms([OwnAlgorithm("*", Simulation(60))])
    xgboost = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    assert algorithms.find(xgboost, {}) == Algorithm(Simulation(60), XGBOOST)
    assert algorithms.find(xgboost, SCRIPT_MODE) == Algorithm(Simulation(60), XGBOOST)
    assert algorithms.find("mine:1", {}) == Algorithm(Simulation(60))


def test_what_can_be_simulated_is_offered() -> None:
    """By the option that says so."""
    algorithms = Algorithms([OwnAlgorithm("mine:1", Simulation(60))])
    with pytest.raises(UnknownAlgorithmError, match="--simulate: mine:1;"):
        algorithms.find("mine:2", {})


def test_objectives_and_their_directions() -> None:
    """A tuning job's objective is a metric of the validation data."""
    assert XGBOOST.emits("validation:auc")
    assert XGBOOST.direction("validation:auc") == "Maximize"
    assert XGBOOST.direction("validation:rmse") == "Minimize"
    assert not XGBOOST.emits("train:auc")
    assert not XGBOOST.emits("validation:nonsense")


def test_success_has_no_failure_reason(make_container: Callable[..., Container]) -> None:
    """Not even when the program has left a failure file."""
    container = make_container()
    container.failure_file.write_text("not really")
    assert failure_reason(container, 0) is None


@pytest.mark.parametrize(
    ("told", "exit_code", "reason"),
    [
        ("ClientError: no data", 1, "ClientError: no data"),
        ("AlgorithmError: bug", 1, "AlgorithmError: bug"),
        ("disk full", 3, "AlgorithmError: disk full, exit code: 3"),
        (None, 2, "AlgorithmError: , exit code: 2"),
        (None, -9, "AlgorithmError: , exit code: 137"),
    ],
)
def test_failure_reason(
    make_container: Callable[..., Container], told: str | None, exit_code: int, reason: str
) -> None:
    """It is what the program told, else its exit code, in AWS's form."""
    container = make_container()
    if told is not None:
        container.failure_file.write_text(told)
    assert failure_reason(container, exit_code) == reason


@pytest.mark.parametrize("told", ["ClientError: " + "é" * 2000, "é" * 2000])
def test_failure_reason_is_as_long_as_the_api_allows(
    make_container: Callable[..., Container], told: str
) -> None:
    """1024 characters, whatever the program wrote."""
    container = make_container()
    container.failure_file.write_text(told)
    reason = failure_reason(container, 1)
    assert reason is not None
    assert len(reason) == 1024
    assert re.match("(Client|Algorithm)Error: é", reason)
