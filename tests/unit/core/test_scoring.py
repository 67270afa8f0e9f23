"""Scores of predictions, beside what others compute of the same."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagemaker_tuning.core.errors import InvalidTuningRequest, ScoringFailed
from sagemaker_tuning.core.predictions import Predictions
from sagemaker_tuning.core.scoring import KNOWN, metric_of
from sagemaker_tuning.local.training.xgboost.scores import scorer

if TYPE_CHECKING:
    from collections.abc import Callable

Array = Any
_ROWS = 200
_THREE = 3

# Names that the local endpoint computes itself, without scikit-learn.
_OWN = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_macro",
    "precision_macro",
    "precision_micro",
    "recall_macro",
    "recall_micro",
)
_OWN_BINARY = (*_OWN, "f1_binary", "precision", "recall")


def _predictions(labels: Array, values: Array) -> Predictions:
    width = values.shape[1] if values.ndim > 1 else 1
    return Predictions(
        labels=array("d", labels.tolist()),
        values=array("d", values.ravel().tolist()),
        width=width,
        rows={"test.csv": len(labels)},
    )


def _score(name: str, labels: Array, values: Array) -> float:
    return metric_of(name, None, None).score(_predictions(labels, values))


def _binary(seed: int) -> tuple[Array, Array]:
    """Labels, and probabilities of one decimal, so that many are equal and some exactly 0.5."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, _ROWS).astype(float)
    return labels, np.round(np.clip(labels * 0.3 + random.random(_ROWS) * 0.7, 0, 1), 1)


def _three_classes(seed: int) -> tuple[Array, Array]:
    """Labels, and probabilities of three classes in 32 bits, as XGBoost writes them."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, _THREE, _ROWS).astype(float)
    shares = random.dirichlet(np.ones(_THREE), _ROWS).astype(np.float32)
    return labels, shares.astype(float)


def _elsewhere(name: str, objective: str, labels: Array, values: Array) -> float:
    data = SimpleNamespace(get_label=lambda: labels)
    ((_, value),) = scorer([name], objective)(values, data)
    return value


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", _OWN_BINARY)
def test_metrics_of_two_classes(name: str, seed: int) -> None:
    """As the local endpoint's training computes them, at the threshold 0.5."""
    labels, values = _binary(seed)
    expected = _elsewhere(name, "binary:logistic", labels, values)
    assert _score(name, labels, values) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", _OWN)
def test_metrics_of_three_classes(name: str, seed: int) -> None:
    """Of probabilities (``multi:softprob``) and of classes (``multi:softmax``) alike."""
    labels, values = _three_classes(seed)
    classes = values.argmax(axis=1).astype(float)
    expected = _elsewhere(name, "multi:softprob", labels, values)
    assert _score(name, labels, values) == pytest.approx(expected)
    assert _score(name, labels, classes) == pytest.approx(expected)


def _pairs(labels: Array, values: Array) -> float:
    ones, zeros = values[labels == 1], values[labels == 0]
    wins = (ones[:, None] > zeros).sum() + 0.5 * (ones[:, None] == zeros).sum()
    return float(wins / (len(ones) * len(zeros)))


def _average_precision(labels: Array, values: Array) -> float:
    total, before = 0.0, 0
    for threshold in np.unique(values)[::-1]:
        chosen = labels[values >= threshold]
        total += (chosen.sum() - before) * chosen.mean()
        before = chosen.sum()
    return float(total / labels.sum())


def _log_loss(labels: Array, values: Array) -> float:
    right = np.clip(np.where(labels == 1, values, 1 - values), np.finfo(float).eps, 1)
    return float(-np.log(right).mean())


_FORMULAS: dict[str, Callable[[Array, Array], float]] = {
    "auc": _pairs,
    "aucpr": _average_precision,
    "error": lambda labels, values: float(np.mean((values > 0.5) != labels)),
    "logloss": _log_loss,
    "mae": lambda labels, values: float(np.abs(labels - values).mean()),
    "mse": lambda labels, values: float(((labels - values) ** 2).mean()),
    "rmse": lambda labels, values: float(np.sqrt(((labels - values) ** 2).mean())),
    "rmsle": lambda labels, values: float(
        np.sqrt(((np.log1p(labels) - np.log1p(values)) ** 2).mean())
    ),
    "r2": lambda labels, values: float(
        1 - ((labels - values) ** 2).sum() / ((labels - labels.mean()) ** 2).sum()
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", _FORMULAS)
def test_metrics_of_one_number(name: str, seed: int) -> None:
    """As their formulas have it, with many equal predictions."""
    labels, values = _binary(seed)
    assert _score(name, labels, values) == pytest.approx(_FORMULAS[name](labels, values))


@pytest.mark.parametrize("seed", range(5))
def test_metrics_of_probabilities_of_classes(seed: int) -> None:
    """As their formulas have it."""
    labels, values = _three_classes(seed)
    right = values[np.arange(_ROWS), labels.astype(int)]
    assert _score("mlogloss", labels, values) == pytest.approx(-np.log(right).mean(), rel=1e-6)
    wrong = float(np.mean(values.argmax(axis=1) != labels))
    assert _score("merror", labels, values) == pytest.approx(wrong)


def test_a_relative_error() -> None:
    """It is a share of the label, not a percentage."""
    labels, values = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    assert _score("mape", labels, values) == pytest.approx((0.5 + 0 + 0.25) / 3)


def test_directions_are_those_of_built_in_xgboost() -> None:
    """Each metric that can be computed has the type that AWS's list gives it."""
    from sagemaker_tuning.local.training.xgboost import metrics  # noqa: PLC0415 -- beside its use

    wrong = {
        name: known.type
        for name, known in KNOWN.items()
        if metrics.DIRECTIONS[f"validation:{name}"] != known.type
    }
    assert not wrong


def test_the_recorded_objective_is_the_metric() -> None:
    """Each metric has the type that it always has."""
    recorded = ("validation:auc", "Maximize")
    assert (metric_of(None, None, recorded).name, metric_of(None, None, recorded).type) == (
        "auc",
        "Maximize",
    )
    assert metric_of("validation:rmse", None, recorded).type == "Minimize"
    assert metric_of("rmse", "Minimize", recorded).type == "Minimize"


def test_a_metric_of_the_opposite_type_is_another_one() -> None:
    """A script may log a negative error as ``rmse``, to Maximize; by ours the worse would win."""
    negative = ("validation:rmse", "Maximize")
    with pytest.raises(InvalidTuningRequest, match="metric: the challenger was tuned to Maximize"):
        metric_of(None, None, negative)
    with pytest.raises(InvalidTuningRequest, match="objective_type: 'Maximize': Minimize, as rmse"):
        metric_of("rmse", "Maximize", negative)
    assert metric_of("rmse", None, negative).type == "Minimize"


@pytest.mark.parametrize("name", ["validation:ndcg", "map", "validation:loss", "cox-nloglik"])
def test_what_cannot_be_computed_is_refused_by_name(name: str) -> None:
    """With the names of those that can."""
    with pytest.raises(InvalidTuningRequest) as refused:
        metric_of(None, None, (name, "Maximize"))
    (violation,) = refused.value.violations
    assert violation.path == "metric"
    assert repr(name) in violation.problem
    assert "balanced_accuracy" in violation.rule


def test_without_any_metric_nothing_is_scored() -> None:
    """A model package that does not say what it was tuned for needs one to be given."""
    with pytest.raises(InvalidTuningRequest, match="does not say which objective metric"):
        metric_of(None, None, None)


def test_a_function_scores() -> None:
    """It gets arrays, a column for each number that the model predicts; it has no direction."""

    def second_column(labels: Array, predictions: Array) -> float:
        assert predictions.shape == (_ROWS, _THREE)
        return float(predictions[:, 1].sum() + labels.sum())

    labels, values = _three_classes(0)
    metric = metric_of(second_column, "Maximize", None)
    assert (metric.name, metric.type) == ("second_column", "Maximize")
    expected = values[:, 1].sum() + labels.sum()
    assert metric.score(_predictions(labels, values)) == pytest.approx(expected)
    with pytest.raises(InvalidTuningRequest, match="objective_type: missing"):
        metric_of(second_column, None, ("validation:auc", "Maximize"))


@pytest.mark.parametrize(
    ("name", "labels", "values", "said"),
    [
        ("auc", [1, 1, 1], [0.1, 0.2, 0.3], "all 3 labels are 1; it needs rows of both"),
        ("auc", [0, 1, 2], [0.1, 0.2, 0.3], "labels must be 0 and 1, and some are 2"),
        ("logloss", [0, 1], [0.1, 1.5], "predictions from 0.1 to 1.5 are no probabilities"),
        ("error", [0, 1], [-3.0, 2.0], "predictions from -3 to 2 are no probabilities"),
        ("accuracy", [0.5, 1], [0, 1], "labels must be classes, whole numbers, and one is 0.5"),
        ("accuracy", [0, 2], [0.5, 1], "the prediction 0.5 is no class"),
        ("accuracy", [0, 1], [0.5, 1.5], "the prediction 0.5 is no class"),
        ("mlogloss", [0, 1], [0.5, 0.5], "predicts one number for a row, and it takes one for"),
        ("mlogloss", [0, 2], [[0.5, 0.5], [0.5, 0.5]], "knows the classes 0 to 1"),
        (
            "accuracy",
            [1, 2],
            [[0.5, 0.5], [0.5, 0.5]],
            "labels go from 1 to 2, and the model knows",
        ),
        ("f1", [-1, 1], [[0.5, 0.5], [0.5, 0.5]], "labels go from -1 to 1, and the model knows"),
        ("auc", [0, 1], [[0.5, 0.5], [0.5, 0.5]], "2 numbers for a row, and auc takes one"),
        ("f1_binary", [0, 2], [0, 2], "labels must be 0 and 1, and some are 2"),
        ("rmsle", [0, 1], [-2.0, 1.0], "ValueError"),
        ("r2", [1], [1.0], "r2 of 1 rows is nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
def test_what_has_no_score_says_why(
    name: str, labels: list[float], values: list[Any], said: str
) -> None:
    """Never a number that means nothing."""
    with pytest.raises(ScoringFailed) as failed:
        _score(name, np.array(labels, float), np.array(values, float))
    assert name in str(failed.value)
    assert said in str(failed.value)
    assert not failed.value.is_retried


def test_a_function_that_fails_is_named() -> None:
    """What it raised is in the error."""

    def broken(labels: Array, predictions: Array) -> float:
        raise KeyError((len(labels), len(predictions)))

    labels, values = _binary(0)
    with pytest.raises(ScoringFailed, match=r"broken of 200 rows: KeyError: \(200, 200\)"):
        metric_of(broken, "Minimize", None).score(_predictions(labels, values))
