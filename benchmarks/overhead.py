"""A tuning job beside a bare Optuna and XGBoost script.

Both do as many training jobs, 3 at a time, one thread each, on the same data and ranges, with
Optuna's TPE in the same settings, told each result as it comes: a RandomSeed, which has the
endpoint wait for results in their order, is left out, because the script has nothing like it. The
script parses the data once and trains in threads of its own process, which is as cheap as it gets
and what one would write; the endpoint does all that a tuning job takes: a process for each training
job, metrics, logs, artifacts, counters. They take turns, so that whatever else the machine does
falls on both. Every turn has its rows in an order of its own, because the endpoint keeps parsed
data for the next tuning job on it, which would spare it what the script has to do.

Times are from start to end of the whole search, without starting Python or the endpoint; the
endpoint's are its own, CreationTime to HyperParameterTuningEndTime.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import bare
from benchmarks.data import Csv, Data, breast_cancer, synthetic
from benchmarks.endpoint import Endpoint, endpoint, numeric_range, request

PARALLEL = 3


@dataclass(frozen=True)
class Case:
    """How many training jobs boost how long on which data."""

    name: str
    data: Callable[[], Data]
    training_jobs: int
    rounds: int


CASES = (
    Case("20 jobs: 8000 x 20, 50 rounds", synthetic, training_jobs=20, rounds=50),
    Case("100 jobs: 455 x 30, 100 rounds", breast_cancer, training_jobs=100, rounds=100),
)


def report(repeats: int) -> None:
    """Print the table: medians, and the median of the turns' ratios."""
    print(f"{'tuning job, 3 at a time':<34}{'bare script':>13}{'endpoint':>12}{'ratio':>8}")
    with endpoint() as local:
        for case in CASES:
            data = case.data()
            # The first turn, seed 0, only warms up.
            turns = [_turn(local, case, data.csv(seed), seed) for seed in range(repeats + 1)][1:]
            bare_seconds, local_seconds = map(statistics.median, zip(*turns, strict=True))
            ratio = statistics.median(ours / theirs for theirs, ours in turns)
            print(f"{case.name:<34}{bare_seconds:>11.2f} s{local_seconds:>10.2f} s{ratio:>8.2f}")


def _turn(local: Endpoint, case: Case, data: Csv, seed: int) -> tuple[float, float]:
    return (
        bare.run(
            data,
            rounds=case.rounds,
            training_jobs=case.training_jobs,
            parallel=PARALLEL,
            seed=seed,
        ),
        _tuning_job(local, case, data),
    )


def _tuning_job(local: Endpoint, case: Case, data: Csv) -> float:
    local.upload(data)
    name = local.create(
        request(
            metric="validation:auc",
            maximize=True,
            ranges={
                "ContinuousParameterRanges": [
                    numeric_range(name, *bounds, "Linear") for name, bounds in bare.RANGES.items()
                ],
                "IntegerParameterRanges": [numeric_range("max_depth", *bare.DEPTHS, "Linear")],
            },
            hyperparameters={
                "objective": "binary:logistic",
                "eval_metric": "auc",
                "num_round": str(case.rounds),
            },
            training_jobs=case.training_jobs,
            parallel=PARALLEL,
            Strategy="Bayesian",
        )
    )
    job = local.wait(name)
    seconds: float = (job["HyperParameterTuningEndTime"] - job["CreationTime"]).total_seconds()
    return seconds
