"""Scores of predictions: the metrics of built-in XGBoost, as scikit-learn computes them.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sagemaker_tuning.core.errors import InvalidTuningRequest, ScoringFailed, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagemaker_tuning.core.predictions import Predictions

    Array = Any
    Score = Callable[[Array, Array], float]

ObjectiveType = Literal["Maximize", "Minimize"]
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobObjective.html"""

_EXTRA = "pip install 'airflow-provider-sagemaker-tuning[templates]'"
_THRESHOLD = 0.5
_BINARY = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """What predictions are scored by.

    Attributes:
        name: As built-in XGBoost's metrics are named, or a function's name.
        type: ``Maximize`` or ``Minimize``.
        takes_one_number: Whether it is defined for models alone that predict one number for a row.
        compute: Gives the score of labels and predictions, numpy's arrays.
    """

    name: str
    type: str
    takes_one_number: bool
    compute: Score

    def score(self, predictions: Predictions) -> float:
        """Give the score of all rows.

        Raises:
            ScoringFailed: The metric is not defined for these labels and predictions.
        """
        import numpy as np  # noqa: PLC0415 -- comes with an extra

        labels = np.frombuffer(predictions.labels)
        values = np.frombuffer(predictions.values)
        if predictions.width > 1:
            if self.takes_one_number:
                numbers = predictions.width
                msg = f"the model predicts {numbers} numbers for a row, and {self.name} takes one"
                raise ScoringFailed(msg)
            values = values.reshape(-1, predictions.width)
        try:
            value = float(self.compute(labels, values))
        except Exception as error:
            kind = "" if isinstance(error, ScoringFailed) else f"{type(error).__name__}: "
            msg = f"{self.name} of {len(labels)} rows: {kind}{error}"
            raise ScoringFailed(msg) from error
        if not math.isfinite(value):
            msg = f"{self.name} of {len(labels)} rows is {value}"
            raise ScoringFailed(msg)
        return value


def metric_of(
    given: str | Callable[[Any, Any], float] | None,
    given_type: str | None,
    recorded: tuple[str, str] | None,
) -> Metric:
    """Give the metric to score by.

    Args:
        given: A metric's name, which may begin with a channel (``validation:auc``), a function of
            labels and predictions, or None for the recorded one.
        given_type: ``Maximize`` or ``Minimize``, of a function; a metric has its own, so that
            another is a mistake.
        recorded: Name and type of the objective metric that the model was tuned for, if known.

    Raises:
        InvalidTuningRequest: There is no such metric, or none at all, or what is meant by its name
            is another one, of the opposite type.
    """
    if callable(given):
        if given_type is None:
            rule = "Maximize or Minimize, whichever is better of what the function gives"
            raise _invalid("objective_type", "missing", rule)
        name = getattr(given, "__name__", type(given).__name__)
        _require("numpy", name)
        return Metric(name, given_type, takes_one_number=False, compute=given)
    if given is None and recorded is None:
        problem = "the challenger's metadata does not say which objective metric it was tuned for"
        raise _invalid("metric", problem, f"one of {', '.join(KNOWN)}, or a function")
    full = given or (recorded[0] if recorded else "")
    name = full.rpartition(":")[2]
    known = KNOWN.get(name)
    if known is None:
        problem = f"{full!r} cannot be computed from labels and predictions"
        raise _invalid("metric", problem, f"one of {', '.join(KNOWN)}, or a function")
    _require("sklearn", name)
    # By the opposite type, the worse model would win.
    if given_type not in {None, known.type}:
        raise _invalid("objective_type", repr(given_type), f"{known.type}, as {name} always has")
    if given is None and recorded is not None and recorded[1] != known.type:
        problem = f"the challenger was tuned to {recorded[1]} {full!r}, which is another metric"
        raise _invalid("metric", problem, f"{name!r}, which is to {known.type}, or a function")
    return Metric(name, known.type, known.takes_one_number, known.compute)


def _invalid(path: str, problem: str, rule: str) -> InvalidTuningRequest:
    return InvalidTuningRequest([Violation(path, problem, rule)])


def _require(module: str, name: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise _invalid("metric", f"{name} needs {module}, which is not installed", _EXTRA)


def _binary_labels(labels: Array, *, need_both: bool) -> None:
    import numpy as np  # noqa: PLC0415 -- comes with an extra

    found = np.unique(labels)
    if not np.isin(found, _BINARY).all():
        strangers = ", ".join(f"{value:g}" for value in found[~np.isin(found, _BINARY)][:3])
        msg = f"labels must be 0 and 1, and some are {strangers}"
        raise ScoringFailed(msg)
    if need_both and len(found) < len(_BINARY):
        msg = f"all {len(labels)} labels are {found[0]:g}; it needs rows of both classes"
        raise ScoringFailed(msg)


def _probabilities(labels: Array, predictions: Array) -> Array:
    _binary_labels(labels, need_both=False)
    least, most = predictions.min(), predictions.max()
    if least < 0 or most > 1:
        msg = f"predictions from {least:g} to {most:g} are no probabilities, which it takes"
        raise ScoringFailed(msg)
    return predictions


def _classes(labels: Array, predictions: Array) -> tuple[Array, Array]:
    """Give the class of each row, and the predicted one.

    Of several numbers for a row, the largest is the predicted class. One number is a class
    (``multi:softmax``), or, where labels are 0 and 1, a probability (``binary:logistic``).
    """
    import numpy as np  # noqa: PLC0415 -- comes with an extra

    if (labels != np.floor(labels)).any():
        stranger = labels[labels != np.floor(labels)][0]
        msg = f"labels must be classes, whole numbers, and one is {stranger:g}"
        raise ScoringFailed(msg)
    if predictions.ndim > 1:
        _require_known(labels, predictions)
        return labels.astype(int), predictions.argmax(axis=1)
    is_probability = (predictions.min() >= 0) & (predictions.max() <= 1)
    if is_probability and np.isin(labels, _BINARY).all():
        return labels.astype(int), (predictions > _THRESHOLD).astype(int)
    if (predictions != np.floor(predictions)).any():
        stranger = predictions[predictions != np.floor(predictions)][0]
        msg = (
            f"the prediction {stranger:g} is no class, a whole number, nor are all predictions "
            "probabilities of one of two classes"
        )
        raise ScoringFailed(msg)
    return labels.astype(int), predictions.astype(int)


def _require_known(labels: Array, predictions: Array) -> None:
    """Refuse labels that are no place of a number in a row of predictions."""
    last = predictions.shape[1] - 1
    if labels.min() < 0 or labels.max() > last:
        msg = (
            f"labels go from {labels.min():g} to {labels.max():g}, and the model knows the classes "
            f"0 to {last}"
        )
        raise ScoringFailed(msg)


def _sklearn() -> Any:
    from sklearn import metrics  # noqa: PLC0415 -- an extra

    return metrics


def _ranked(function: str) -> Score:
    def compute(labels: Array, predictions: Array) -> float:
        _binary_labels(labels, need_both=True)
        return float(getattr(_sklearn(), function)(labels, predictions))

    return compute


def _of_numbers(function: str) -> Score:
    def compute(labels: Array, predictions: Array) -> float:
        return float(getattr(_sklearn(), function)(labels, predictions))

    return compute


def _of_classes(function: str, **options: Any) -> Score:
    def compute(labels: Array, predictions: Array) -> float:
        return float(getattr(_sklearn(), function)(*_classes(labels, predictions), **options))

    return compute


def _logloss(labels: Array, predictions: Array) -> float:
    numbers = _probabilities(labels, predictions)
    return float(_sklearn().log_loss(labels, numbers, labels=_BINARY))


def _mlogloss(labels: Array, predictions: Array) -> float:
    if predictions.ndim == 1:
        msg = "the model predicts one number for a row, and it takes one for each class"
        raise ScoringFailed(msg)
    _require_known(labels, predictions)
    # 32 bits of a sum of 1 are not enough for scikit-learn.
    shares = predictions / predictions.sum(axis=1, keepdims=True)
    return float(_sklearn().log_loss(labels, shares, labels=range(shares.shape[1])))


def _error(labels: Array, predictions: Array) -> float:
    return 1 - float(
        _sklearn().accuracy_score(labels, _probabilities(labels, predictions) > _THRESHOLD)
    )


def _merror(labels: Array, predictions: Array) -> float:
    return 1 - float(_sklearn().accuracy_score(*_classes(labels, predictions)))


@dataclass(frozen=True, slots=True)
class _Known:
    type: str
    takes_one_number: bool
    compute: Score


def _best(function: Score, *, one: bool = False) -> _Known:
    return _Known("Maximize", one, function)


def _least(function: Score, *, one: bool = False) -> _Known:
    return _Known("Minimize", one, function)


def _averaged(function: str, average: str) -> Score:
    compute = _of_classes(function, average=average, zero_division=0)

    def compute_of_two(labels: Array, predictions: Array) -> float:
        _binary_labels(labels, need_both=False)
        return compute(labels, predictions)

    return compute_of_two if average == "binary" else compute


KNOWN: Mapping[str, _Known] = {
    "accuracy": _best(_of_classes("accuracy_score")),
    "auc": _best(_ranked("roc_auc_score"), one=True),
    "aucpr": _best(_ranked("average_precision_score"), one=True),
    "balanced_accuracy": _best(_of_classes("balanced_accuracy_score")),
    "error": _least(_error, one=True),
    "f1": _best(_averaged("f1_score", "macro")),
    "f1_binary": _best(_averaged("f1_score", "binary")),
    "f1_macro": _best(_averaged("f1_score", "macro")),
    "logloss": _least(_logloss, one=True),
    "mae": _least(_of_numbers("mean_absolute_error"), one=True),
    "mape": _least(_of_numbers("mean_absolute_percentage_error"), one=True),
    "merror": _least(_merror),
    "mlogloss": _least(_mlogloss),
    "mse": _least(_of_numbers("mean_squared_error"), one=True),
    "precision": _best(_averaged("precision_score", "binary")),
    "precision_macro": _best(_averaged("precision_score", "macro")),
    "precision_micro": _best(_averaged("precision_score", "micro")),
    "r2": _best(_of_numbers("r2_score"), one=True),
    "recall": _best(_averaged("recall_score", "binary")),
    "recall_macro": _best(_averaged("recall_score", "macro")),
    "recall_micro": _best(_averaged("recall_score", "micro")),
    "rmse": _least(_of_numbers("root_mean_squared_error"), one=True),
    "rmsle": _least(_of_numbers("root_mean_squared_log_error"), one=True),
}
"""What a score from labels and predictions is defined for; `ndcg` and `map` need groups of rows."""
