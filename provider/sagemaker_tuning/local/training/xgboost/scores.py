"""The metrics that built-in XGBoost adds to XGBoost's own, as scikit-learn defines them.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sagemaker_tuning.local.training.failures import UserError

Array = npt.NDArray[Any]
Score = Callable[[Array, Array], float]


def _accuracy(labels: Array, predicted: Array) -> float:
    return float(np.mean(labels == predicted))


def _balanced_accuracy(labels: Array, predicted: Array) -> float:
    return float(
        np.mean([np.mean(predicted[labels == each] == each) for each in np.unique(labels)])
    )


class _Counts:
    """Per class: rightly predicted, predicted, and there."""

    def __init__(self, labels: Array, predicted: Array, classes: Array) -> None:
        self.hits = np.array([np.sum((labels == each) & (predicted == each)) for each in classes])
        self.predicted = np.array([np.sum(predicted == each) for each in classes])
        self.there = np.array([np.sum(labels == each) for each in classes])


def _precision(counts: _Counts) -> Array:
    return _ratio(counts.hits, counts.predicted)


def _recall(counts: _Counts) -> Array:
    return _ratio(counts.hits, counts.there)


def _f1(counts: _Counts) -> Array:
    return _ratio(2 * counts.hits, counts.predicted + counts.there)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros(len(above)), where=below != 0)


def _binary(per_class: Callable[[_Counts], Array]) -> Score:
    def score(labels: Array, predicted: Array) -> float:
        classes = np.union1d(labels, predicted)
        if not np.isin(classes, (0, 1)).all():
            raise UserError(
                "Target is multiclass but average='binary'. Choose a metric such as "
                f"'f1_macro': the classes are {classes.astype(int).tolist()}"
            )
        return float(per_class(_Counts(labels, predicted, np.array([1])))[0])

    return score


def _macro(per_class: Callable[[_Counts], Array]) -> Score:
    def score(labels: Array, predicted: Array) -> float:
        return float(np.mean(per_class(_Counts(labels, predicted, np.union1d(labels, predicted)))))

    return score


def _mse(labels: Array, predicted: Array) -> float:
    return float(np.mean((labels - predicted) ** 2))


def _r2(labels: Array, predicted: Array) -> float:
    residual = np.sum((labels - predicted) ** 2)
    total = np.sum((labels - np.mean(labels)) ** 2)
    if total == 0:
        return 1.0 if residual == 0 else 0.0
    return float(1 - residual / total)


_OF_CLASSES: Final[Mapping[str, Score]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _macro(_f1),
    "f1_binary": _binary(_f1),
    "f1_macro": _macro(_f1),
    "precision": _binary(_precision),
    "precision_macro": _macro(_precision),
    # Over all classes together, every wrong prediction is one class's false positive and
    # another's false negative.
    "precision_micro": _accuracy,
    "recall": _binary(_recall),
    "recall_macro": _macro(_recall),
    "recall_micro": _accuracy,
}
_OF_VALUES: Final[Mapping[str, Score]] = {"mse": _mse, "r2": _r2}
NAMES: Final = frozenset((*_OF_CLASSES, *_OF_VALUES))

# Objectives whose predictions are probabilities; the others' are margins, classes or values.
_PROBABILITIES: Final = ("binary:logistic", "binary:hinge", "reg:logistic")


def scorer(names: Sequence[str], objective: str) -> Callable[[Array, Any], list[tuple[str, float]]]:
    """A custom metric for ``xgboost.train`` that computes all of ``names``, each in NAMES."""

    def score(predictions: Array, data: Any) -> list[tuple[str, float]]:
        labels = data.get_label().astype(np.float64)
        values = predictions.astype(np.float64)
        classes = _classes(values, objective)
        return [
            (
                name,
                _OF_CLASSES[name](labels, classes)
                if name in _OF_CLASSES
                else _OF_VALUES[name](labels, values),
            )
            for name in names
        ]

    return score


def _classes(predictions: Array, objective: str) -> Array:
    if predictions.ndim > 1:
        classes: Array = np.argmax(predictions, axis=1)
        return classes
    if objective == "multi:softmax":
        return predictions
    return (predictions > (0.5 if objective in _PROBABILITIES else 0.0)).astype(np.float64)
