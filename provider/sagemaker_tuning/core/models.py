"""A model from a training job."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.requests import differing_paths
from sagemaker_tuning.core.tags import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

IfExists = Literal["reuse", "replace", "fail"]
"""What becomes of a model that has the name already."""

# What the SageMaker SDK passes to a training container as hyperparameters, and to a serving
# container as environment variables, in upper case.
_PROGRAM = "sagemaker_program"
_SUBMIT_DIRECTORY = "sagemaker_submit_directory"
_SCRIPT_MODE = (
    _PROGRAM,
    _SUBMIT_DIRECTORY,
    "sagemaker_container_log_level",
    "sagemaker_region",
)
_CODE_IN_MODEL = "/opt/ml/model/code"
_TRAINING_ONLY = "-training"


def model_request(
    training_job: Mapping[str, Any],
    model_name: str,
    image: str,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give the request of CreateModel that serves what a training job made.

    Artifact, environment, role and network settings are the training job's own.

    Args:
        training_job: Answer of DescribeTrainingJob, of a job that has an artifact.
        model_name: Name of the model.
        image: Registry path of the image that serves it.
        environment: Variables that are added, or take the place of the training job's.
    """
    request: dict[str, Any] = {
        "ModelName": model_name,
        "ExecutionRoleArn": training_job["RoleArn"],
        "PrimaryContainer": model_container(training_job, image, environment),
    }
    if training_job.get("VpcConfig"):
        request["VpcConfig"] = training_job["VpcConfig"]
    if training_job.get("EnableNetworkIsolation"):
        request["EnableNetworkIsolation"] = True
    return request


def model_container(
    training_job: Mapping[str, Any], image: str, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give the container that serves what a training job made; arguments as ``model_request``'s."""
    return {
        "Image": image,
        **_model_data(training_job),
        "Environment": {
            **script_mode_environment(training_job),
            **training_job.get("Environment", {}),
            **(environment or {}),
        },
    }


def serving_image(training_job: Mapping[str, Any], given: str | None) -> str:
    """Give the image that serves what a training job made: the one given, or its own.

    Raises:
        InvalidTuningRequest: It has none.
    """
    image = given or training_job["AlgorithmSpecification"].get("TrainingImage")
    if not image:
        name = training_job["TrainingJobName"]
        problem = f"{name} was trained by an algorithm resource, not an image"
        rule = "the registry path of an image that serves its model"
        raise InvalidTuningRequest([Violation("inference_image", problem, rule)])
    return str(image)


def is_for_training_only(image: str) -> bool:
    """Whether an image is of the deep learning containers that cannot serve, by its name."""
    repository = re.split("[:@]", image.rpartition("/")[2])[0]
    return repository.endswith(_TRAINING_ONLY)


def _model_data(training_job: Mapping[str, Any]) -> dict[str, Any]:
    """Give where the artifact is: an archive, or a folder if it was not to be compressed.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    """
    artifact = training_job["ModelArtifacts"]["S3ModelArtifacts"]
    if training_job.get("OutputDataConfig", {}).get("CompressionType") != "NONE":
        return {"ModelDataUrl": artifact}
    folder = {
        "S3Uri": f"{artifact.rstrip('/')}/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    return {"ModelDataSource": {"S3DataSource": folder}}


def script_mode_environment(training_job: Mapping[str, Any]) -> dict[str, str]:
    """Give the variables by which a serving container finds the user's program; mostly empty.

    They are those that the SageMaker SDK sets when it deploys what it trained in script mode. The
    program is fetched from S3, as in training; where the container cannot reach S3, or the code
    came as an input channel, it is looked for in the artifact's folder ``code``.
    https://sagemaker.readthedocs.io/en/stable/frameworks/xgboost/using_xgboost.html
    """
    given = training_job.get("HyperParameters", {})
    if _PROGRAM not in given:
        return {}
    values = {name: _from_json(given[name]) for name in _SCRIPT_MODE if name in given}
    is_fetched = values.get(_SUBMIT_DIRECTORY, "").startswith("s3://")
    if training_job.get("EnableNetworkIsolation") or not is_fetched:
        values[_SUBMIT_DIRECTORY] = _CODE_IN_MODEL
    return {name.upper(): value for name, value in values.items()}


def _from_json(value: str) -> str:
    """Give what a hyperparameter says: the SDK writes each as JSON, so strings have quotes."""
    try:
        decoded = json.loads(value)
    except ValueError:
        return value
    return decoded if isinstance(decoded, str) else value


def lineage_tags(training_job: Mapping[str, Any]) -> dict[str, str]:
    """Give the tags that say which training job, and of which tuning job, made the artifact."""
    arns = {
        "training_job": training_job.get("TrainingJobArn"),
        "tuning_job": training_job.get("TuningJobArn"),
    }
    return {f"{PREFIX}{key}": arn for key, arn in arns.items() if arn}


def model_differences(request: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """Say in what an existing model differs from the one wanted; empty if it is the same.

    Args:
        request: The request of CreateModel.
        model: Answer of DescribeModel.

    Returns:
        ``path: value there, value wanted``, one for each difference; of environment variables no
        values, which may be secrets.
    """
    wanted, there = _comparable(request), _comparable(model)
    paths = [*differing_paths(wanted, there), *_unwanted(wanted, there)]
    return [f"{path}: {_shown(there, path)} there, {_shown(wanted, path)} wanted" for path in paths]


def _comparable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the default that Describe shows, index the containers, order what has no order."""
    comparable = {"EnableNetworkIsolation": False, **document}
    if document.get("Containers"):
        containers = enumerate(document["Containers"])
        comparable["Containers"] = {str(index): container for index, container in containers}
    if document.get("VpcConfig"):
        vpc = document["VpcConfig"].items()
        comparable["VpcConfig"] = {key: sorted(value) for key, value in vpc}
    return comparable


def _unwanted(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """List what the model has beyond the request, where AWS adds nothing by itself."""
    containers = ["PrimaryContainer", *(f"Containers.{key}" for key in there.get("Containers", ()))]
    variables = [
        f"{container}.Environment.{name}"
        for container in containers
        for name in sorted(
            _members(there, f"{container}.Environment")
            - _members(wanted, f"{container}.Environment")
        )
    ]
    more = _members(there, "Containers") - _members(wanted, "Containers")
    vpc = ["VpcConfig"] if there.get("VpcConfig") and not wanted.get("VpcConfig") else []
    return variables + [f"Containers.{key}" for key in sorted(more)] + vpc


def _shown(document: Mapping[str, Any], path: str) -> str:
    value = _at(document, path)
    if ".Environment." in path:
        return "nothing" if value is None else "***"
    if isinstance(value, dict) and "Environment" in value:
        value = {**value, "Environment": sorted(value["Environment"])}
    return repr(value)


def _members(document: Mapping[str, Any], path: str) -> set[str]:
    return set(_at(document, path) or {})


def _at(document: Mapping[str, Any], path: str) -> Any:
    found: Any = document
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found
