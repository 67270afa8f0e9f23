"""The metrics that built-in XGBoost emits, and how they are found in its log.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html
"""

from typing import Final

MAXIMIZE: Final = (
    "accuracy",
    "auc",
    "aucpr",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "map",
    "ndcg",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
)
MINIMIZE: Final = (
    "aft-nloglik",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "interval-regression-accuracy",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "mse",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
)
NAMES: Final = MAXIMIZE + MINIMIZE

# Of the metrics of the training data that AWS lists too, those most used: a training job has at
# most 40 definitions, and the objective's is listed twice.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AlgorithmSpecification.html
_OF_TRAINING_DATA: Final = ("accuracy", "auc", "error", "logloss", "mae", "rmse")

# A tuning job's objective is one of the validation data's.
DIRECTIONS: Final = {
    **{f"validation:{metric}": "Maximize" for metric in MAXIMIZE},
    **{f"validation:{metric}": "Minimize" for metric in MINIMIZE},
}


def _definition(data: str, metric: str) -> dict[str, str]:
    # CloudWatch shows a TAB as #011.
    regex = rf".*\[[0-9]+\].*#011{data}-{metric}:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*"
    return {"Name": f"{data}:{metric}", "Regex": regex}


METRIC_DEFINITIONS: Final = (
    *(_definition("train", metric) for metric in _OF_TRAINING_DATA),
    *(_definition("validation", metric) for metric in NAMES),
)
