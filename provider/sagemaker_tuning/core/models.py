"""A model from a training job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def model_request(training_job: Mapping[str, Any], model_name: str, image: str) -> dict[str, Any]:
    """Give the request of CreateModel that serves what a training job made.

    Artifact, environment, role and network settings are the training job's own.

    Args:
        training_job: Answer of DescribeTrainingJob, of a job that has an artifact.
        model_name: Name of the model.
        image: Registry path of the image that serves it.
    """
    container: dict[str, Any] = {
        "Image": image,
        "ModelDataUrl": training_job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    if training_job.get("Environment"):
        container["Environment"] = dict(training_job["Environment"])
    request: dict[str, Any] = {
        "ModelName": model_name,
        "ExecutionRoleArn": training_job["RoleArn"],
        "PrimaryContainer": container,
    }
    if training_job.get("VpcConfig"):
        request["VpcConfig"] = training_job["VpcConfig"]
    if training_job.get("EnableNetworkIsolation"):
        request["EnableNetworkIsolation"] = True
    return request
