"""The hyperparameters that built-in XGBoost takes, checked as its container checks them.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html
"""

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import metrics
from sagemaker_tuning.local.training.xgboost.intervals import Interval
from sagemaker_tuning.local.training.xgboost.rules import RULES

_ALIASES: Final = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
}
_REQUIRED: Final = ("num_round",)


@dataclass(frozen=True)
class _Kind:
    """How the text of a hyperparameter is read, and what its value must be.

    Attributes:
        parse: Raises ValueError when the text is not one.
        allowed: What a value lies in, as messages show it; None leaves that to a rule.
        elements: The parts of a value that lie in ``allowed`` one by one.
    """

    parse: Callable[[str], Any]
    allowed: Interval | Collection[Any] | None
    elements: Callable[[Any], Collection[Any]] = lambda value: (value,)


def _integer(interval: str) -> _Kind:
    return _Kind(int, Interval.parse(interval))


def _continuous(interval: str) -> _Kind:
    return _Kind(float, Interval.parse(interval))


def _categorical(*values: str) -> _Kind:
    return _Kind(str, values)


def _comma_separated(allowed: Collection[str] | None) -> _Kind:
    return _Kind(lambda text: text.split(","), allowed, lambda value: value)


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except SyntaxError as error:
        raise ValueError(f"{text!r} is neither a list nor a tuple") from error


def _flat(text: str) -> tuple[int, ...]:
    value = _literal(text)
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"{text!r} is not a tuple such as (1, 0, -1)")  # noqa: TRY004 - it is text
    return tuple(value)


def _nested(text: str) -> list[list[int]]:
    value = _literal(text)
    if not (isinstance(value, list) and all(isinstance(each, list) for each in value)):
        raise ValueError(f"{text!r} is not a list of lists such as [[1, 2], [3, 4]]")
    return value


_BOOLEAN: Final = ("true", "false")

HYPERPARAMETERS: Final[Mapping[str, _Kind]] = {
    "num_round": _integer("[1, +inf)"),
    "csv_weights": _integer("[0, 1]"),
    "early_stopping_rounds": _integer("[1, +inf)"),
    "booster": _categorical("gbtree", "gblinear", "dart"),
    "verbosity": _integer("[0, 3]"),
    "nthread": _integer("[1, +inf)"),
    "eta": _continuous("[0, 1]"),
    "gamma": _continuous("[0, +inf)"),
    "max_depth": _integer("[0, +inf)"),
    "min_child_weight": _continuous("[0, +inf)"),
    "max_delta_step": _continuous("[0, +inf)"),
    "subsample": _continuous("(0, 1]"),
    "colsample_bytree": _continuous("(0, 1]"),
    "colsample_bylevel": _continuous("(0, 1]"),
    "colsample_bynode": _continuous("(0, 1]"),
    "lambda": _continuous("[0, +inf)"),
    "alpha": _continuous("[0, +inf)"),
    "tree_method": _categorical("auto", "exact", "approx", "hist", "gpu_hist"),
    "sketch_eps": _continuous("(0, 1)"),
    "scale_pos_weight": _continuous("(0, +inf)"),
    "updater": _comma_separated(
        (
            "grow_colmaker",
            "distcol",
            "grow_histmaker",
            "grow_skmaker",
            "grow_quantile_histmaker",
            "sync",
            "refresh",
            "prune",
            "shotgun",
            "coord_descent",
        )
    ),
    "dsplit": _categorical("row", "col"),
    "refresh_leaf": _integer("[0, 1]"),
    "process_type": _categorical("default", "update"),
    "grow_policy": _categorical("depthwise", "lossguide"),
    "max_leaves": _integer("[0, +inf)"),
    "max_bin": _integer("[0, +inf)"),
    "predictor": _categorical("auto", "cpu_predictor", "gpu_predictor"),
    "monotone_constraints": _Kind(_flat, (-1, 0, 1), lambda value: value),
    "interaction_constraints": _Kind(
        _nested,
        Interval.parse("[1, +inf)"),
        lambda groups: [feature for group in groups for feature in group],
    ),
    "sample_type": _categorical("uniform", "weighted"),
    "normalize_type": _categorical("tree", "forest"),
    "rate_drop": _continuous("[0, 1]"),
    "one_drop": _integer("[0, 1]"),
    "skip_drop": _continuous("[0, 1]"),
    "lambda_bias": _continuous("[0, 1]"),
    "tweedie_variance_power": _continuous("(1, 2)"),
    "objective": _categorical(
        "binary:logistic",
        "binary:logitraw",
        "binary:hinge",
        "count:poisson",
        "multi:softmax",
        "multi:softprob",
        "rank:pairwise",
        "rank:ndcg",
        "rank:map",
        "reg:linear",
        "reg:squarederror",
        "reg:logistic",
        "reg:gamma",
        "reg:pseudohubererror",
        "reg:squaredlogerror",
        "reg:absoluteerror",
        "reg:tweedie",
        "survival:aft",
        "survival:cox",
    ),
    "num_class": _integer("[2, +inf)"),
    "base_score": _continuous("[0, +inf)"),
    "_kfold": _integer("[2, +inf)"),
    "_num_cv_round": _integer("[1, +inf)"),
    "_tuning_objective_metric": _categorical(*metrics.DIRECTIONS),
    "eval_metric": _comma_separated(None),
    "seed": _integer(f"({-(2**31)}, {2**31 - 1})"),
    "num_parallel_tree": _integer("[1, +inf)"),
    "save_model_on_termination": _categorical(*_BOOLEAN),
    "aft_loss_distribution": _categorical("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": _continuous("[0, +inf)"),
    "deterministic_histogram": _categorical(*_BOOLEAN),
    "sampling_method": _categorical("uniform", "gradient_based"),
    "prob_buffer_row": _integer("(1, +inf)"),
    "use_dask_gpu_training": _categorical(*_BOOLEAN),
}


def validate(texts: Mapping[str, str]) -> dict[str, Any]:
    """The hyperparameters in ``texts`` as values, aliases replaced by the names they stand for.

    Raises:
        UserError: One is missing, unknown, unreadable, out of range, or contradicts another. Like
            the container it tells the first mistake only.
    """
    named = {_ALIASES.get(name, name): text for name, text in texts.items()}
    for name in _REQUIRED:
        if name not in named:
            raise UserError(f"Missing required hyperparameter: {name}")
    values = {name: _parse(name, text) for name, text in named.items()}
    for name, value in values.items():
        _check_range(name, value)
    for rule in RULES:
        rule(values)
    return values


def _parse(name: str, text: str) -> Any:
    kind = HYPERPARAMETERS.get(name)
    if kind is None:
        raise UserError(f"Extraneous hyperparameter found: {name}")
    try:
        return kind.parse(text)
    except ValueError as error:
        raise UserError(
            f"Hyperparameter {name}: could not parse value (caused by ValueError): {error}"
        ) from error


def _check_range(name: str, value: Any) -> None:
    kind = HYPERPARAMETERS[name]
    if kind.allowed is None:
        return
    for element in kind.elements(value):
        if element not in kind.allowed:
            raise UserError(f"Hyperparameter {name}: {element} is not in {_shown(kind.allowed)}")


def _shown(allowed: Interval | Collection[Any]) -> str:
    return str(allowed) if isinstance(allowed, Interval) else str(list(allowed))
