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

# As AWS lists them for sagemaker-xgboost:1.3-1.
_LISTED: Final = {
    "train": "accuracy auc aucpr error f1 f1_binary logloss mae map mse ndcg poisson-nloglik rmse",
    "validation": "accuracy auc aucpr balanced_accuracy error f1 f1_binary logloss mae map mse ndcg"
    " poisson-nloglik precision recall rmse",
}
# Later versions emit more. A training job has at most 40 definitions, and its objective's is
# listed twice: the most used of them are, and any other where it is the objective.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AlgorithmSpecification.html
_LISTED_TOO: Final = (
    "f1_macro gamma-nloglik mape merror mlogloss precision_macro r2 recall_macro rmsle"
)

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
    *(_definition("train", metric) for metric in _LISTED["train"].split()),
    *(_definition("validation", metric) for metric in _LISTED["validation"].split()),
    *(_definition("validation", metric) for metric in _LISTED_TOO.split()),
)
_NAMES: Final = {each["Name"] for each in METRIC_DEFINITIONS}
OTHER_OBJECTIVES: Final = tuple(
    _definition("validation", metric) for metric in NAMES if f"validation:{metric}" not in _NAMES
)
