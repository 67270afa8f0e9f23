"""Data sets, as arrays and as the CSV files that built-in XGBoost reads."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

Table = NDArray[np.float64]


@dataclass(frozen=True)
class Csv:
    """What one run trains on and is judged by."""

    train: str
    validation: str


@dataclass(frozen=True)
class Data:
    """A table, the label first, of which ``rows`` are for training and the rest for validation."""

    table: Table
    rows: int

    def csv(self, seed: int) -> Csv:
        """The rows of either part in an order of the seed's own."""
        order = np.random.default_rng(seed)
        train, validation = np.split(self.table, [self.rows])
        return Csv(_csv(order.permutation(train)), _csv(order.permutation(validation)))

    def split(self, seed: int) -> Csv:
        """As many rows for training, but which ones is the seed's choice."""
        table = np.random.default_rng(seed).permutation(self.table)
        return Csv(*map(_csv, np.split(table, [self.rows])))


def synthetic() -> Data:
    """8000 rows of 20 features for training, 2000 for validation."""
    random = np.random.default_rng(0)
    features = random.normal(size=(10_000, 20))
    score = features[:, 0] + features[:, 1] * features[:, 2] + random.normal(size=10_000)
    return data(features, score > 0, rows=8000)


def breast_cancer() -> Data:
    """scikit-learn's: 455 rows of 30 features for training, 114 for validation."""
    bunch = load_breast_cancer()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    return data(bunch.data[order], bunch.target[order], rows=455)


def data(features: Table, labels: NDArray[Any], *, rows: int) -> Data:
    """Data of features and labels."""
    return Data(np.column_stack([labels.astype(float), features]), rows)


def _csv(table: Table) -> str:
    text = io.StringIO()
    np.savetxt(text, table, delimiter=",", fmt="%.6g")
    return text.getvalue()
