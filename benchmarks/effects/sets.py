"""Real data sets, as scikit-learn ships them, and what is tuned on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from benchmarks.data import Data, data

_TRAINED_ON = 0.7


@dataclass(frozen=True)
class DataSet:
    """A data set and the objective metric, which is minimized.

    Attributes:
        name: As scikit-learn calls it.
        load: Its loader.
        metric: The objective metric.
        hyperparameters: What XGBoost has to be told about it.
    """

    name: str
    load: Callable[[], Any]
    metric: str
    hyperparameters: Mapping[str, str]

    def data(self) -> Data:
        """All of it; seven of ten rows are for training."""
        bunch = self.load()
        return data(bunch.data, bunch.target, rows=int(len(bunch.target) * _TRAINED_ON))


DATA_SETS = (
    DataSet(
        "breast_cancer",
        load_breast_cancer,
        "validation:logloss",
        {"objective": "binary:logistic"},
    ),
    DataSet("diabetes", load_diabetes, "validation:rmse", {"objective": "reg:squarederror"}),
    DataSet(
        "wine",
        load_wine,
        "validation:mlogloss",
        {"objective": "multi:softprob", "num_class": "3"},
    ),
)
