"""scikit-learn's data sets in S3, as a user's own data pipeline would leave its data there.

CSV without a header, the label first, as built-in XGBoost reads it: one file for training, one for
validation, and one that is held out, each always the same.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split

BUCKET = "sagemaker-tuning-example"
"""The templates' own default."""

Rows = NDArray[np.float64]

_LOADERS: Mapping[str, Callable[..., Any]] = {
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
    "diabetes": datasets.load_diabetes,
}
DATA_SETS = tuple(_LOADERS)
_NUMBERS = {"diabetes"}
"""The data sets whose label is a number rather than a class."""


def split(data_set: str) -> dict[str, Rows]:
    """Give the rows of a data set by channel: 60 % train, 20 % validation, 20 % test.

    Args:
        data_set: One of `DATA_SETS`.
    """
    features, labels = _LOADERS[data_set](return_X_y=True)
    rows = np.column_stack([labels, features])
    by_class = data_set not in _NUMBERS

    def parts(rows: Rows, share: float) -> tuple[Rows, Rows]:
        classes = rows[:, 0] if by_class else None
        first, second = train_test_split(rows, test_size=share, random_state=0, stratify=classes)
        return first, second

    train, rest = parts(rows, 0.4)
    validation, test = parts(rest, 0.5)
    return {"train": train, "validation": validation, "test": test}


def upload(s3: Any, prefix: str, channels: Mapping[str, Rows]) -> None:
    """Write each channel's rows to `s3://<bucket>/<prefix>/<channel>/data.csv`.

    Args:
        s3: A client; the bucket is made if it is not there.
        prefix: Without a slash at its end.
        channels: Rows by channel.
    """
    s3.create_bucket(Bucket=BUCKET)
    for channel, rows in channels.items():
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{channel}/data.csv", Body=to_csv(rows))


def to_csv(rows: Rows) -> bytes:
    """Give rows as CSV without a header."""
    text = io.StringIO()
    np.savetxt(text, rows, delimiter=",", fmt="%.10g")
    return text.getvalue().encode()
