"""What runs in built-in XGBoost's container: check, read, train, save."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import xgboost

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import (
    channels,
    csv_file,
    hyperparameters,
    libsvm_file,
    metrics,
    scores,
)

MODEL_NAME: Final = "xgboost-model"

# Hyperparameters of the container; the others are XGBoost's.
_NOT_XGBOOSTS: Final = (
    "num_round",
    "csv_weights",
    "early_stopping_rounds",
    "eval_metric",
    "save_model_on_termination",
    "_kfold",
    "_num_cv_round",
    "_tuning_objective_metric",
    "use_dask_gpu_training",
)


def train(container: Container) -> None:
    """Train on the channels of ``container`` and leave the model in its model directory.

    Raises:
        UserError: The request or the data is at fault.
    """
    print("Running XGBoost Sagemaker in algorithm mode")
    values = hyperparameters.validate(container.hyperparameters)
    _refuse_unsupported(values)
    channels.check(container.channels)
    train_data = _load(container, "train", values)
    evals = [(train_data, "train")]
    if "validation" in container.channels:
        evals.append((_load(container, "validation", values), "validation"))
    print(f"Train matrix has {train_data.num_row()} rows and {train_data.num_col()} columns")
    for data, name in evals[1:]:
        print(f"{name.capitalize()} matrix has {data.num_row()} rows")
    booster = _boost(container, values, evals)
    _save(booster, container)


def _refuse_unsupported(values: dict[str, Any]) -> None:
    for name, wanted in (("_kfold", None), ("use_dask_gpu_training", "false")):
        if name in values and values[name] != wanted:
            raise UserError(
                f"Hyperparameter {name}: the local SageMaker endpoint does not support it"
            )


def _load(container: Container, name: str, values: dict[str, Any]) -> xgboost.DMatrix:
    directory = container.channel_dir(name)
    files = channels.data_files(directory)
    if not files:
        raise UserError(f"No data in {name} channel path {directory}")
    # The container reads every channel as the training data's content type says.
    if channels.file_format(container.channels["train"].content_type) == channels.CSV:
        rows = csv_file.read(files, directory, weighted=values.get("csv_weights") == 1)
    else:
        rows = libsvm_file.read(files, directory)
    if not len(rows.labels):
        raise UserError(
            f"No data in {name} channel path {directory}: its files have only blank lines"
        )
    return xgboost.DMatrix(
        rows.features,
        label=rows.labels,
        weight=rows.weights,
        qid=rows.groups,
        nthread=_threads(values),
    )


def _threads(values: dict[str, Any]) -> int:
    # Training jobs run side by side: a thread each is faster than several in each.
    threads: int = values.get("nthread", 1)
    return threads


def _boost(
    container: Container, values: dict[str, Any], evals: list[tuple[xgboost.DMatrix, str]]
) -> xgboost.Booster:
    parameters = {name: value for name, value in values.items() if name not in _NOT_XGBOOSTS}
    if "updater" in parameters:
        parameters["updater"] = ",".join(parameters["updater"])
    parameters["nthread"] = _threads(values)
    wanted = _metrics(values)
    own = [name for name in wanted if name in scores.NAMES]
    theirs = [name for name in wanted if name not in scores.NAMES]
    if theirs:
        parameters["eval_metric"] = theirs
    elif own:
        parameters["disable_default_eval_metric"] = True
    return xgboost.train(
        parameters,
        evals[0][0],
        values["num_round"],
        evals=evals,
        custom_metric=scores.scorer(own, values.get("objective", "")) if own else None,
        callbacks=[_Log()],
        verbose_eval=False,
    )


def _metrics(values: dict[str, Any]) -> list[str]:
    given = values.get("eval_metric", [])
    objective = values.get("_tuning_objective_metric")
    tuned = objective.split(":")[1].split(",") if objective else []
    return sorted({*given, *tuned}) if given and tuned else [*given, *tuned]


class _Log(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        line = f"[{epoch}]"
        for data, by_metric in evals_log.items():
            for metric, history in by_metric.items():
                # XGBoost prints five digits. Nine make the objective of a training job what its
                # model reaches on the same rows, to the precision of the API's 32-bit float.
                line += f"\t{data}-{metric}:{history[-1]:.9f}"
        print(line)
        return False


def _save(booster: xgboost.Booster, container: Container) -> None:
    unfinished = container.root / MODEL_NAME
    unfinished.write_bytes(booster.save_raw("ubj"))
    unfinished.replace(container.model_dir / MODEL_NAME)
