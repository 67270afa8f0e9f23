"""Retrain every week; serve the new model only if it is better and a person agrees.

1. Wait for the week's data, `s3://<bucket>/<prefix>/<date of the run>/` with `train/`,
   `validation/` and `test/`: CSV without a header, the label first.
2. Tune, **warm** from this DAG's last completed tuning jobs whose requests are compatible.
3. Register the best model as a version of the model package group: the **challenger**.
4. Score it and the **champion**, the newest approved version, on the same `test/` data. A
   challenger that is not better by `margin` is rejected, and the run ends there, as a success.
5. Ask a person, under *Required Actions*; no answer within three days is a no.
6. Update the endpoint without downtime, and ask it for a few predictions. If that fails, it goes
   back to what it served before, the version is rejected, and the run has failed.
7. Delete old versions with their models, configurations and artifacts; never the champion's.

Nothing is launched twice and nothing is lost, whichever task is retried or cleared. Needs Airflow
3.1, for approvals; of late runs it tells from 3.2 on.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG, Param

from sagemaker_tuning.operators.retention import SageMakerApplyRetentionOperator
from sagemaker_tuning.task_groups.endpoint import put_into_service
from sagemaker_tuning.task_groups.model_package import tune_and_register

TOPIC_ARN = ""  # of an SNS topic that is to hear of failed and of late runs
RUN_IS_LATE_AFTER = timedelta(days=4)
FAILED = "{{ dag.dag_id }} {{ run_id }} has failed: {{ reason }}"
LATE = "{{ dag_run.dag_id }} {{ dag_run.dag_run_id }} is late"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
PARAMS = {
    "bucket": Param("sagemaker-tuning-example", type="string"),
    "prefix": Param("retrain-on-schedule", type="string"),
    "role_arn": Param("arn:aws:iam::123456789012:role/SageMakerTuning", type="string"),
    "training_image": Param(IMAGE, type="string"),
    "instance_type": Param("ml.m5.large", type="string", pattern=r"^ml\."),
    "max_training_jobs": Param(20, type="integer", minimum=1, maximum=750),
    "margin": Param(0.001, type="number", minimum=0, description_md="By how much to be better"),
    "keep": Param(3, type="integer", minimum=1, description_md="Of the newest versions"),
    "max_cost": Param(
        None, type=["number", "null"], exclusiveMinimum=0, description_md="In the rates' currency"
    ),
    "hourly_rates": Param({}, type="object", description_md="Of each instance type"),
}
S3_URI = "s3://{{ params.bucket }}/{{ params.prefix }}"
DATA = S3_URI + "/{{ dag_run.run_after | ds }}"
GROUP = ENDPOINT = "retrain-on-schedule"

TUNING_JOB_CONFIG = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
    "ResourceLimits": {
        "MaxNumberOfTrainingJobs": "{{ params.max_training_jobs }}",
        "MaxParallelTrainingJobs": 3,
    },
    "ParameterRanges": {
        "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}],
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
            "ContentType": "csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{DATA}/{name}/"}},
        }
        for name in ("train", "validation")
    ],
    "OutputDataConfig": {"S3OutputPath": f"{S3_URI}/output"},
    "ResourceConfig": {
        "InstanceType": "{{ params.instance_type }}",
        "InstanceCount": 1,
        "VolumeSizeInGB": 10,
    },
    "RoleArn": "{{ params.role_arn }}",
    "StaticHyperParameters": {"objective": "binary:logistic", "num_round": "50"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def deadline() -> dict[str, object]:
    """Give when a run is late, and who hears of it; before Airflow 3.2, nobody."""
    try:
        from airflow.sdk.definitions.callback import SyncCallback
        from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
    except ImportError:
        return {}
    hears = SyncCallback(SnsNotifier, {"target_arn": TOPIC_ARN, "message": LATE})
    return {"deadline": DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, RUN_IS_LATE_AFTER, hears)}


with DAG(
    dag_id="retrain_on_schedule",
    doc_md=__doc__,
    schedule="0 6 * * MON",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=15)},
    on_failure_callback=SnsNotifier(target_arn=TOPIC_ARN, message=FAILED) if TOPIC_ARN else None,
    **(deadline() if TOPIC_ARN else {}),
    tags=["sagemaker", "tuning"],
):
    data_is_there = S3KeySensor(
        task_id="data_is_there",
        bucket_key=[f"{DATA}/{part}/*" for part in ("train", "validation", "test")],
        wildcard_match=True,
        mode="reschedule",
        poke_interval=300,
        timeout=24 * 3600,
    )
    registered = tune_and_register(
        tuning_job_config=TUNING_JOB_CONFIG,
        training_job_definition=TRAINING_JOB_DEFINITION,
        model_package_group_name=GROUP,
        max_cost="{{ params.max_cost }}",
        hourly_rates="{{ params.hourly_rates | tojson }}",
    )
    serve = put_into_service(
        model_package_name=registered.model_package["ModelPackageArn"],
        endpoint_name=ENDPOINT,
        test_data=f"{DATA}/test/",
        role="{{ params.role_arn }}",
        instance_type="{{ params.instance_type }}",
        s3_output_path=f"{S3_URI}/scores",
        margin="{{ params.margin }}",
    )
    # A teardown: whatever happens before it, and without a say in whether the run has failed.
    clean_up = SageMakerApplyRetentionOperator(
        task_id="clean_up",
        model_package_group_name=GROUP,
        endpoint_name=ENDPOINT,
        keep="{{ params.keep }}",
    ).as_teardown()

    data_is_there >> registered.parents
    serve >> clean_up
