"""The built-in XGBoost algorithm."""

from __future__ import annotations

SOURCE = "https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html"
REPOSITORIES = ("sagemaker-xgboost", "xgboost")

METRICS = frozenset(
    f"{channel}:{metric}"
    for channel in ("train", "validation")
    for metric in (
        "accuracy",
        "aft-nloglik",
        "auc",
        "aucpr",
        "balanced_accuracy",
        "cox-nloglik",
        "error",
        "f1",
        "f1_binary",
        "f1_macro",
        "interval-regression-accuracy",
        "gamma-deviance",
        "gamma-nloglik",
        "logloss",
        "mae",
        "map",
        "mape",
        "merror",
        "mlogloss",
        "mphe",
        "mse",
        "ndcg",
        "poisson-nloglik",
        "precision",
        "precision_macro",
        "precision_micro",
        "r2",
        "recall",
        "recall_macro",
        "recall_micro",
        "rmse",
        "rmsle",
        "tweedie-nloglik",
    )
)
