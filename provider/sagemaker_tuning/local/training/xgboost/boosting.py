"""Training proper: XGBoost called as the container calls it, its log and its model."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import xgboost
from xgboost.callback import EarlyStopping, TrainingCallback

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import checkpoints, metrics, scores

MODEL_NAME: Final = "xgboost-model"

Evals = Sequence[tuple[xgboost.DMatrix, str]]
EvalsLog = Mapping[str, Mapping[str, Sequence[Any]]]

# The container's own hyperparameters; all others are XGBoost's.
_NOT_XGBOOSTS: Final = (
    "num_round",
    "csv_weights",
    "early_stopping_rounds",
    "eval_metric",
    "save_model_on_termination",
    "_tuning_objective_metric",
    "use_dask_gpu_training",
)

# Parts of what XGBoost says when the data or the hyperparameters are at fault.
_USERS_FAULT: Final = (
    "Constrained features",
    "Number of columns does not match",
    "Weights must be positive",
    "base_score",
    "label must be",
    "should be greater equal to",
)
# It begins with the time and the line of its source, and ends with its stack.
_MESSAGE: Final = re.compile(r"(?:\[[\d:]+\] \S+:\d+: )?(.*?)\s*(?:Stack trace:.*)?", re.DOTALL)


def boost(values: Mapping[str, Any], evals: Evals, container: Container) -> None:
    """Train on the first of ``evals``, log the metrics of all, and save the model.

    Raises:
        UserError: XGBoost found a mistake in the data or the hyperparameters.
        RuntimeError: XGBoost failed otherwise.
    """
    wanted = _metrics(values)
    added = [name for name in wanted if name in scores.NAMES]
    checkpoint, done = checkpoints.newest(container.checkpoint_dir, values["num_round"])
    try:
        booster = xgboost.train(
            _parameters(values, [name for name in wanted if name not in scores.NAMES]),
            evals[0][0],
            values["num_round"] - done,
            evals=evals,
            xgb_model=checkpoint,
            custom_metric=scores.scorer(added, values.get("objective", "")) if added else None,
            callbacks=_callbacks(values, evals, container, done),
            verbose_eval=False,
        )
    except (xgboost.core.XGBoostError, ValueError) as error:
        match = _MESSAGE.fullmatch(str(error))
        message = match.group(1) if match else str(error)
        if any(part in message for part in _USERS_FAULT):
            raise UserError(message) from error
        raise RuntimeError(f"XGB train call failed with exception:\n {message}") from error
    _save(booster, container)


def threads(values: Mapping[str, Any]) -> int:
    """How many threads a training job may use; one, so that many run well side by side."""
    count: int = values.get("nthread", 1)
    return count


def _metrics(values: Mapping[str, Any]) -> list[str]:
    """``eval_metric`` and what the tuning job's objective adds to it."""
    given = values.get("eval_metric", [])
    tuned = _tuned_metrics(values)
    return sorted({*given, *tuned}) if given and tuned else [*given, *tuned]


def _tuned_metrics(values: Mapping[str, Any]) -> list[str]:
    objective_metric: str = values.get("_tuning_objective_metric", "")
    metric = objective_metric.rpartition(":")[2]
    return [metric] if metric else []


def _parameters(values: Mapping[str, Any], eval_metrics: list[str]) -> dict[str, Any]:
    parameters = {name: value for name, value in values.items() if name not in _NOT_XGBOOSTS}
    parameters["nthread"] = threads(values)
    if "updater" in parameters:
        parameters["updater"] = ",".join(parameters["updater"])
    if eval_metrics:
        parameters["eval_metric"] = eval_metrics
    return parameters


def _callbacks(
    values: Mapping[str, Any], evals: Evals, container: Container, start: int
) -> list[TrainingCallback]:
    callbacks: list[TrainingCallback] = []
    if container.checkpoint_dir is not None:
        callbacks.append(checkpoints.SaveCheckpoint(container.checkpoint_dir, start))
    if values.get("save_model_on_termination") == "true":
        callbacks.append(_SaveEachRound(container))
    # After that, so that a stopped training job's model has every round that its log reports.
    callbacks.append(_Log(start))
    watched = _tuned_metrics(values) or values.get("eval_metric")
    # Without validation data or a metric to watch, the container does not stop early either.
    if "early_stopping_rounds" in values and watched and len(evals) > 1:
        callbacks.append(
            EarlyStopping(
                rounds=values["early_stopping_rounds"],
                data_name=evals[-1][1],
                metric_name=watched[-1],
                maximize=watched[-1].partition("@")[0] in metrics.MAXIMIZE,
                save_best=True,
            )
        )
    return callbacks


class _Log(TrainingCallback):
    """A line for each round, the first of which has the number ``start``.

    XGBoost itself prints five decimal places. With nine, the objective that the API reports, a
    32-bit float, is what the model reaches on the same rows.
    """

    def __init__(self, start: int) -> None:
        super().__init__()
        self._start = start

    def after_iteration(self, _model: Any, epoch: int, evals_log: EvalsLog) -> bool:
        results = (
            f"\t{data}-{metric}:{history[-1]:.9f}"
            for data, by_metric in evals_log.items()
            for metric, history in by_metric.items()
        )
        sys.stdout.write(f"[{self._start + epoch}]{''.join(results)}\n")
        return False


class _SaveEachRound(TrainingCallback):
    """Has the model so far in place for a training job that is stopped.

    Without ``save_model_on_termination`` the container too leaves no model when it is stopped.
    """

    def __init__(self, container: Container) -> None:
        super().__init__()
        self._container = container

    def after_iteration(self, model: Any, _epoch: int, _evals_log: EvalsLog) -> bool:
        _save(model, self._container)
        return False


def _save(booster: xgboost.Booster, container: Container) -> None:
    """Save as the container's newest versions do: UBJSON, in a file without a suffix."""
    unfinished = container.root / MODEL_NAME
    unfinished.write_bytes(booster.save_raw("ubj"))
    unfinished.replace(container.model_dir / MODEL_NAME)
