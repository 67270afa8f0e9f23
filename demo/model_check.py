"""Whether a model is worth what its training job said: plain XGBoost predicts with the artifact."""

import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn import metrics

from demo.errors import DemoError

_TOLERANCE = 1e-5
"""The metric is logged with a few digits more."""

Array = NDArray[np.float64]


def _share_of_wrong_classes(labels: Array, predicted: Array) -> float:
    return float(np.mean(labels != predicted.argmax(axis=1)))


_METRICS: Mapping[str, Callable[[Array, Array], float]] = {
    "validation:auc": metrics.roc_auc_score,
    "validation:merror": _share_of_wrong_classes,
    "validation:mlogloss": metrics.log_loss,
    "validation:rmse": metrics.root_mean_squared_error,
}


def check(s3: Any, model: Mapping[str, Any], best: Mapping[str, Any], copy: Path) -> float:
    """Predict the validation data with a model of built-in XGBoost, and compare.

    Args:
        s3: A client.
        model: What the task that created it returned.
        best: What the task that fetched its training job returned.
        copy: Where the artifact is copied to.

    Returns:
        The objective metric, measured here.

    Raises:
        DemoError: It is not what the training job reported.
    """
    bucket, key = location(model["PrimaryContainer"]["ModelDataUrl"])
    s3.download_file(bucket, key, str(copy))
    rows = _rows(s3, bucket, key.partition("/output/")[0])
    predicted = _booster(copy).predict(xgboost.DMatrix(rows[:, 1:]))
    reported = best["FinalHyperParameterTuningJobObjectiveMetric"]
    value = float(_METRICS[reported["MetricName"]](rows[:, 0], predicted))
    if abs(value - reported["Value"]) > _TOLERANCE * max(1, abs(value)):
        raise DemoError(
            f"the model {model['ModelName']} reaches {reported['MetricName']} {value},"
            f" its training job said {reported['Value']}"
        )
    return value


def location(uri: str) -> tuple[str, str]:
    """Split `s3://<bucket>/<key>`."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _rows(s3: Any, bucket: str, folder: str) -> Array:
    """The validation data, which the templates keep beside their output."""
    body = s3.get_object(Bucket=bucket, Key=f"{folder}/validation/data.csv")["Body"].read()
    return np.loadtxt(io.BytesIO(body), delimiter=",")


def _booster(artifact: Path) -> xgboost.Booster:
    with tarfile.open(artifact) as archive:
        member = archive.extractfile("xgboost-model")
        if member is None:
            raise DemoError(f"{artifact} holds no xgboost-model")
        return xgboost.Booster(model_file=bytearray(member.read()))
