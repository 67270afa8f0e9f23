"""The rows of a channel, as XGBoost takes them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]


class Rows(NamedTuple):
    """Features with a label each.

    Attributes:
        features: One row per label; NaN, or absent when sparse, is a missing value.
        labels: Finite numbers.
        weights: One per row, None when the data has none.
        groups: The query that each row belongs to, None when the data has none.
    """

    features: Floats | sparse.csr_matrix
    labels: Floats
    weights: Floats | None = None
    groups: npt.NDArray[np.int64] | None = None
