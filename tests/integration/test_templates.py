"""The templates to tune by hand and to tune many data sets, under a real scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo import sagemaker as endpoint
from demo import samples
from demo.dag_run import DagRun
from demo.pipelines import named
from tests.integration import runs

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

UI, MANY, CHAINS = "tune_from_ui", "tune_many", "mapped_chains"
GROUP = "tune_and_create_model"


_DATA = f"s3://{samples.BUCKET}/tune-from-ui"
_REQUEST: dict[str, Any] = {
    "tuning_job_config": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]
        },
    },
    "training_job_definition": {
        "AlgorithmSpecification": {
            "TrainingImage": (
                "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
            ),
            "TrainingInputMode": "File",
        },
        "InputDataConfig": [
            {
                "ChannelName": name,
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{_DATA}/{name}/"}
                },
            }
            for name in ("train", "validation")
        ],
        "OutputDataConfig": {"S3OutputPath": f"{_DATA}/output"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
        "StaticHyperParameters": {"objective": "binary:logistic", "num_round": "3"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    },
}


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Any:
    """Give a boto3 client of the endpoint's S3."""
    return endpoint.client(stack.endpoint_url, "s3")


def _jobs(sagemaker: Any) -> set[str]:
    answer = sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=100)
    return {
        job["HyperParameterTuningJobName"] for job in answer["HyperParameterTuningJobSummaries"]
    }


def _described(sagemaker: Any, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return answer


def test_every_field_of_the_form_reaches_the_request(airflow: AirflowApi, sagemaker: Any) -> None:
    """Ranges, limits, criteria, spot, tags, and last of all what has no field of its own."""
    conf = {
        "strategy": "Random",
        "jobs": 3,
        "seed": None,
        "early_stopping": "Auto",
        "no_better": 3,
        "convergence": False,
        "spot": True,
        "volume": 20,
        "static": {"objective": "binary:logistic", "num_round": 3},
        "continuous": [
            {"Name": "eta", "MinValue": 0.2, "MaxValue": "0.3", "ScalingType": "Logarithmic"}
        ],
        "integer": [],
        "categorical": [{"Name": "tree_method", "Values": ["exact", "hist"]}],
        "tags": [{"Key": "team", "Value": "churn"}],
        "rates": {"ml.m5.large": 0.1},
        "max_cost": 100,
        "more": {"TrainingJobDefinition": {"StaticHyperParameters": {"num_round": 2}}},
    }
    run_id = runs.start(airflow, UI, conf)
    assert runs.ended(airflow, UI, run_id) == "success"
    result = airflow.result(UI, run_id, f"{GROUP}.tune")
    job = _described(sagemaker, result["HyperParameterTuningJobName"])
    config, definition = job["HyperParameterTuningJobConfig"], job["TrainingJobDefinition"]
    assert config["Strategy"] == "Random"
    assert "RandomSeed" not in config
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert config["TuningJobCompletionCriteria"] == {
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}
    }
    assert config["ParameterRanges"]["ContinuousParameterRanges"] == [
        {"Name": "eta", "MinValue": "0.2", "MaxValue": "0.3", "ScalingType": "Logarithmic"}
    ]
    assert config["ParameterRanges"]["CategoricalParameterRanges"] == [
        {"Name": "tree_method", "Values": ["exact", "hist"]}
    ]
    assert definition["EnableManagedSpotTraining"] is True
    assert definition["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 3600,
        "MaxWaitTimeInSeconds": 7200,
    }
    assert definition["ResourceConfig"]["VolumeSizeInGB"] == 20
    assert definition["StaticHyperParameters"]["num_round"] == "2"
    tags = sagemaker.list_tags(ResourceArn=job["HyperParameterTuningJobArn"])["Tags"]
    assert {"Key": "team", "Value": "churn"} in tags
    assert result["EstimatedCost"]["AtMost"] == pytest.approx(3 * 0.1)
    assert len(airflow.result(UI, run_id, "leaderboard")["Rows"]) == 3


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"jobs": 0}, "minimum"),
        ({"strategy": "Best"}, "not one of"),
        ({"continuous": [{"Name": "eta", "MinValue": 0.1}]}, "'MaxValue' is a required property"),
        ({"integer": [{"Name": "a", "MinValue": 0.5, "MaxValue": 1}]}, "not of type 'integer'"),
        ({"parents": list("abcdef")}, "too long"),
        ({"instance_type": "m5.large"}, "does not match"),
        ({"max_cost": 0}, "minimum"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_no_field_takes_is_refused(
    stack: Stack, airflow: AirflowApi, conf: dict[str, Any], said: str
) -> None:
    """Airflow answers 400 with the reason, and there is no run."""
    runs.known(airflow, UI)
    url = f"{stack.airflow_url}/api/v2/dags/{UI}/dagRuns"
    body = {"logical_date": None, "conf": conf}
    answer = httpx.post(url, json=body, trust_env=False, timeout=60)
    assert answer.status_code == 400
    assert said in answer.text


@pytest.mark.parametrize("more", [{}, {"max_cost": 1, "rates": {"ml.m5.large": 0.01}}])
def test_a_dry_run_launches_nothing(
    stack: Stack, airflow: AirflowApi, sagemaker: Any, more: dict[str, Any]
) -> None:
    """The log has the request and the estimate; all that would follow is skipped."""
    before = _jobs(sagemaker)
    run_id = runs.start(airflow, UI, {"dry_run": True, **more})
    assert runs.ended(airflow, UI, run_id) == "success"
    states = runs.states(airflow, UI, run_id)
    assert states.pop(f"{GROUP}.stop") == ["success"]
    assert set(map(tuple, states.values())) == {("skipped",)}
    assert _jobs(sagemaker) == before
    (log,) = stack.home.glob(f"logs/dag_id={UI}/run_id={run_id}/task_id={GROUP}.tune/attempt=1.log")
    text = log.read_text()
    assert "This request would be sent" in text
    assert ("estimate: " in text) == bool(more)


@pytest.mark.parametrize(
    "conf",
    [
        {"max_cost": 0.01, "rates": {"ml.m5.large": 1}},
        {"continuous": [{"Name": "eta", "MinValue": 0.9, "MaxValue": 0.1}]},
        {"prefix": "nobodys"},
        {"more": {"TrainingJobDefinitoin": {}}},
    ],
    ids=["too-dear", "against-a-rule", "without-data", "unknown-field"],
)
def test_a_wrong_request_launches_nothing(
    airflow: AirflowApi, sagemaker: Any, conf: dict[str, Any]
) -> None:
    """The task fails at once, without a retry, and there is nothing to tear down."""
    before = _jobs(sagemaker)
    run_id = runs.start(airflow, UI, conf)
    assert runs.ended(airflow, UI, run_id) == "failed"
    states = runs.states(airflow, UI, run_id)
    assert states[f"{GROUP}.tune"] == ["failed"]
    assert states[f"{GROUP}.model"] == states["leaderboard"] == ["upstream_failed"]
    assert states[f"{GROUP}.stop"] == ["success"]
    assert _jobs(sagemaker) == before


def test_without_a_completed_training_job_there_is_no_model(
    airflow: AirflowApi, sagemaker: Any, s3: Any
) -> None:
    """Data that cannot be read fail the tuning job, and with it the run."""
    samples.upload(s3, "tune-from-bad", samples.split("breast_cancer"))
    _spoil(s3, "tune-from-bad")
    models = sagemaker.list_models(MaxResults=100)["Models"]
    run_id = runs.start(airflow, UI, {"prefix": "tune-from-bad", "jobs": 2})
    assert runs.ended(airflow, UI, run_id) == "failed"
    states = runs.states(airflow, UI, run_id)
    assert states[f"{GROUP}.best"] == states[f"{GROUP}.model"] == ["upstream_failed"]
    assert sagemaker.list_models(MaxResults=100)["Models"] == models


def _spoil(s3: Any, prefix: str) -> None:
    key = f"{prefix}/train/data.csv"
    s3.put_object(Bucket=samples.BUCKET, Key=key, Body=b"0,1\n1,two\n")


def test_each_data_set_comes_to_a_model(stack: Stack, airflow: AirflowApi, sagemaker: Any) -> None:
    """With its own objective; plain XGBoost reaches what each says; two are tuned at a time."""
    run = DagRun.start(stack, MANY, {"max_training_jobs": 3})
    assert runs.ended(airflow, MANY, run.run_id) == "success"
    named(MANY).show(run)
    rows = run.result("summary")["Rows"]
    assert {row["Name"]: row["MetricName"] for row in rows} == {
        "breast_cancer": "validation:auc",
        "wine": "validation:mlogloss",
        "digits": "validation:merror",
        "diabetes": "validation:rmse",
    }
    tasks = airflow.task_instances(MANY, run.run_id)
    assert {task["rendered_map_index"] for task in tasks} - {None} == set(samples.DATA_SETS)
    jobs = [_described(sagemaker, row["HyperParameterTuningJobName"]) for row in rows]
    for job in jobs:
        moment = job["CreationTime"]
        live = [
            each
            for each in jobs
            if each["CreationTime"] <= moment < each["HyperParameterTuningEndTime"]
        ]
        assert len(live) <= 2


def test_a_data_set_that_fails_leaves_the_others_alone(
    stack: Stack, airflow: AirflowApi, s3: Any
) -> None:
    """They have their models; the summary says what failed and why, and fails the run."""
    for name in samples.DATA_SETS:
        samples.upload(s3, f"tune-some/{name}", samples.split(name))
    _spoil(s3, "tune-some/wine")
    run = DagRun.start(stack, MANY, {"prefix": "tune-some", "max_training_jobs": 2})
    assert runs.ended(airflow, MANY, run.run_id) == "failed"
    states = runs.states(airflow, MANY, run.run_id)
    assert states["segments.tune"] == ["success", "failed", "success", "success"]
    assert states["segments.model"] == ["success", "upstream_failed", "success", "success"]
    assert states["segments.stop"] == ["success"] * 4
    assert states["summary"] == ["failed"]
    body = s3.get_object(Bucket=samples.BUCKET, Key=f"tune-some/summaries/{run.run_id}.csv")[
        "Body"
    ].read()
    lines = body.decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["Name", *samples.DATA_SETS]
    assert "ClientError" in lines[2]


def test_chains_mapped_by_literals_and_by_a_tasks_output(
    airflow: AirflowApi, sagemaker: Any
) -> None:
    """Templates in literals are rendered, and a mapping need not have every argument."""
    run_id = runs.start(airflow, CHAINS, {"request": _REQUEST})
    assert runs.ended(airflow, CHAINS, run_id) == "success"
    names = [
        airflow.result(CHAINS, run_id, f"{group}.model", index)["ModelName"]
        for group in ("by_literal", "by_output")
        for index in (0, 1)
    ]
    best = airflow.result(CHAINS, run_id, "by_output.best", 0)["TrainingJobName"]
    assert names == ["literal-0", "literal-1", best, "mapped-by-output"]
    seeds = [
        _described(
            sagemaker,
            airflow.result(CHAINS, run_id, "by_literal.tune", index)["HyperParameterTuningJobName"],
        )["HyperParameterTuningJobConfig"]["RandomSeed"]
        for index in (0, 1)
    ]
    assert seeds == [1, 2]
