"""The best training job by rank and metric, and the leaderboard, against the local endpoint."""

from __future__ import annotations

import csv
import doctest
import io
import json
import pickle
import uuid
from typing import Any

import boto3
import pytest
from airflow.sdk import DAG

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    NoCompletedTrainingJob,
    TuningJobFailed,
    TuningJobNotFound,
)
from sagemaker_tuning.operators import leaderboard as leaderboard_module
from sagemaker_tuning.operators import training_job as training_job_module
from sagemaker_tuning.operators.leaderboard import SageMakerTuningJobLeaderboardOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from tests.operators.task import BUCKET, Document, context, tuning_operator, tuning_request


@pytest.fixture(scope="module")
def s3(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="module")
def tuned_once() -> dict[str, str]:
    return {}


@pytest.fixture
def name(client: Any, tuned_once: dict[str, str]) -> str:  # noqa: ARG001 -- the data must be there
    """A completed tuning job of five training jobs, which the tests here share."""
    if not tuned_once:
        chosen = f"ranked-{uuid.uuid4().hex[:8]}"
        tuning_operator(tuning_request(jobs=5), tuning_job_name=chosen).execute(context())
        tuned_once["name"] = chosen
    return tuned_once["name"]


def _best(name: str, **arguments: Any) -> Document:
    operator = SageMakerGetBestTrainingJobOperator(
        task_id="best", tuning_job_name=name, **arguments
    )
    result = operator.execute(context())
    json.dumps(result, allow_nan=False)  # it goes to XCom
    return result


def _leaderboard(name: str, **arguments: Any) -> Document:
    operator = SageMakerTuningJobLeaderboardOperator(
        task_id="leaderboard", tuning_job_name=name, **arguments
    )
    result = operator.execute(context())
    json.dumps(result, allow_nan=False)
    return result


def _value(best: Document) -> float:
    return float(best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])


def _metric(best: Document, name: str) -> float:
    (value,) = [
        metric["Value"] for metric in best["FinalMetricDataList"] if metric["MetricName"] == name
    ]
    return float(value)


def test_ranks_are_the_training_jobs_in_order(client: Any, name: str) -> None:
    """Rank 1 is SageMaker's best, each training job has one rank, and none is better than it."""
    ranked = [_best(name, rank=rank) for rank in (1, 2, 3, "4", 5)]
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert ranked[0]["TrainingJobName"] == described["BestTrainingJob"]["TrainingJobName"]
    assert len({best["TrainingJobName"] for best in ranked}) == 5
    values = [_value(best) for best in ranked]
    assert values == sorted(values, reverse=True)
    board = _leaderboard(described["HyperParameterTuningJobArn"])
    assert [row["TrainingJobName"] for row in board["Rows"]] == [
        best["TrainingJobName"] for best in ranked
    ]
    assert board["TrainingJobs"] == 5
    assert board["Objective"] == {"MetricName": "validation:auc", "Type": "Maximize"}


def test_under_warm_start_the_best_of_all_is_the_best(client: Any, name: str) -> None:
    """OverallBestTrainingJob may be a parent's; the tuning job's own ones come after it."""
    child = f"warm-{uuid.uuid4().hex[:8]}"
    parents = [{"HyperParameterTuningJobName": name}]
    warm = {
        "WarmStartType": "IdenticalDataAndAlgorithm",
        "ParentHyperParameterTuningJobs": parents,
    }
    # So slow a learner predicts one half of everything.
    request = tuning_request(
        jobs=1,
        ParameterRanges={
            "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "1e-9", "MaxValue": "2e-9"}]
        },
    )
    tuning_operator(request, tuning_job_name=child, warm_start_config=warm).execute(context())
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=child)
    overall = described["OverallBestTrainingJob"]
    best = _best(child)
    assert best["TrainingJobName"] == overall["TrainingJobName"]
    assert best["TuningJobArn"].endswith(f"/{overall['TuningJobName']}")
    assert overall["TuningJobName"] == name
    own = _best(child, rank=2)
    assert own["TrainingJobName"] == described["BestTrainingJob"]["TrainingJobName"]


def test_each_definition_is_ranked_by_its_own_metric(client: Any, s3: Any) -> None:  # noqa: ARG001 -- the data must be there
    """Both to be maximized: one leaderboard, each row of which names the metric of its value."""
    chosen = f"several-{uuid.uuid4().hex[:8]}"
    request = tuning_request(jobs=4)
    definition = request.pop("training_job_definition")
    definition["HyperParameterRanges"] = request["tuning_job_config"].pop("ParameterRanges")
    objective = request["tuning_job_config"].pop("HyperParameterTuningJobObjective")
    metrics = {"one": "validation:auc", "two": "validation:accuracy"}
    definitions = [
        definition | {"DefinitionName": name, "TuningObjective": objective | {"MetricName": metric}}
        for name, metric in metrics.items()
    ]
    tuning_operator(
        request,
        training_job_definition=None,
        training_job_definitions=definitions,
        tuning_job_name=chosen,
    ).execute(context())
    uri = f"s3://{BUCKET}/boards/{chosen}.json"
    board = _leaderboard(chosen, s3_uri=uri)
    assert board["Objective"] == {"MetricName": None, "Type": "Maximize"}
    assert {row["TrainingJobDefinitionName"] for row in board["Rows"]} == set(metrics)
    key = uri.removeprefix(f"s3://{BUCKET}/")
    rows = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert all(row["MetricName"] == metrics[row["TrainingJobDefinitionName"]] for row in rows)
    assert _leaderboard(chosen, definition_name="two")["Objective"]["MetricName"] == metrics["two"]


def test_a_rank_that_nobody_has_is_an_error(name: str) -> None:
    """The sixth of five is not the fifth, and will never be there."""
    with pytest.raises(AirflowFailException, match="rank 6 of 5 training jobs") as failed:
        _best(name, rank=6)
    assert isinstance(failed.value.__cause__, NoCompletedTrainingJob)


def test_another_metric_ranks_too(name: str) -> None:
    """The training metric, and the other way round, is taken from each training job itself."""
    most = {"MetricName": "train:auc", "Type": "Maximize"}
    ranked = [_best(name, rank=rank, objective=json.dumps(most)) for rank in range(1, 6)]
    values = [_metric(best, "train:auc") for best in ranked]
    assert values == sorted(values, reverse=True)
    least = _best(name, objective=most | {"Type": "Minimize"})
    assert _metric(least, "train:auc") == min(values)
    board = _leaderboard(name, objective=most, limit=1)
    assert board["Rows"][0]["TrainingJobName"] == ranked[0]["TrainingJobName"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"rank": 0}, "rank: 0"),
        ({"rank": True}, "rank: True"),
        ({"rank": "best"}, "rank: 'best'"),
        ({"objective": {"MetricName": "validation:x", "Type": "Maximize"}}, "validation:auc"),
        ({"objective": "[not YAML"}, "objective: not YAML"),
        ({"definition_name": "other"}, "definition_name: 'other'"),
    ],
)
def test_a_wrong_argument_of_the_best_is_named(name: str, arguments: Document, said: str) -> None:
    """It is refused with its value and what would be right, and not retried."""
    with pytest.raises(AirflowFailException, match=said) as failed:
        _best(name, **arguments)
    assert isinstance(failed.value.__cause__, InvalidTuningRequest)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"limit": 101}, "limit: 101: at most 100; give s3_uri"),
        ({"s3_uri": "s3://bucket"}, "s3_uri: 's3://bucket'"),
        ({"s3_uri": "s3://bucket/board.xlsx"}, "one of csv, json, parquet"),
        ({"s3_uri": "s3://bucket/board"}, "file_format: ''"),
        ({"file_format": "csv"}, "give s3_uri too"),
    ],
)
def test_a_wrong_argument_of_the_leaderboard_is_named(arguments: Document, said: str) -> None:
    """It is refused before anything is asked of AWS."""
    with pytest.raises(AirflowFailException, match=said):
        _leaderboard("no-such-job", **arguments)


def test_a_leaderboard_is_written_to_s3(s3: Any, name: str) -> None:
    """All rows are in the file, in the format that its name says or that is asked for."""
    uri = f"s3://{BUCKET}/boards/{name}"
    result = _leaderboard(name, limit=2, s3_uri=f"{uri}.csv")
    assert result["S3Uri"] == f"{uri}.csv"
    assert len(result["Rows"]) == 2
    _leaderboard(name, s3_uri=f"{uri}.csv")  # again: it is replaced
    text = s3.get_object(Bucket=BUCKET, Key=f"boards/{name}.csv")["Body"].read().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Rank"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert float(rows[0]["Value"]) == result["Rows"][0]["Value"]
    _leaderboard(name, s3_uri=uri, file_format="JSON")
    body = s3.get_object(Bucket=BUCKET, Key=f"boards/{name}")["Body"].read()
    assert [row["TrainingJobName"] for row in json.loads(body)] == [
        row["TrainingJobName"] for row in rows
    ]


def test_a_leaderboard_is_written_as_parquet(s3: Any, name: str) -> None:
    """The tuned hyperparameter is a column of numbers."""
    parquet = pytest.importorskip("pyarrow.parquet")
    _leaderboard(name, s3_uri=f"s3://{BUCKET}/boards/{name}.parquet")
    body = s3.get_object(Bucket=BUCKET, Key=f"boards/{name}.parquet")["Body"].read()
    table = parquet.read_table(io.BytesIO(body))
    assert table["Rank"].to_pylist() == [1, 2, 3, 4, 5]
    assert all(0.1 <= eta <= 1 for eta in table["TunedHyperParameters.eta"].to_pylist())


def test_a_bucket_that_is_not_there_is_said_by_s3(name: str) -> None:
    """The URI and S3's own code are in the error, which survives a process boundary."""
    with pytest.raises(AwsCallFailed, match="NoSuchBucket") as failed:
        _leaderboard(name, s3_uri="s3://no-such-bucket-anywhere/board.csv")
    assert failed.value.code == "NoSuchBucket"
    copy = pickle.loads(pickle.dumps(failed.value))  # noqa: S301 -- what was just dumped
    assert str(copy) == str(failed.value)


def test_failures_are_last_and_the_digest_has_their_log() -> None:
    """What failed has no rank; its reason comes with the lines that the algorithm printed last."""
    chosen = f"failing-{uuid.uuid4().hex[:8]}"
    with pytest.raises(TuningJobFailed) as failed:
        tuning_operator(tuning_request(data="text"), tuning_job_name=chosen).execute(context())
    digest = pickle.loads(pickle.dumps(failed.value)).digest  # noqa: S301 -- what was just dumped
    assert digest.startswith("3 × ")
    assert any(line.startswith("    | ") for line in digest.splitlines())
    assert "console.aws" not in digest  # the local endpoint has no console
    assert len(str(failed.value).splitlines()) <= 40
    board = _leaderboard(chosen)
    assert board["TrainingJobs"] == 3
    assert board["Rows"] == []
    with pytest.raises(AirflowFailException, match=r"no training job of .* \(Failed\)"):
        _best(chosen, objective={"MetricName": "validation:auc", "Type": "Maximize"})


def test_an_absent_tuning_job_is_told() -> None:
    """A mistyped name is an error of its own."""
    with pytest.raises(TuningJobNotFound):
        _leaderboard("no-such-job")


def test_operators_can_be_mapped() -> None:
    """Ranks and tuning jobs are arguments like any other."""
    with DAG("mapped", schedule=None):
        SageMakerGetBestTrainingJobOperator.partial(task_id="best", tuning_job_name="churn").expand(
            rank=[1, 2, 3]
        )
        SageMakerTuningJobLeaderboardOperator.partial(task_id="leaderboard").expand(
            tuning_job_name=["churn", "sales"]
        )


@pytest.mark.parametrize("module", [training_job_module, leaderboard_module])
def test_the_examples_in_the_docstrings_run(module: Any) -> None:
    """What help() shows works as it stands."""
    result = doctest.testmod(module, extraglobs=vars(module))
    assert result.attempted >= 2
    assert result.failed == 0
