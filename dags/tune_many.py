"""Tune a model for each of several data sets, some at a time, and sum up what has come of them.

Each data set has its own objective: a probability, one of several classes, a number. Its data are
CSV files without a header, the label first, below `<prefix>/<name>/train/` and `…/validation/`.
One that fails leaves the others alone: they get their models, the summary says why it failed, and
the run fails, as not all is well. Clear the failed tasks and the summary to try again.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import DAG, Param

from sagemaker_tuning.operators.summary import SageMakerTuningJobsSummaryOperator
from sagemaker_tuning.task_groups.tuning_job import tune_and_create_model

# What AWS calls the objective metric, which way is better, and XGBoost's own settings.
SEGMENTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "breast_cancer": ("validation:auc", "Maximize", {"objective": "binary:logistic"}),
    "wine": (
        "validation:mlogloss",
        "Minimize",
        {"objective": "multi:softprob", "num_class": "3"},
    ),
    "digits": ("validation:merror", "Minimize", {"objective": "multi:softprob", "num_class": "10"}),
    "diabetes": ("validation:rmse", "Minimize", {"objective": "reg:squarederror"}),
}

PARAMS = {
    "bucket": Param("sagemaker-tuning-example", type="string", title="S3 bucket"),
    "prefix": Param("tune-many", type="string", title="S3 prefix"),
    "role_arn": Param(
        "arn:aws:iam::123456789012:role/SageMakerTuning",
        type="string",
        title="Training role",
        description_md="The IAM role that SageMaker assumes to read the data and write models.",
    ),
    "training_image": Param(
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        type="string",
        title="Training image",
        description_md="Registry path of the built-in XGBoost **in your region**.",
    ),
    "instance_type": Param("ml.m5.large", type="string", pattern=r"^ml\.", title="Instance type"),
    "max_training_jobs": Param(
        6, type="integer", minimum=1, title="Training jobs for each data set"
    ),
    "max_parallel": Param(2, type="integer", minimum=1, title="Training jobs at once for each"),
    "hourly_rates": Param(
        None,
        type=["object", "null"],
        title="What an instance costs an hour",
        description_md='By instance type, such as `{"ml.m5.large": 0.115}`: for an estimate.',
    ),
}


DATA = "s3://{{ params.bucket }}/{{ params.prefix }}"


def channel(segment: str, name: str) -> dict[str, Any]:
    """Give a channel of input data: all CSV files below a data set's folder of that name."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{DATA}/{segment}/{name}/"}
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {"S3DataSource": source},
    }


def request(segment: str) -> dict[str, Any]:
    """Give the documents of a data set's tuning job."""
    metric, direction, hyperparameters = SEGMENTS[segment]
    return {
        "tuning_job_config": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"MetricName": metric, "Type": direction},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"},
                    {"Name": "subsample", "MinValue": "0.5", "MaxValue": "1"},
                ],
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "8"}],
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": "{{ params.max_training_jobs }}",
                "MaxParallelTrainingJobs": "{{ params.max_parallel }}",
            },
            "RandomSeed": 1,
        },
        "training_job_definition": {
            "AlgorithmSpecification": {
                "TrainingImage": "{{ params.training_image }}",
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [channel(segment, "train"), channel(segment, "validation")],
            "OutputDataConfig": {"S3OutputPath": f"{DATA}/{segment}/output"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "{{ params.instance_type }}",
                "VolumeSizeInGB": 10,
            },
            "RoleArn": "{{ params.role_arn }}",
            "StaticHyperParameters": {"num_round": "30", **hyperparameters},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        "tags": [{"Key": "segment", "Value": segment}],
    }


with DAG(
    dag_id="tune_many",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params=PARAMS,
    render_template_as_native_obj=True,
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=15)},
    tags=["sagemaker", "tuning"],
):
    names = list(SEGMENTS)
    tuned = (
        tune_and_create_model.override(
            group_id="segments",
            default_args={
                # Of each task: so this is how many tuning jobs there are at once.
                "max_active_tis_per_dagrun": 2,
                "map_index_template": f"{{{{ {names}[ti.map_index] }}}}",
            },
        )
        .partial(poll_interval=5)
        .expand_kwargs([request(name) for name in names])
    )
    summary = SageMakerTuningJobsSummaryOperator(
        task_id="summary",
        names=names,
        tune_task_id="segments.tune",
        model_task_id="segments.model",
        hourly_rates="{{ params.hourly_rates }}",
        s3_uri=DATA + "/summaries/{{ run_id }}.csv",
    )
    tuned >> summary
