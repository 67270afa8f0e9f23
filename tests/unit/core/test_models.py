"""The request of CreateModel, from what DescribeTrainingJob says."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.models import lineage_tags, model_differences, model_request

_ARTIFACT = "s3://bucket/output/churn-001-0a1b2c3d/output/model.tar.gz"


_ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/churn-001-0a1b2c3d"


def _training_job(**members: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "churn-001-0a1b2c3d",
        "TrainingJobArn": _ARN,
        "ModelArtifacts": {"S3ModelArtifacts": _ARTIFACT},
        "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
        "HyperParameters": {"eta": "0.1"},
        **members,
    }


def _script_mode(**members: Any) -> dict[str, Any]:
    hyperparameters = {
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": '"s3://bucket/code/sourcedir.tar.gz"',
        "sagemaker_container_log_level": "20",
        "sagemaker_region": '"us-east-1"',
        "sagemaker_job_name": '"churn"',
        "eta": "0.1",
    }
    return _training_job(HyperParameters=hyperparameters, **members)


def _environment(training_job: dict[str, Any], **given: str) -> Any:
    return model_request(training_job, "churn", "image", given)["PrimaryContainer"]["Environment"]


def test_an_artifact_that_is_no_archive_is_a_folder() -> None:
    """AWS takes an archive alone as ModelDataUrl; a training job may be told to make none."""
    assert model_request(_training_job(), "churn", "i")["PrimaryContainer"]["ModelDataUrl"]
    folder = "s3://bucket/output/churn-001-0a1b2c3d/output/model"
    for artifact in (folder, f"{folder}/"):
        training_job = _training_job(
            ModelArtifacts={"S3ModelArtifacts": artifact},
            OutputDataConfig={"CompressionType": "NONE"},
        )
        container = model_request(training_job, "churn", "i")["PrimaryContainer"]
        assert "ModelDataUrl" not in container
        assert container["ModelDataSource"]["S3DataSource"] == {
            "S3Uri": f"{folder}/",
            "S3DataType": "S3Prefix",
            "CompressionType": "None",
        }


def test_a_built_in_algorithm_serves_with_its_own_environment() -> None:
    """Hyperparameters of an algorithm are no variables; the training job's environment is kept."""
    assert _environment(_training_job()) == {}
    assert _environment(_training_job(Environment={"A": "1"}), B="2") == {"A": "1", "B": "2"}
    assert _environment(_training_job(Environment={"A": "1"}), A="2") == {"A": "2"}


def test_a_script_is_found_again_when_it_serves() -> None:
    """As the SageMaker SDK sets them, freed from the quotes that it puts around hyperparameters."""
    assert _environment(_script_mode()) == {
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/code/sourcedir.tar.gz",
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_REGION": "us-east-1",
    }
    given = {"SAGEMAKER_PROGRAM": "inference.py"}
    assert _environment(_script_mode(Environment=given))["SAGEMAKER_PROGRAM"] == "inference.py"


@pytest.mark.parametrize(
    "training_job",
    [
        _script_mode(EnableNetworkIsolation=True),
        _training_job(
            HyperParameters={
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
            }
        ),
        _training_job(HyperParameters={"sagemaker_program": "train.py"}),
    ],
    ids=["isolated", "channel", "none"],
)
def test_code_that_cannot_be_fetched_is_looked_for_in_the_artifact(
    training_job: dict[str, Any],
) -> None:
    """An isolated container has no S3, and a training channel is not there when it serves."""
    environment = _environment(training_job)
    assert environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert environment["SAGEMAKER_PROGRAM"] == "train.py"


def test_the_network_settings_are_the_training_jobs() -> None:
    """A model that serves outside the VPC that it was trained in would be a leak."""
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    request = model_request(
        _training_job(VpcConfig=vpc, EnableNetworkIsolation=True), "churn", "image"
    )
    assert request["VpcConfig"] == vpc
    assert request["EnableNetworkIsolation"] is True


def _described(request: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Give DescribeModel's answer about a model that was created so."""
    container = {"Mode": "SingleModel", "Environment": {}} | request["PrimaryContainer"]
    return {
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/churn",
        "EnableNetworkIsolation": False,
        **request,
        "PrimaryContainer": container,
        **members,
    }


def test_what_aws_adds_is_no_difference() -> None:
    """A model is the same as its own request."""
    request = model_request(_training_job(Environment={"A": "1"}), "churn", "image")
    assert model_differences(request, _described(request)) == []


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (
            {"PrimaryContainer": {"Image": "image", "ModelDataUrl": "s3://other"}},
            f"PrimaryContainer.ModelDataUrl: 's3://other' there, {_ARTIFACT!r} wanted",
        ),
        (
            {
                "PrimaryContainer": {
                    "Image": "image",
                    "ModelDataUrl": _ARTIFACT,
                    "Environment": {"MORE": "1"},
                }
            },
            "PrimaryContainer.Environment.MORE: *** there, nothing wanted",
        ),
        ({"EnableNetworkIsolation": True}, "EnableNetworkIsolation: True there, False wanted"),
        ({"VpcConfig": {"Subnets": ["a"]}}, "VpcConfig: {'Subnets': ['a']} there, None wanted"),
    ],
)
def test_a_difference_says_what_is_there_and_what_was_wanted(
    members: dict[str, Any], said: str
) -> None:
    """In either direction: what is missing, and what is too much."""
    request = model_request(_training_job(), "churn", "image")
    assert model_differences(request, _described(request, **members)) == [said]


def test_containers_of_a_pipeline_are_compared_one_by_one() -> None:
    """What AWS adds to each is no difference; another image, or one more of them, is."""
    containers: list[dict[str, Any]] = [
        {"Image": "prepare"},
        {"Image": "predict", "Environment": {"A": "1"}},
    ]
    request = {"ModelName": "churn", "Containers": containers}
    described = [{"Mode": "SingleModel", "Environment": {}, **found} for found in containers]
    assert model_differences(request, request | {"Containers": described}) == []
    other = [
        described[0],
        described[1] | {"Image": "old", "Environment": {"B": "2"}},
        {"Image": "x", "Environment": {"TOKEN": "secret"}},
    ]
    assert model_differences(request, request | {"Containers": other}) == [
        "Containers.1.Image: 'old' there, 'predict' wanted",
        "Containers.1.Environment.A: nothing there, *** wanted",
        "Containers.1.Environment.B: *** there, nothing wanted",
        "Containers.2.Environment.TOKEN: *** there, nothing wanted",
        "Containers.2: {'Image': 'x', 'Environment': ['TOKEN']} there, None wanted",
    ]


def test_values_of_the_environment_are_not_shown() -> None:
    """They may be secrets, and the differences go to the log."""
    request = model_request(_training_job(Environment={"TOKEN": "new"}), "churn", "image")
    container = request["PrimaryContainer"] | {"Environment": {"TOKEN": "old"}}
    assert model_differences(request, _described(request, PrimaryContainer=container)) == [
        "PrimaryContainer.Environment.TOKEN: *** there, *** wanted"
    ]


def test_subnets_have_no_order() -> None:
    """AWS may list them in another."""
    vpc = {"SecurityGroupIds": ["a", "b"], "Subnets": ["c"]}
    request = model_request(_training_job(VpcConfig=vpc), "churn", "image")
    turned = vpc | {"SecurityGroupIds": ["b", "a"]}
    assert model_differences(request, _described(request, VpcConfig=turned)) == []


def test_a_training_job_of_no_tuning_job_has_no_tuning_job_for_a_tag() -> None:
    """Only ARNs that are there become tags."""
    tuning_job = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/churn"
    alone = lineage_tags(_training_job())
    assert alone == {"sagemaker-tuning:training_job": _ARN}
    assert lineage_tags(_training_job(TuningJobArn=tuning_job)) == alone | {
        "sagemaker-tuning:tuning_job": tuning_job
    }
