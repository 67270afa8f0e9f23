"""Rules between the hyperparameters of built-in XGBoost.

Each takes the values that were given, and raises UserError where they break it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import metrics

Values = Mapping[str, Any]

_THRESHOLD_METRICS: Final = ("error", "ndcg", "map")
_LINEAR_UPDATERS: Final = ("shotgun", "coord_descent")
_UPDATING_UPDATERS: Final = ("refresh", "prune")
_GROWING_UPDATERS: Final = ("grow_colmaker", "distcol", "grow_histmaker", "grow_quantile_histmaker")
_TREE_UPDATERS: Final = (*_GROWING_UPDATERS, "grow_skmaker", "sync", *_UPDATING_UPDATERS)


def _check_num_class(values: Values) -> None:
    if values.get("objective") in ("multi:softmax", "multi:softprob") and "num_class" not in values:
        raise UserError("Require input for parameter 'num_class' for multi-classification")


def _check_eval_metrics(values: Values) -> None:
    for metric in values.get("eval_metric", ()):
        _check_eval_metric(metric)


def _check_eval_metric(metric: str) -> None:
    name, at, threshold = metric.partition("@")
    if not at:
        if metric not in metrics.NAMES:
            raise UserError(f"Hyperparameter eval_metric: {metric} is not in {list(metrics.NAMES)}")
        return
    if name not in _THRESHOLD_METRICS:
        raise UserError(
            f"Metric '{metric}' is not supported. Parameter 'eval_metric' with customized "
            "threshold should be one of these options: 'error', 'ndcg', 'map'."
        )
    try:
        float(threshold)
    except ValueError as error:
        raise UserError(
            f"Threshold value 't' in '{name}@t' expects float input, not {threshold!r}."
        ) from error


def _check_metrics_of_objective(values: Values) -> None:
    given = values.get("eval_metric", ())
    objective = values.get("objective", "reg:squarederror")
    if "auc" in given and not objective.startswith(("binary:", "rank:")):
        raise UserError(
            "Metric 'auc' can only be applied for classification and ranking problems, "
            f"which {objective!r} is not."
        )
    if "aft-nloglik" in given and objective != "survival:aft":
        raise UserError("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.")


def _check_updater(values: Values) -> None:
    updaters = values.get("updater")
    if updaters is None:
        return
    if values.get("booster") == "gblinear":
        if len(updaters) != 1 or updaters[0] not in _LINEAR_UPDATERS:
            raise UserError(
                f"Linear updater should be one of these options: {_quoted(_LINEAR_UPDATERS)}."
            )
    elif values.get("process_type") == "update":
        if not set(updaters) <= set(_UPDATING_UPDATERS):
            raise UserError(
                "process_type 'update' can only be used with updater 'refresh' and 'prune'"
            )
    else:
        _check_tree_updaters(updaters)


def _check_tree_updaters(updaters: list[str]) -> None:
    if not set(updaters) <= set(_TREE_UPDATERS):
        raise UserError(
            f"Tree updater should be selected from these options: {_quoted(_TREE_UPDATERS)}."
        )
    if sum(updater in _GROWING_UPDATERS for updater in updaters) > 1:
        raise UserError(
            "Only one tree grow plugin can be selected. "
            f"Choose one from the following: {_quoted(_GROWING_UPDATERS)}"
        )


def _check_constraints(values: Values) -> None:
    for name, methods in (
        ("monotone_constraints", ("exact", "hist")),
        ("interaction_constraints", ("exact", "hist", "approx")),
    ):
        if name in values and values.get("tree_method") not in methods:
            raise UserError(
                f"{name} can be used only when the tree_method parameter is set to "
                f"one of {_quoted(methods)}."
            )


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


RULES: Final[tuple[Callable[[Values], None], ...]] = (
    _check_num_class,
    _check_eval_metrics,
    _check_metrics_of_objective,
    _check_updater,
    _check_constraints,
)
