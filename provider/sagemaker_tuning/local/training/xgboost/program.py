"""What runs in built-in XGBoost's container: check, read, train, save."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import xgboost

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import (
    boosting,
    channels,
    csv_file,
    hyperparameters,
    labels,
    libsvm_file,
)
from sagemaker_tuning.local.training.xgboost.parsed_data import parsed

_log = logging.getLogger(__name__)

_UNSUPPORTED: Final = ("_kfold", "_num_cv_round")


def train(container: Container, cache_dir: Path) -> None:
    """Train on the channels of ``container`` and leave the model in its model directory.

    Raises:
        UserError: The request or the data is at fault.
    """
    _log.info("Running XGBoost Sagemaker in algorithm mode")
    values = hyperparameters.validate(container.hyperparameters)
    for name in _UNSUPPORTED:
        if name in values:
            raise UserError(f"Hyperparameter {name}: not supported by the local SageMaker endpoint")
    channels.check(container.channels)
    evals = [
        (_load(container, name, values, cache_dir), name)
        for name in ("train", "validation")
        if name in container.channels
    ]
    _log.info("Single node training.")
    for data, name in evals:
        _log.info(
            "%s matrix has %d rows and %d columns",
            name.capitalize(),
            data.num_row(),
            data.num_col(),
        )
    boosting.boost(values, evals, container)


def _load(
    container: Container, name: str, values: Mapping[str, Any], cache_dir: Path
) -> xgboost.DMatrix:
    directory = container.channel_dir(name)
    files = channels.data_files(directory)
    if not files:
        raise UserError(f"No data in {name} channel path {directory}")
    # The container reads every channel as the training data's content type says.
    file_format = channels.file_format(container.channels["train"].content_type)
    weighted = values.get("csv_weights") == 1
    rows = parsed(
        files,
        cache_dir,
        f"{file_format} {weighted}",
        lambda: (
            csv_file.read(files, directory, weighted=weighted)
            if file_format == channels.CSV
            else libsvm_file.read(files, directory)
        ),
    )
    if not rows.labels.size:
        raise UserError(f"No data in {name} channel path {directory}: its files are blank")
    labels.check(rows.labels, name, values.get("objective", ""), values.get("num_class", 0))
    return xgboost.DMatrix(
        rows.features,
        label=rows.labels,
        weight=rows.weights,
        qid=rows.groups,
        nthread=boosting.threads(values),
    )
