"""Tune XGBoost on a data set, fetch the best training job, create a model of it and check it.

The settings are those of AWS's own example, to the letter:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-ex-tuning-job.html
What a person would change is a field of the form behind "Trigger" in Airflow's UI. The file runs
unchanged on the local SageMaker endpoint and on AWS, where bucket, role and image must be yours.
"""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.sdk import DAG, Param, get_current_context, task

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

RANGES = "Parameter ranges"

PARAMS = {
    "bucket": Param(
        "sagemaker-tuning-example",
        type="string",
        pattern=r"^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        title="S3 bucket",
        description_md="For data and models; created if your credentials may and it is not there.",
        section="Data",
    ),
    "prefix": Param(
        "tune-and-create-model",
        type="string",
        pattern=r"^[^/].*[^/]$",
        title="S3 prefix",
        section="Data",
    ),
    "role_arn": Param(
        "arn:aws:iam::123456789012:role/SageMakerTuning",
        type="string",
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$",
        title="Training role",
        description_md="The IAM role that SageMaker assumes to read the data and write models.",
        section="Training jobs",
    ),
    "training_image": Param(
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3",
        type="string",
        title="Training image",
        description_md=(
            "Registry path of the built-in XGBoost **in your region**. On AWS take version "
            "**3.0-5**: `check_model` cannot read what older ones write."
        ),
        section="Training jobs",
    ),
    "instance_type": Param(
        "ml.c4.2xlarge",
        type="string",
        pattern=r"^ml\.",
        examples=["ml.c4.2xlarge", "ml.m5.large", "ml.m5.xlarge", "ml.c5.2xlarge"],
        title="Instance type",
        section="Training jobs",
    ),
    "instance_count": Param(
        2, type="integer", minimum=1, title="Instances per training job", section="Training jobs"
    ),
    "max_runtime_seconds": Param(
        43200,
        type="integer",
        minimum=1,
        title="Longest time per training job, in seconds",
        section="Training jobs",
    ),
    "strategy": Param(
        "Bayesian",
        type="string",
        enum=["Bayesian", "Random"],
        title="Search strategy",
        section="Tuning job",
    ),
    "max_training_jobs": Param(
        20,
        type="integer",
        minimum=1,
        maximum=750,
        title="Training jobs in all",
        section="Tuning job",
    ),
    "max_parallel_training_jobs": Param(
        3,
        type="integer",
        minimum=1,
        maximum=100,
        title="Training jobs at once",
        section="Tuning job",
    ),
    "random_seed": Param(
        123,
        type="integer",
        minimum=0,
        title="Random seed",
        description_md="The same seed tries the same hyperparameters again.",
        section="Tuning job",
    ),
    "num_round": Param(
        100, type="integer", minimum=1, title="Boosting rounds", section="Training jobs"
    ),
    "eta_min": Param(0, type="number", minimum=0, maximum=1, title="eta, from", section=RANGES),
    "eta_max": Param(1, type="number", minimum=0, maximum=1, title="eta, to", section=RANGES),
    "alpha_min": Param(0, type="number", minimum=0, title="alpha, from", section=RANGES),
    "alpha_max": Param(2, type="number", minimum=0, title="alpha, to", section=RANGES),
    "min_child_weight_min": Param(
        1, type="number", minimum=0, title="min_child_weight, from", section=RANGES
    ),
    "min_child_weight_max": Param(
        10, type="number", minimum=0, title="min_child_weight, to", section=RANGES
    ),
    "max_depth_min": Param(1, type="integer", minimum=0, title="max_depth, from", section=RANGES),
    "max_depth_max": Param(10, type="integer", minimum=0, title="max_depth, to", section=RANGES),
}

TUNING_JOB_CONFIG = {
    "ParameterRanges": {
        "CategoricalParameterRanges": [],
        "ContinuousParameterRanges": [
            {
                "MaxValue": "{{ params.eta_max }}",
                "MinValue": "{{ params.eta_min }}",
                "Name": "eta",
            },
            {
                "MaxValue": "{{ params.alpha_max }}",
                "MinValue": "{{ params.alpha_min }}",
                "Name": "alpha",
            },
            {
                "MaxValue": "{{ params.min_child_weight_max }}",
                "MinValue": "{{ params.min_child_weight_min }}",
                "Name": "min_child_weight",
            },
        ],
        "IntegerParameterRanges": [
            {
                "MaxValue": "{{ params.max_depth_max }}",
                "MinValue": "{{ params.max_depth_min }}",
                "Name": "max_depth",
            }
        ],
    },
    "ResourceLimits": {
        "MaxNumberOfTrainingJobs": "{{ params.max_training_jobs }}",
        "MaxParallelTrainingJobs": "{{ params.max_parallel_training_jobs }}",
    },
    "Strategy": "{{ params.strategy }}",
    "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
    "RandomSeed": "{{ params.random_seed }}",
}

S3_INPUT_TRAIN = "s3://{{ params.bucket }}/{{ params.prefix }}/train"
S3_INPUT_VALIDATION = "s3://{{ params.bucket }}/{{ params.prefix }}/validation/"

TRAINING_JOB_DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "{{ params.training_image }}",
        "TrainingInputMode": "File",
    },
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "CompressionType": "None",
            "ContentType": "csv",
            "DataSource": {
                "S3DataSource": {
                    "S3DataDistributionType": "FullyReplicated",
                    "S3DataType": "S3Prefix",
                    "S3Uri": S3_INPUT_TRAIN,
                }
            },
        },
        {
            "ChannelName": "validation",
            "CompressionType": "None",
            "ContentType": "csv",
            "DataSource": {
                "S3DataSource": {
                    "S3DataDistributionType": "FullyReplicated",
                    "S3DataType": "S3Prefix",
                    "S3Uri": S3_INPUT_VALIDATION,
                }
            },
        },
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://{{ params.bucket }}/{{ params.prefix }}/output"},
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
    "StoppingCondition": {"MaxRuntimeInSeconds": "{{ params.max_runtime_seconds }}"},
}

TRAIN_KEY = "train/data.csv"
VALIDATION_KEY = "validation/data.csv"
# AWS prints five digits, and on several instances each measures on its own part.
TOLERANCE = 0.01


@task
def prepare_data() -> dict[str, int]:
    """Split scikit-learn's breast cancer set and upload it as built-in XGBoost wants it.

    CSV without a header, the label first. Replace this task with your own data.
    """
    import numpy as np
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    features, labels = load_breast_cancer(return_X_y=True)
    rows = np.column_stack([labels, features])
    train, validation = train_test_split(rows, test_size=0.3, random_state=0, stratify=labels)
    params = get_current_context()["params"]
    s3 = S3Hook()
    if not s3.check_for_bucket(params["bucket"]):
        s3.create_bucket(params["bucket"])
    for key, part in ((TRAIN_KEY, train), (VALIDATION_KEY, validation)):
        text = io.StringIO()
        np.savetxt(text, part, delimiter=",", fmt="%.10g")
        s3.load_string(text.getvalue(), f"{params['prefix']}/{key}", params["bucket"], replace=True)
    return {"train": len(train), "validation": len(validation)}


@task
def check_model(model: dict[str, Any], best: dict[str, Any]) -> dict[str, Any]:
    """Predict the validation rows with the model, and compare with what the training job said."""
    import numpy as np
    import xgboost
    from sklearn.metrics import roc_auc_score

    s3 = S3Hook()
    params = get_current_context()["params"]
    artifact = s3.get_key(*s3.parse_s3_url(model["PrimaryContainer"]["ModelDataUrl"])[::-1])
    with tarfile.open(fileobj=io.BytesIO(artifact.get()["Body"].read())) as archive:
        member = archive.extractfile("xgboost-model")
        booster = xgboost.Booster(model_file=bytearray(member.read() if member else b""))
    rows = np.loadtxt(
        io.StringIO(s3.read_key(f"{params['prefix']}/{VALIDATION_KEY}", params["bucket"])),
        delimiter=",",
    )
    value = float(roc_auc_score(rows[:, 0], booster.predict(xgboost.DMatrix(rows[:, 1:]))))
    metric = best["FinalHyperParameterTuningJobObjectiveMetric"]
    if abs(value - metric["Value"]) > TOLERANCE:
        msg = f"the model reaches {value}, its training job said {metric['Value']}"
        raise ValueError(msg)
    return {"MetricName": metric["MetricName"], "Value": value, "Reported": metric["Value"]}


with DAG(
    dag_id="tune_and_create_model",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    params=PARAMS,
    # A retry costs nothing: it finds the tuning job that an earlier try launched.
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=15)},
    tags=["sagemaker", "tuning"],
):
    create_tuning_job = SageMakerCreateTuningJobOperator(
        task_id="create_tuning_job",
        tuning_job_config=TUNING_JOB_CONFIG,
        training_job_definition=TRAINING_JOB_DEFINITION,
        wait_for_completion=False,
    )
    tuning_job_name = create_tuning_job.output["HyperParameterTuningJobName"]

    # The first few training jobs show whether data and request are any good.
    training_jobs_completed = SageMakerTrainingJobCountersSensor(
        task_id="training_jobs_completed",
        tuning_job_name=tuning_job_name,
        counters={"Completed": "{{ [5, params.max_training_jobs] | min }}"},
        deferrable=True,
        poke_interval=5,
    )
    tuning_job_completed = SageMakerTuningJobSensor(
        task_id="tuning_job_completed",
        tuning_job_name=tuning_job_name,
        deferrable=True,
        poke_interval=5,
        timeout=30 * 24 * 3600,
    )
    best_training_job = SageMakerGetBestTrainingJobOperator(
        task_id="best_training_job", tuning_job_name=tuning_job_name
    )
    create_model = SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model", training_job_name=best_training_job.output["TrainingJobName"]
    )
    # Whatever happens to the tasks between, no tuning job outlives the DAG run.
    stop_tuning_job = SageMakerStopTuningJobOperator(
        task_id="stop_tuning_job", tuning_job_name=tuning_job_name
    ).as_teardown(setups=create_tuning_job)

    (
        prepare_data()
        >> create_tuning_job
        >> training_jobs_completed
        >> tuning_job_completed
        >> best_training_job
        >> create_model
        >> check_model(create_model.output, best_training_job.output)
    )
    tuning_job_completed >> stop_tuning_job
