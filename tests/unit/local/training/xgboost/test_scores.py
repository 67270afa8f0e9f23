"""The container's own metrics, against scikit-learn's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import scores

sklearn = pytest.importorskip("sklearn.metrics")

Array = npt.NDArray[Any]


class Data:
    """As much of a DMatrix as a metric sees."""

    def __init__(self, labels: Array) -> None:
        self._labels = labels.astype(np.float32)

    def get_label(self) -> Array:
        """Labels, as XGBoost has them."""
        return self._labels


def score(name: str, objective: str, predictions: Array, labels: Array) -> float:
    """One metric's value."""
    [(told, value)] = scores.scorer([name], objective)(predictions.astype("f4"), Data(labels))
    assert told == name
    return value


def averaged(name: str, average: str) -> Callable[[Array, Array], float]:
    """scikit-learn's score of classes with an average, 0 where it is not defined."""

    def call(labels: Array, classes: Array) -> float:
        function = getattr(sklearn, f"{name}_score")
        return float(function(labels, classes, average=average, zero_division=0))

    return call


OF_CLASSES = {
    "accuracy": sklearn.accuracy_score,
    "balanced_accuracy": sklearn.balanced_accuracy_score,
    "f1": averaged("f1", "macro"),
    "f1_macro": averaged("f1", "macro"),
    "precision_macro": averaged("precision", "macro"),
    "precision_micro": averaged("precision", "micro"),
    "recall_macro": averaged("recall", "macro"),
    "recall_micro": averaged("recall", "micro"),
}
BINARY = {
    "f1_binary": averaged("f1", "binary"),
    "precision": averaged("precision", "binary"),
    "recall": averaged("recall", "binary"),
}


def test_every_metric_is_compared() -> None:
    """None of the container's own is left out below."""
    assert {*OF_CLASSES, *BINARY, "mse", "r2"} == scores.NAMES


@pytest.mark.parametrize("name", [*OF_CLASSES, *BINARY])
@pytest.mark.parametrize("shift", [0.0, 1.0, -1.0], ids=["mixed", "all-one", "all-zero"])
def test_binary(name: str, shift: float) -> None:
    """Probabilities above one half are class 1; no prediction of a class counts as 0."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 300)
    probabilities = np.clip(generator.random(300) + shift, 0, 1)
    expected = (OF_CLASSES | BINARY)[name](labels, (probabilities > 0.5).astype(int))
    assert score(name, "binary:logistic", probabilities, labels) == pytest.approx(expected)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_multiclass(name: str) -> None:
    """From probabilities the most likely class, from softmax the class itself."""
    generator = np.random.default_rng(2)
    labels = generator.integers(0, 4, 300)
    probabilities = generator.random((300, 4))
    classes = probabilities.argmax(axis=1)
    expected = pytest.approx(OF_CLASSES[name](labels, classes))
    assert score(name, "multi:softprob", probabilities, labels) == expected
    assert score(name, "multi:softmax", classes, labels) == expected


@pytest.mark.parametrize("name", BINARY)
def test_binary_metrics_of_several_classes_are_refused(name: str) -> None:
    """With a metric that would do."""
    with pytest.raises(UserError, match="Target is multiclass but average='binary'"):
        score(name, "multi:softmax", np.array([0, 1, 2]), np.array([0, 1, 2]))


def test_margins_are_cut_at_zero() -> None:
    """binary:logitraw predicts log-odds, no probabilities."""
    margins, labels = np.array([-0.2, 0.2, 0.7]), np.array([0, 1, 1])
    assert score("accuracy", "binary:logitraw", margins, labels) == 1


def test_regression() -> None:
    """Their mse and r2 are of the values themselves."""
    generator = np.random.default_rng(3)
    labels, predicted = generator.normal(size=(2, 300)).astype(np.float32)
    assert score("mse", "reg:squarederror", predicted, labels) == pytest.approx(
        sklearn.mean_squared_error(labels, predicted)
    )
    assert score("r2", "reg:squarederror", predicted, labels) == pytest.approx(
        sklearn.r2_score(labels, predicted)
    )


@pytest.mark.parametrize("predicted", [[2.0, 2.0], [1.0, 3.0]])
def test_r2_of_constant_labels(predicted: list[float]) -> None:
    """As scikit-learn has it: 1 when they are met, else 0."""
    labels = np.array([2.0, 2.0])
    assert score("r2", "reg:squarederror", np.array(predicted), labels) == sklearn.r2_score(
        labels, predicted
    )
