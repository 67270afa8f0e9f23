"""Retrain when new data arrive: one run for a burst of arrivals, warm from the runs before.

What puts CSV files (no header, the label first) below `train/` and `validation/` of `DATA` says so
by an event of the asset `new_data`: a task that has it among its `outlets`, `POST
/api/v2/assets/events`, or S3 itself, as below. The first task waits until `retrain_quiet_seconds`
(a Variable, 600 if not set) have passed without another event, or two hours since the first, lets
one run go on and skips the others. That run tunes XGBoost on all that is there by then, warm from
the last tuning jobs that fit, and registers the best model as a version that waits for approval,
with an event of the asset `retrained_model` for whatever comes next.

**Events of S3 itself**, by way of EventBridge and SQS:

1. Install `airflow-provider-sagemaker-tuning[sqs]`.
2. Have the bucket send its events to EventBridge, and add a rule with an SQS queue for its target:
   `{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name":
   ["<bucket>"]}, "object": {"key": [{"prefix": "<prefix>/train/"}]}}}`. What else it would let
   through, such as `output/`, where training jobs write, would trigger runs too. Airflow's role may
   `sqs:ReceiveMessage` and `sqs:DeleteMessage`.
3. Set `RETRAIN_QUEUE_URL` in the environment of all of Airflow's components to the queue's URL.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pendulum
from airflow.sdk import DAG, Asset, AssetWatcher, Param

from sagemaker_tuning.sensors.asset import AssetDebounceSensor
from sagemaker_tuning.task_groups.model_package import tune_and_register

# An asset belongs to the DAG, not to a run: these two are no fields of the form.
DATA = "s3://sagemaker-tuning-example/retrain-on-new-data"
QUEUE_URL = os.environ.get("RETRAIN_QUEUE_URL")

PARAMS = {
    "role_arn": Param(
        "arn:aws:iam::123456789012:role/SageMakerTuning",
        type="string",
        title="Training role, which SageMaker assumes to read the data and write models",
    ),
    "training_image": Param(
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
        type="string",
        title="Training image",
        description_md="The built-in XGBoost's **in your region**.",
    ),
    "instance_type": Param("ml.m5.xlarge", type="string", pattern=r"^ml\.", title="Instance type"),
    "max_training_jobs": Param(10, type="integer", minimum=1, title="Training jobs in all"),
    "group": Param("retrained-on-new-data", type="string", title="Model package group"),
}

TUNING_JOB_CONFIG = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
    "ResourceLimits": {
        "MaxNumberOfTrainingJobs": "{{ params.max_training_jobs }}",
        "MaxParallelTrainingJobs": 2,
    },
    "ParameterRanges": {
        "ContinuousParameterRanges": [
            {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5", "ScalingType": "Logarithmic"},
            {"Name": "subsample", "MinValue": "0.5", "MaxValue": "1"},
        ],
        "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "10"}],
    },
}
TRAINING_JOB_DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "{{ params.training_image }}",
        "TrainingInputMode": "File",
    },
    "InputDataConfig": [
        {
            "ChannelName": name,
            "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{DATA}/{name}/"}},
        }
        for name in ("train", "validation")
    ],
    "OutputDataConfig": {"S3OutputPath": f"{DATA}/output"},
    "ResourceConfig": {
        "InstanceCount": 1,
        "InstanceType": "{{ params.instance_type }}",
        "VolumeSizeInGB": 10,
    },
    "RoleArn": "{{ params.role_arn }}",
    "StaticHyperParameters": {"objective": "binary:logistic", "num_round": "50"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def watchers() -> list[AssetWatcher]:
    """Give what makes events of the asset out of the queue's messages, where there is a queue."""
    if not QUEUE_URL or find_spec("aiobotocore") is None:
        return []
    from airflow.providers.common.messaging.triggers.msg_queue import MessageQueueTrigger

    settings = {"max_messages": 10, "wait_time_seconds": 20, "waiter_delay": 1}
    trigger = MessageQueueTrigger(scheme="sqs", sqs_queue=QUEUE_URL, **settings)
    return [AssetWatcher(name="objects_created", trigger=trigger)]


NEW_DATA = Asset("new_data", uri=f"{DATA}/train/", watchers=watchers())

with DAG(
    dag_id="retrain_on_new_data",
    doc_md=__doc__,
    schedule=[NEW_DATA],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params=PARAMS,
    max_active_runs=1,
    # A retry costs nothing: it finds the tuning job that an earlier try launched.
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=15)},
    tags=["sagemaker", "tuning"],
) as dag:
    burst_is_over = AssetDebounceSensor(
        task_id="burst_is_over",
        asset=NEW_DATA,
        quiet="{{ var.value.get('retrain_quiet_seconds', 600) }}",
        max_wait="7200",
    )
    registered = tune_and_register(
        tuning_job_config=TUNING_JOB_CONFIG,
        training_job_definition=TRAINING_JOB_DEFINITION,
        model_package_group_name="{{ params.group }}",
        outlets=[Asset("retrained_model")],
    )
    burst_is_over >> registered.parents
