"""Operators as Airflow's task runner calls them, without an Airflow around."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from sagemaker_tuning._compat import TaskDeferred
from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator
from sagemaker_tuning.triggers.tuning_job import SageMakerTuningJobTrigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

Document = dict[str, Any]
BUCKET = "operators"


@dataclass
class FakeTaskInstance:
    """A task instance as far as our operators look at it."""

    task_id: str = "tune"
    dag_id: str = "churn"
    run_id: str = field(default_factory=lambda: f"run-{uuid.uuid4()}")
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    start_date: datetime = field(default_factory=lambda: datetime.now(UTC))
    xcoms: dict[str, Any] = field(default_factory=dict)
    states: dict[str, str | None] = field(default_factory=dict)
    """Of other tasks of the run, by ``task_id``."""

    def get_task_states(self, task_ids: list[str], **_: Any) -> dict[str, dict[str, str | None]]:
        return {self.run_id: {name: self.states[name] for name in task_ids if name in self.states}}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


def context(ti: FakeTaskInstance | None = None) -> Context:
    return cast("Context", {"ti": ti or FakeTaskInstance()})


def channel(name: str, folder: str | None = None) -> Document:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{folder or name}"}
    return {
        "ChannelName": name,
        "ContentType": "csv",
        "DataSource": {"S3DataSource": source},
    }


def tuning_request(jobs: int = 3, rounds: int = 3, data: str = "train", **config: Any) -> Document:
    return {
        "tuning_job_config": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {
                "MetricName": "validation:auc",
                "Type": "Maximize",
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "1"}]
            },
            "RandomSeed": 1,
        }
        | config,
        "training_job_definition": {
            "AlgorithmSpecification": {
                "TrainingImage": (
                    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3"
                ),
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [channel("train", data), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            },
            "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
            "StaticHyperParameters": {"objective": "binary:logistic", "num_round": str(rounds)},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }


FOR_EVER = 1_000_000
"""Boosting rounds that do not end while a test runs."""


def tuning_operator(request: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
    arguments = {**tuning_request(), **(request or {}), "poll_interval": 0.1, "deferrable": False}
    return SageMakerCreateTuningJobOperator(task_id="tune", **(arguments | kwargs))


def launch_endless() -> str:
    """Launch a tuning job that does not end by itself; give its name."""
    operator = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False)
    return str(operator.execute(context())["HyperParameterTuningJobName"])


def status_of(client: Any, name: str) -> str:
    answer = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return str(answer["HyperParameterTuningJobStatus"])


def fire(trigger: BaseTrigger) -> Document:
    """Run a trigger as the triggerer does: from what it serializes to."""
    path, arguments = trigger.serialize()
    assert path == "sagemaker_tuning.triggers.tuning_job.SageMakerTuningJobTrigger"
    copy = SageMakerTuningJobTrigger(**json.loads(json.dumps(arguments)))

    async def first() -> Document:
        async for event in copy.run():
            return cast("Document", event.payload)
        raise AssertionError

    return asyncio.run(asyncio.wait_for(first(), timeout=600))


def run(task: Any, ti: FakeTaskInstance) -> Any:
    """Run a task to its end, through a deferred wait where it has one."""
    try:
        return task.execute(context(ti))
    except TaskDeferred as deferred:
        return task.execute_complete(context(ti), fire(deferred.trigger))
