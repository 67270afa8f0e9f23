"""Hundreds of tuning jobs at once, each waited for by a deferred task of its own."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, get_current_context, task

from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator


@task
def segments() -> list[list[dict[str, str]]]:
    """Tags of each tuning job."""
    size = get_current_context()["params"]["size"]
    return [[{"Key": "segment", "Value": str(number)}] for number in range(size)]


with DAG(
    dag_id="fleet",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    max_active_tasks=1000,
    params={"size": 500},
):
    SageMakerCreateTuningJobOperator.partial(
        task_id="tune",
        tuning_job_config={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"MetricName": "score", "Type": "Maximize"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        training_job_definition={
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/fleet:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "score", "Regex": "score=([0-9.]+)"}],
            },
            "OutputDataConfig": {"S3OutputPath": "s3://crashes/output"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            },
            "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        },
        deferrable=True,
        # Nothing that is lost on the way may cost a try.
        retries=0,
    ).expand(tags=segments())
