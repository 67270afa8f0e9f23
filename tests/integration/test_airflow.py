"""The DAG template and the operators under a real scheduler, worker and triggerer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo import model_check
from demo import sagemaker as endpoint
from tests.integration import runs
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

TEMPLATE = "tune_and_create_model"
DEFERRED = "tune_from_conf"
_FOR_EVER = 1_000_000
"""Boosting rounds that do not end while a test runs."""


def _task(airflow: AirflowApi, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
    tasks = {task["task_id"]: task for task in airflow.task_instances(dag_id, run_id)}
    return tasks[task_id]


def _mark_failed(stack: Stack, dag_id: str, run_id: str, task_id: str) -> None:
    url = f"{stack.airflow_url}/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
    httpx.patch(url, json={"new_state": "failed"}, trust_env=False).raise_for_status()


def _clear(stack: Stack, dag_id: str, run_id: str, task_id: str) -> None:
    url = f"{stack.airflow_url}/api/v2/dags/{dag_id}/clearTaskInstances"
    body = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [task_id],
        "only_failed": False,
        "reset_dag_runs": True,
    }
    httpx.post(url, json=body, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Any:
    """Give a boto3 client of the endpoint's S3."""
    return endpoint.client(stack.endpoint_url, "s3")


@pytest.fixture(scope="module")
def completed(airflow: AirflowApi) -> str:
    """Run the template once with its defaults; give the run's id."""
    run_id = runs.start(airflow, TEMPLATE)
    assert runs.ended(airflow, TEMPLATE, run_id) == "success"
    return run_id


def test_the_defaults_are_the_documented_example(
    airflow: AirflowApi, sagemaker: Any, completed: str
) -> None:
    """What SageMaker was asked for is AWS's own example, and all of it was done."""
    name = airflow.result(TEMPLATE, completed, "create_tuning_job")["HyperParameterTuningJobName"]
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    config = job["HyperParameterTuningJobConfig"]
    assert config["Strategy"] == "Bayesian"
    assert config["RandomSeed"] == 123
    assert config["ResourceLimits"] == {
        "MaxNumberOfTrainingJobs": 20,
        "MaxParallelTrainingJobs": 3,
    }
    assert config["HyperParameterTuningJobObjective"] == {
        "MetricName": "validation:auc",
        "Type": "Maximize",
    }
    bounds = {
        item["Name"]: (item["MinValue"], item["MaxValue"])
        for kind in config["ParameterRanges"].values()
        for item in kind
    }
    assert bounds == {
        "eta": ("0", "1"),
        "alpha": ("0", "2"),
        "min_child_weight": ("1", "10"),
        "max_depth": ("1", "10"),
    }
    definition = job["TrainingJobDefinition"]
    static = dict(definition["StaticHyperParameters"])
    static.pop("_tuning_objective_metric")
    assert static == {
        "eval_metric": "auc",
        "num_round": "100",
        "objective": "binary:logistic",
        "rate_drop": "0.3",
        "tweedie_variance_power": "1.4",
    }
    assert definition["ResourceConfig"] == {
        "InstanceCount": 2,
        "InstanceType": "ml.c4.2xlarge",
        "VolumeSizeInGB": 10,
    }
    assert definition["StoppingCondition"] == {"MaxRuntimeInSeconds": 43200}
    assert [channel["ContentType"] for channel in definition["InputDataConfig"]] == ["csv", "csv"]
    assert job["TrainingJobStatusCounters"]["Completed"] == 20


def test_the_model_is_real(stack: Stack, airflow: AirflowApi, s3: Any, completed: str) -> None:
    """Plain XGBoost reaches with the model's artifact what the API reported, to 1e-5."""
    model = airflow.result(TEMPLATE, completed, "create_model")
    best = airflow.result(TEMPLATE, completed, "best_training_job")
    value = model_check.check(s3, model, best, stack.home / "model.tar.gz")
    assert value == pytest.approx(0.99, abs=0.01)


def test_the_params_change_the_request(airflow: AirflowApi, sagemaker: Any) -> None:
    """Fields of the trigger form reach the request, as the types that AWS wants."""
    conf = {"max_training_jobs": 2, "instance_count": 1, "num_round": 5}
    run_id = runs.start(airflow, TEMPLATE, conf)
    assert runs.ended(airflow, TEMPLATE, run_id) == "success"
    name = airflow.result(TEMPLATE, run_id, "create_tuning_job")["HyperParameterTuningJobName"]
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    limits = job["HyperParameterTuningJobConfig"]["ResourceLimits"]
    assert limits == {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 3}
    assert job["TrainingJobDefinition"]["ResourceConfig"]["InstanceCount"] == 1
    assert job["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] == "5"


def test_no_tuning_job_outlives_its_dag_run(
    stack: Stack, airflow: AirflowApi, sagemaker: Any
) -> None:
    """When a sensor is marked failed, the template's teardown stops the tuning job."""
    run_id = runs.start(airflow, TEMPLATE, {"num_round": _FOR_EVER})
    until(
        lambda: _task(airflow, TEMPLATE, run_id, "training_jobs_completed")["state"] == "deferred",
        "the sensor is deferred",
    )
    name = airflow.result(TEMPLATE, run_id, "create_tuning_job")["HyperParameterTuningJobName"]
    _mark_failed(stack, TEMPLATE, run_id, "training_jobs_completed")
    assert runs.ended(airflow, TEMPLATE, run_id) == "failed"
    until(lambda: _status(sagemaker, name) == "Stopped", f"{name} is stopped")


def _status(sagemaker: Any, name: str) -> str:
    answer = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return str(answer["HyperParameterTuningJobStatus"])


def _waits_in_triggerer(stack: Stack, run_id: str) -> bool:
    """Whether the trigger has written its progress line to the task's log."""
    logs = stack.home.glob(f"logs/dag_id={DEFERRED}/run_id={run_id}/task_id=tune/*.trigger.*")
    return any("Completed 0/20" in log.read_text() for log in logs)


@pytest.fixture
def deferred(
    stack: Stack, airflow: AirflowApi, sagemaker: Any, completed: str
) -> Iterator[tuple[str, str]]:
    """Give a run whose only task is deferred on an endless tuning job, and the job's name."""
    name = airflow.result(TEMPLATE, completed, "create_tuning_job")["HyperParameterTuningJobName"]
    example = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    definition = example["TrainingJobDefinition"]
    definition["StaticHyperParameters"]["num_round"] = str(_FOR_EVER)
    definition["StaticHyperParameters"].pop("_tuning_objective_metric")
    definition["AlgorithmSpecification"].pop("MetricDefinitions")
    before = _live(sagemaker)
    run_id = runs.start(
        airflow,
        DEFERRED,
        {
            "tuning_job_config": example["HyperParameterTuningJobConfig"],
            "training_job_definition": definition,
        },
    )
    until(lambda: _waits_in_triggerer(stack, run_id), "the triggerer waits")
    (launched,) = _live(sagemaker) - before
    yield run_id, launched
    for live in _live(sagemaker):
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=live)


def _live(sagemaker: Any) -> set[str]:
    answer = sagemaker.list_hyper_parameter_tuning_jobs(StatusEquals="InProgress", MaxResults=100)
    return {
        job["HyperParameterTuningJobName"] for job in answer["HyperParameterTuningJobSummaries"]
    }


def test_marking_the_deferred_task_failed_stops_its_job(
    stack: Stack, sagemaker: Any, deferred: tuple[str, str]
) -> None:
    """The triggerer stops the tuning job of a task that a person ended."""
    run_id, name = deferred
    _mark_failed(stack, DEFERRED, run_id, "tune")
    until(lambda: _status(sagemaker, name) == "Stopped", f"{name} is stopped")


def test_clearing_the_deferred_task_leaves_one_live_job(
    stack: Stack, airflow: AirflowApi, sagemaker: Any, deferred: tuple[str, str]
) -> None:
    """Clear launches a job of its own, and the old one is stopped first."""
    run_id, old = deferred
    _clear(stack, DEFERRED, run_id, "tune")
    until(lambda: _status(sagemaker, old) == "Stopped", f"{old} is stopped")
    until(
        lambda: _task(airflow, DEFERRED, run_id, "tune")["state"] == "deferred",
        "the task is deferred again",
    )
    (new,) = _live(sagemaker)
    assert new[:-4] == old[:-4]
    assert new != old
