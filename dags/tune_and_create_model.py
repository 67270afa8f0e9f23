"""Tune XGBoost, fetch the best training job, and create a model of it.

The settings are those of AWS's own example, to the letter:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-ex-tuning-job.html
The data are CSV files without a header, the label first, below `train/` and `validation/` of the
prefix. The file runs unchanged on the local SageMaker endpoint and on AWS, where bucket, role and
image must be yours. What else a person may want to change has a field in `tune_from_ui`.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.sensors.tuning_job import (
    SageMakerTrainingJobCountersSensor,
    SageMakerTuningJobSensor,
)

PARAMS = {
    "bucket": Param("sagemaker-tuning-example", type="string", title="S3 bucket"),
    "prefix": Param("tune-and-create-model", type="string", title="S3 prefix"),
    "role_arn": Param(
        "arn:aws:iam::123456789012:role/SageMakerTuning",
        type="string",
        title="Training role",
        description_md="The IAM role that SageMaker assumes to read the data and write models.",
    ),
    "training_image": Param(
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3",
        type="string",
        title="Training image",
        description_md="Registry path of the built-in XGBoost **in your region**.",
    ),
    "instance_type": Param("ml.c4.2xlarge", type="string", pattern=r"^ml\.", title="Instance type"),
    "instance_count": Param(2, type="integer", minimum=1, title="Instances per training job"),
    "max_training_jobs": Param(20, type="integer", minimum=1, title="Training jobs in all"),
    "max_parallel": Param(3, type="integer", minimum=1, title="Training jobs at once"),
    "num_round": Param(100, type="integer", minimum=1, title="Boosting rounds"),
}
DATA = "s3://{{ params.bucket }}/{{ params.prefix }}"

TUNING_JOB_CONFIG = {
    "ParameterRanges": {
        "CategoricalParameterRanges": [],
        "ContinuousParameterRanges": [
            {"MaxValue": "1", "MinValue": "0", "Name": "eta"},
            {"MaxValue": "2", "MinValue": "0", "Name": "alpha"},
            {"MaxValue": "10", "MinValue": "1", "Name": "min_child_weight"},
        ],
        "IntegerParameterRanges": [{"MaxValue": "10", "MinValue": "1", "Name": "max_depth"}],
    },
    "ResourceLimits": {
        "MaxNumberOfTrainingJobs": "{{ params.max_training_jobs }}",
        "MaxParallelTrainingJobs": "{{ params.max_parallel }}",
    },
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
    "RandomSeed": 123,
}


def channel(name: str, uri: str) -> dict[str, object]:
    """Give a channel of input data: all CSV files below a URI, to every instance."""
    source = {"S3DataDistributionType": "FullyReplicated", "S3DataType": "S3Prefix", "S3Uri": uri}
    return {
        "ChannelName": name,
        "CompressionType": "None",
        "ContentType": "csv",
        "DataSource": {"S3DataSource": source},
    }


TRAINING_JOB_DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "{{ params.training_image }}",
        "TrainingInputMode": "File",
    },
    "InputDataConfig": [
        channel("train", f"{DATA}/train"),
        channel("validation", f"{DATA}/validation/"),
    ],
    "OutputDataConfig": {"S3OutputPath": f"{DATA}/output"},
    "ResourceConfig": {
        "InstanceCount": "{{ params.instance_count }}",
        "InstanceType": "{{ params.instance_type }}",
        "VolumeSizeInGB": 10,
    },
    "RoleArn": "{{ params.role_arn }}",
    "StaticHyperParameters": {
        "eval_metric": "auc",
        "num_round": "{{ params.num_round }}",
        "objective": "binary:logistic",
        "rate_drop": "0.3",
        "tweedie_variance_power": "1.4",
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 43200},
}

with DAG(
    dag_id="tune_and_create_model",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params=PARAMS,
    # A retry costs nothing: it finds the tuning job that an earlier try launched.
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=15)},
    tags=["sagemaker", "tuning"],
):
    create = SageMakerCreateTuningJobOperator(
        task_id="create_tuning_job",
        tuning_job_config=TUNING_JOB_CONFIG,
        training_job_definition=TRAINING_JOB_DEFINITION,
        wait_for_completion=False,
    )
    name = create.output["HyperParameterTuningJobName"]
    # The first few training jobs show whether data and request are any good.
    first_few = SageMakerTrainingJobCountersSensor(
        task_id="training_jobs_completed",
        tuning_job_name=name,
        counters={"Completed": "{{ [5, params.max_training_jobs] | min }}"},
        deferrable=True,
        poke_interval=5,
    )
    completed = SageMakerTuningJobSensor(
        task_id="tuning_job_completed",
        tuning_job_name=name,
        deferrable=True,
        poke_interval=5,
        timeout=30 * 24 * 3600,
    )
    best = SageMakerGetBestTrainingJobOperator(task_id="best_training_job", tuning_job_name=name)
    SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model", training_job_name=best.output["TrainingJobName"]
    )
    # Whatever happens to the tasks between, no tuning job outlives the DAG run.
    stop = SageMakerStopTuningJobOperator(task_id="stop_tuning_job", tuning_job_name=name)
    stop.as_teardown(setups=create)
    first_few >> completed >> [best, stop]
