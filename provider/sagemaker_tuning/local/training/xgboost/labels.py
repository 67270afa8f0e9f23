"""The labels that an objective can learn from.

XGBoost finds the same mistakes, but speaks of them in terms of what it computes from the labels.
"""

import numpy as np

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost.rows import Floats


def check(labels: Floats, channel: str, objective: str, num_class: int) -> None:
    """Refuse labels outside of what ``objective`` takes.

    Raises:
        UserError: It names the first such label and what it would have to be.
    """
    if objective in ("binary:logistic", "binary:logitraw", "reg:logistic"):
        bad, rule = (labels < 0) | (labels > 1), "label must be in [0,1] for logistic regression"
    elif objective in ("multi:softmax", "multi:softprob"):
        bad = (labels < 0) | (labels >= num_class) | (labels != np.floor(labels))
        rule = f"label must be in [0, num_class), a whole number below {num_class}"
    elif objective in ("count:poisson", "reg:tweedie"):
        bad, rule = labels < 0, "label must be nonnegative"
    else:
        return
    rows = np.flatnonzero(bad)
    if rows.size:
        raise UserError(
            f"{rule}, but row {rows[0] + 1} of channel '{channel}' has {labels[rows[0]]:g}"
        )
