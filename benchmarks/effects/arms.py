"""The effects: two arms each, whose tuning jobs differ in one thing."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.effects.sets import DataSet
from benchmarks.endpoint import Endpoint, numeric_range, request

_PARALLEL = 2
# What AWS recommends is for more data: among some hundred rows, an alpha or min_child_weight of
# hundreds leaves nothing to learn.
_RANGES = {
    "ContinuousParameterRanges": [
        numeric_range("eta", 0.01, 0.5, "Logarithmic"),
        numeric_range("alpha", 0.001, 10, "Logarithmic"),
        numeric_range("lambda", 0.001, 100, "Logarithmic"),
        numeric_range("gamma", 0, 5),
        numeric_range("min_child_weight", 0, 20),
        numeric_range("subsample", 0.5, 1),
        numeric_range("colsample_bytree", 0.5, 1),
    ],
    "IntegerParameterRanges": [numeric_range("max_depth", 1, 10)],
}


@dataclass(frozen=True)
class Outcome:
    """What one tuning job came to.

    Attributes:
        objective: Of its best training job; lower is better.
        training_seconds: Of all its training jobs together.
    """

    objective: float
    training_seconds: float


Arm = Callable[[Endpoint, DataSet, int], Outcome]


@dataclass(frozen=True)
class Effect:
    """One thing that is said to help.

    Attributes:
        name: As a headline.
        procedure: What both arms do.
        without: The arm without it, and its name.
        with_it: The arm with it, and its name.
        measures: Which of an outcome's values are compared; lower is better.
    """

    name: str
    procedure: str
    without: tuple[str, Arm]
    with_it: tuple[str, Arm]
    measures: tuple[str, ...] = ("objective",)


def _scaled(scaling: str) -> Mapping[str, list[dict[str, str]]]:
    return {
        "ContinuousParameterRanges": [
            numeric_range("eta", 0.001, 1, scaling),
            numeric_range("alpha", 1e-6, 1000, scaling),
            numeric_range("lambda", 1e-6, 1000, scaling),
            numeric_range("gamma", 1e-6, 10, scaling),
        ]
    }


def _tuned(
    local: Endpoint,
    data_set: DataSet,
    seed: int,
    *,
    training_jobs: int,
    rounds: int = 50,
    ranges: Mapping[str, list[dict[str, str]]] = _RANGES,
    strategy: str = "Bayesian",
    **config: Any,
) -> Outcome:
    return _outcome(
        local,
        _run(
            local,
            data_set,
            seed,
            training_jobs=training_jobs,
            rounds=rounds,
            ranges=ranges,
            Strategy=strategy,
            **config,
        ),
    )


def _run(
    local: Endpoint,
    data_set: DataSet,
    seed: int,
    *,
    training_jobs: int,
    rounds: int,
    ranges: Mapping[str, list[dict[str, str]]],
    parent: str | None = None,
    **config: Any,
) -> str:
    made = request(
        metric=data_set.metric,
        maximize=False,
        ranges=dict(ranges),
        hyperparameters={**data_set.hyperparameters, "num_round": str(rounds)},
        training_jobs=training_jobs,
        parallel=_PARALLEL,
        RandomSeed=seed,
        **config,
    )
    if parent is not None:
        made["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        }
    name = local.create(made)
    local.wait(name, every_seconds=0.1)
    return name


def _outcome(local: Endpoint, name: str) -> Outcome:
    jobs = local.training_jobs(name)
    objectives = [
        job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for job in jobs
        if "FinalHyperParameterTuningJobObjectiveMetric" in job
    ]
    seconds = [(job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds() for job in jobs]
    return Outcome(min(objectives), sum(seconds))


def _continued(local: Endpoint, data_set: DataSet, seed: int, *, warm: bool) -> Outcome:
    """The second of two tuning jobs, whose seed is one that no other has."""
    again = functools.partial(_run, local, data_set, ranges=_RANGES, rounds=50)
    parent = again(seed, training_jobs=20, Strategy="Random") if warm else None
    child = again(seed + 1000, training_jobs=10, Strategy="Bayesian", parent=parent)
    return _outcome(local, child)


EFFECTS = (
    Effect(
        "Bayesian against random search",
        "30 training jobs of 50 rounds over eight hyperparameters.",
        ("Random", functools.partial(_tuned, training_jobs=30, strategy="Random")),
        ("Bayesian", functools.partial(_tuned, training_jobs=30)),
    ),
    Effect(
        "Logarithmic against linear scaling",
        "20 training jobs of 50 rounds, Bayesian, eta from 0.001 to 1, alpha and lambda from 1e-6"
        " to 1000, gamma from 1e-6 to 10.",
        ("Linear", functools.partial(_tuned, training_jobs=20, ranges=_scaled("Linear"))),
        ("Logarithmic", functools.partial(_tuned, training_jobs=20, ranges=_scaled("Logarithmic"))),
    ),
    Effect(
        "Early stopping",
        "20 training jobs of 500 rounds, Bayesian, over the same eight. Training time is"
        " that of all training jobs together, in seconds.",
        ("Off", functools.partial(_tuned, training_jobs=20, rounds=500)),
        (
            "Auto",
            functools.partial(
                _tuned, training_jobs=20, rounds=500, TrainingJobEarlyStoppingType="Auto"
            ),
        ),
        measures=("objective", "training_seconds"),
    ),
    Effect(
        "Warm against cold start",
        "10 training jobs of 50 rounds, Bayesian, over the same eight; the warm start knows"
        " 20 training jobs of a random search on the same data, which do not count as its own.",
        ("Cold", functools.partial(_continued, warm=False)),
        ("Warm", functools.partial(_continued, warm=True)),
    ),
)
