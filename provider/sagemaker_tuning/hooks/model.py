"""Models, and what is made of them: model packages and endpoints."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    NoCompletedTrainingJob,
    TuningJobNotFound,
)
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_WAIT = {"Delay": 10, "MaxAttempts": 180}  # half an hour


class SageMakerModelHook(SageMakerTuningHook):
    """Tuning jobs' hook, with the calls about models and what is made of them.

    Each ``find_*`` gives None where there is nothing of the name, and each ``delete_*`` says
    whether there was anything to delete.

    Example:
        >>> from airflow.sdk import task
        >>> @task
        ... def served_artifact(model_name: str) -> str | None:
        ...     model = SageMakerModelHook(region_name="eu-west-1").find_model(model_name)
        ...     return model["PrimaryContainer"]["ModelDataUrl"] if model else None
        >>> artifact = served_artifact("churn")
    """

    def describe_trained(self, training_job_name: str) -> dict[str, Any]:
        """Call DescribeTrainingJob of one that has made something.

        Raises:
            NoCompletedTrainingJob: It has no model artifact, or none yet.
        """
        training_job = self.describe_training_job(training_job_name)
        if not training_job.get("ModelArtifacts", {}).get("S3ModelArtifacts"):
            status = training_job["TrainingJobStatus"]
            msg = f"the training job {training_job_name} ({status}) has no model artifact"
            raise NoCompletedTrainingJob(msg, is_retried=status in {"InProgress", "Stopping"})
        return training_job

    def find_model(self, name: str) -> dict[str, Any] | None:
        """Call DescribeModel; None if there is no such model."""
        try:
            return self.describe_model(name)
        except TuningJobNotFound:
            return None

    def delete_model(self, name: str) -> bool:
        """Call DeleteModel."""
        return self._delete("Model", "ModelName", name)

    def delete_model_package(self, name_or_arn: str) -> bool:
        """Call DeleteModelPackage; a version of a group is known by its ARN alone."""
        return self._delete("ModelPackage", "ModelPackageName", name_or_arn)

    def find_endpoint(self, name: str) -> dict[str, Any] | None:
        """Call DescribeEndpoint; None if there is no such endpoint."""
        try:
            return self._call("DescribeEndpoint", {"EndpointName": name})
        except TuningJobNotFound:
            return None

    def delete_endpoint(self, name: str) -> bool:
        """Call DeleteEndpoint; one that is being deleted already counts as deleted."""
        return self._delete("Endpoint", "EndpointName", name)

    def delete_endpoint_config(self, name: str) -> bool:
        """Call DeleteEndpointConfig."""
        return self._delete("EndpointConfig", "EndpointConfigName", name)

    def await_endpoint_deleted(self, name: str) -> None:
        """Wait until an endpoint is gone, half an hour at most.

        Raises:
            AwsCallFailed: It is still there.
        """
        waiter = self.conn.get_waiter("endpoint_deleted")
        try:
            waiter.wait(EndpointName=name, WaiterConfig=_WAIT)
        except BotoCoreError as error:
            msg = f"the endpoint {name} is not gone yet: {error}"
            raise AwsCallFailed(msg, operation="DescribeEndpoint") from error

    def _delete(self, resource: str, member: str, name: str) -> bool:
        request = {member: name}
        operation = f"Delete{resource}"
        # Of a name that cannot be, such as an empty one, AWS says the same as of one that is not.
        mistakes = list(shapes.violations(request, shapes.input_shape(operation)))
        if mistakes:
            raise InvalidTuningRequest(mistakes)
        try:
            self._call(operation, request)
        except AwsCallFailed:
            # Whether there was anything to delete, only a look can tell, not the refusal.
            status = self._status(resource, request)
            if status is None:
                return False
            if status != "Deleting":
                raise
        return True

    def _status(self, resource: str, request: dict[str, Any]) -> str | None:
        """Give a resource's status; None if there is none, empty where that cannot be seen."""
        try:
            answer = self._call(f"Describe{resource}", request)
        except TuningJobNotFound:
            return None
        except AwsCallFailed:
            return ""
        return str(answer.get(f"{resource}Status", ""))
