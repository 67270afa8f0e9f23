"""The search of a tuning job as one would write it without SageMaker."""

import io
import time
from typing import Any

import numpy as np
import optuna
import xgboost

from benchmarks.data import Csv

RANGES = {"eta": (0.0, 1.0), "alpha": (0.0, 2.0), "min_child_weight": (1.0, 10.0)}
DEPTHS = (1, 10)

optuna.logging.set_verbosity(optuna.logging.WARNING)


def run(data: Csv, *, rounds: int, training_jobs: int, parallel: int, seed: int) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    train, validation = (
        xgboost.DMatrix(table[:, 1:], table[:, 0])
        for table in (
            np.loadtxt(io.StringIO(text), delimiter=",") for text in (data.train, data.validation)
        )
    )

    def objective(trial: optuna.Trial) -> float:
        parameters = {
            "objective": "binary:logistic",
            "eval_metric": "auc",
            "nthread": 1,
            "max_depth": trial.suggest_int("max_depth", *DEPTHS),
            **{name: trial.suggest_float(name, *bounds) for name, bounds in RANGES.items()},
        }
        result: dict[str, Any] = {}
        xgboost.train(
            parameters,
            train,
            rounds,
            evals=[(train, "train"), (validation, "validation")],
            evals_result=result,
            verbose_eval=False,
        )
        return float(result["validation"]["auc"][-1])

    sampler = optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=10, multivariate=True, constant_liar=True
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=training_jobs, n_jobs=parallel)
    return time.perf_counter() - started
