"""Built-in XGBoost's tunable hyperparameters, and their recommended ranges.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html
"""

from collections.abc import Mapping
from typing import Final

INTEGER: Final[Mapping[str, tuple[str, str]]] = {
    "max_delta_step": ("0", "10"),
    "max_depth": ("0", "10"),
    "num_round": ("1", "4000"),
}
CONTINUOUS: Final[Mapping[str, tuple[str, str]]] = {
    "alpha": ("0", "1000"),
    "colsample_bylevel": ("0.1", "1"),
    "colsample_bynode": ("0.1", "1"),
    "colsample_bytree": ("0.5", "1"),
    "eta": ("0.1", "0.5"),
    "gamma": ("0", "5"),
    "lambda": ("0", "1000"),
    "min_child_weight": ("0", "120"),
    "subsample": ("0.5", "1"),
}

# The developer guide searches over tree_method where it shows what ranges look like:
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
TUNABLE: Final = frozenset((*INTEGER, *CONTINUOUS, "tree_method"))
