"""The SageMaker Python SDK 3, unmodified, from a tuning job to predictions."""

import json

import numpy as np
import pytest
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, TrainingJob
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

from tests.contract.aws import REGION, Aws
from tests.contract.serving import plain_predictions, unique

ROWS = np.random.default_rng(5).normal(size=(7, 5)).round(6)
IMAGE = image_uris.retrieve("xgboost", REGION, version="1.7-1")


@pytest.fixture(scope="module")
def role(aws: Aws) -> str:
    """A role that SageMaker may assume: the SDK looks before it asks."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    created = aws.client("iam").create_role(
        RoleName="sagemaker", AssumeRolePolicyDocument=json.dumps(policy)
    )
    arn: str = created["Role"]["Arn"]
    return arn


@pytest.fixture(scope="module")
def tuner(role: str, bucket: str) -> HyperparameterTuner:
    """A tuner whose `tune` has waited for the tuning job's end."""
    trainer = ModelTrainer(
        training_image=IMAGE,
        role=role,
        sagemaker_session=Session(),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=10),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/output"),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=600),
        hyperparameters={"num_round": "10", "objective": "binary:logistic"},
    )
    tuner = HyperparameterTuner(
        trainer,
        "validation:auc",
        {"eta": ContinuousParameter(0.1, 0.5), "max_depth": IntegerParameter(2, 6)},
        max_jobs=4,
        max_parallel_jobs=2,
    )
    inputs = [
        InputData(channel_name=name, data_source=f"s3://{bucket}/{name}", content_type="csv")
        for name in ("train", "validation")
    ]
    tuner.tune(inputs=inputs, wait=True)
    return tuner


def test_the_tuner_finds_its_training_jobs(aws: Aws, tuner: HyperparameterTuner) -> None:
    """Completed, with the best of its four training jobs."""
    job = tuner.describe()
    assert job.hyper_parameter_tuning_job_status == "Completed"
    names = {each.training_job_name for each in job.get_all_training_jobs()}
    assert names == {
        each["TrainingJobName"] for each in aws.training_jobs(job.hyper_parameter_tuning_job_name)
    }
    assert len(names) == 4
    assert tuner.best_training_job() in names


def test_an_endpoint_predicts_as_the_artifact_does(
    aws: Aws, tuner: HyperparameterTuner, role: str
) -> None:
    """Model, endpoint and `invoke` as resources end in what plain XGBoost predicts."""
    best = TrainingJob.get(tuner.best_training_job())
    artifact = best.model_artifacts.s3_model_artifacts
    name = unique("sdk-v3")
    model = Model.create(
        model_name=name,
        execution_role_arn=role,
        primary_container=ContainerDefinition(image=IMAGE, model_data_url=artifact),
    )
    variant = ProductionVariant(
        variant_name="all", model_name=name, instance_type="ml.m5.large", initial_instance_count=1
    )
    config = EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
    endpoint.wait_for_status("InService")
    body = "\n".join(",".join(map(str, row)) for row in ROWS)
    answer = endpoint.invoke(body=body, content_type="text/csv").body.read().decode()
    assert [float(value) for value in answer.replace("\n", ",").strip(",").split(",")] == (
        pytest.approx(plain_predictions(aws, artifact, ROWS))
    )
    for resource in (endpoint, config, model):
        resource.delete()
