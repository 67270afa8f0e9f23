"""What the local SageMaker endpoint costs: a tuning job beside a bare Optuna and XGBoost script.

Both do 20 training jobs, 3 at a time, one thread each, on the same data and ranges, with Optuna's
TPE in the same settings. Its samples differ all the same: the endpoint, whose answer must not
depend on which training job ends first, tells it the results later. The script parses the data once
and trains in threads of its own process; the endpoint does all that a tuning job takes: a process
for each training job, metrics, logs, artifacts, counters. They take turns, so that whatever else
the machine does falls on both. Every turn has its rows in an order of its own, because the endpoint
keeps parsed data for the next tuning job on it, which would spare it what the script has to do.

Times are from start to end of the whole search, without starting Python or the endpoint; the
endpoint's are its own, CreationTime to HyperParameterTuningEndTime.
"""

import argparse
import contextlib
import io
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import numpy as np
import optuna
import xgboost
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

TRAINING_JOBS = 20
PARALLEL = 3
BUCKET = "benchmark"
RANGES = {"eta": (0.0, 1.0), "alpha": (0.0, 2.0), "min_child_weight": (1.0, 10.0)}
DEPTHS = (1, 10)
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Case:
    """Data, the label first, its rows for training, and how long each training job boosts."""

    name: str
    table: NDArray[np.float64]
    rows: int
    rounds: int

    def csv(self, seed: int) -> "Csv":
        """The data with its rows in an order of the seed's own."""
        order = np.random.default_rng(seed)
        return Csv(
            *(_csv(order.permutation(part)) for part in np.split(self.table, [self.rows])),
        )


@dataclass(frozen=True)
class Csv:
    """What one run trains on and is judged by."""

    train: str
    validation: str


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="runs of each (%(default)s)")
    repeats: int = parser.parse_args().repeats
    print(f"{TRAINING_JOBS} training jobs, {PARALLEL} at a time; medians of {repeats} runs\n")
    print(f"{'data':<34}{'bare script':>13}{'tuning job':>12}{'ratio':>8}")
    with endpoint() as url:
        for case in (synthetic(), breast_cancer()):
            # The first turn, seed 0, only warms up.
            turns = [(case.csv(seed), seed) for seed in range(repeats + 1)]
            runs = [
                (
                    bare_script(data, case.rounds, seed=seed),
                    tuning_job(url, data, case.rounds, seed=seed),
                )
                for data, seed in turns
            ][1:]
            bare, local = (statistics.median(times) for times in zip(*runs, strict=True))
            print(f"{case.name:<34}{bare:>11.2f} s{local:>10.2f} s{local / bare:>8.2f}")


def synthetic() -> Case:
    """8000 rows of 20 features for training, 2000 for validation."""
    random = np.random.default_rng(0)
    features = random.normal(size=(10_000, 20))
    score = features[:, 0] + features[:, 1] * features[:, 2] + random.normal(size=10_000)
    return _case("8000 x 20, 50 rounds", features, score > 0, rows=8000, rounds=50)


def breast_cancer() -> Case:
    """scikit-learn's breast-cancer set, with the rounds of SageMaker's documented example."""
    data = load_breast_cancer()
    order = np.random.default_rng(0).permutation(len(data.target))
    return _case(
        "breast cancer 455 x 30, 100 rounds",
        data.data[order],
        data.target[order] == 1,
        rows=455,
        rounds=100,
    )


def _case(
    name: str, features: NDArray[np.float64], labels: NDArray[np.bool_], *, rows: int, rounds: int
) -> Case:
    return Case(name, np.column_stack([labels.astype(float), features]), rows, rounds)


def _csv(table: NDArray[np.float64]) -> str:
    text = io.StringIO()
    np.savetxt(text, table, delimiter=",", fmt="%.6g")
    return text.getvalue()


def bare_script(data: Csv, rounds: int, *, seed: int) -> float:
    """Seconds that the search takes as one would write it without SageMaker."""
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
    study.optimize(objective, n_trials=TRAINING_JOBS, n_jobs=PARALLEL)
    return time.perf_counter() - started


def tuning_job(url: str, data: Csv, rounds: int, *, seed: int) -> float:
    """Seconds that the same search takes as a tuning job on the endpoint."""
    upload(url, data)
    sagemaker = _client(url, "sagemaker")
    name = f"bench-{uuid.uuid4().hex[:12]}"
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, **_request(rounds, seed)
    )
    while True:
        # Rarely, because asking is no part of the job and takes processor time from it.
        time.sleep(0.5)
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        if job["HyperParameterTuningJobStatus"] != "InProgress":
            break
    if job["TrainingJobStatusCounters"]["Completed"] != TRAINING_JOBS:
        sys.exit(f"{name} did not complete: {job}")
    seconds: float = (job["HyperParameterTuningEndTime"] - job["CreationTime"]).total_seconds()
    return seconds


def upload(url: str, data: Csv) -> None:
    """Put the data where the tuning job reads it."""
    s3 = _client(url, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="train/data.csv", Body=data.train)
    s3.put_object(Bucket=BUCKET, Key="validation/data.csv", Body=data.validation)


def _request(rounds: int, seed: int) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize",
                "MetricName": "validation:auc",
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": TRAINING_JOBS,
                "MaxParallelTrainingJobs": PARALLEL,
            },
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": name, "MinValue": str(low), "MaxValue": str(high)}
                    for name, (low, high) in RANGES.items()
                ],
                "IntegerParameterRanges": [
                    {"Name": "max_depth", "MinValue": str(DEPTHS[0]), "MaxValue": str(DEPTHS[1])}
                ],
            },
            "RandomSeed": seed,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::123456789012:role/benchmark",
            "InputDataConfig": [_channel("train"), _channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StaticHyperParameters": {
                "objective": "binary:logistic",
                "eval_metric": "auc",
                "num_round": str(rounds),
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


def _channel(name: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/"}
        },
    }


def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106 -- the endpoint takes any
    )


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """A local endpoint of its own, on a free port."""
    command = [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 -- asked for above
        ready = process.stdout.readline()
        try:
            yield next(word for word in ready.split() if word.startswith("http://"))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
