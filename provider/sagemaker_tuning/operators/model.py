"""The operator that creates a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    NoCompletedTrainingJob,
    TuningJobConflict,
    TuningJobNotFound,
    Violation,
)
from sagemaker_tuning.core.models import model_request
from sagemaker_tuning.core.requests import differing_paths
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.operators.base import as_document, errors_for_airflow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context


class SageMakerCreateModelFromTrainingJobOperator(AwsBaseOperator[SageMakerTuningHook]):
    """Create a model from what a training job made.

    Image, artifact, environment, role, VPC and network isolation are read from the training job
    itself. Safe to run again: a model of that name with the same contents is left as it is.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html

    Args:
        training_job_name: ``TrainingJobName``, of a completed or stopped training job.
        model_name: 1 to 63 letters, digits and hyphens; the training job's name if not given.
        inference_image: Registry path to serve with, where that is not the training image.
        additional_fields: Further arguments of CreateModel, with AWS's own keys; they win.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``model.output["ModelName"]`` is one.

    Returns:
        ``ModelName``, ``ModelArn``, ``PrimaryContainer`` and ``TrainingJobName``.

    Raises:
        AirflowFailException: The training job has no artifact (``NoCompletedTrainingJob``), or
            another model has that name (``TuningJobConflict``).
        TuningJobNotFound: There is no such training job.
        AwsCallFailed: AWS refuses a call.
    """

    aws_hook_class = SageMakerTuningHook
    template_fields: Sequence[str] = aws_template_fields(
        "training_job_name", "model_name", "inference_image", "additional_fields"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"additional_fields": "json"}
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        training_job_name: str,
        model_name: str | None = None,
        inference_image: str | None = None,
        additional_fields: Mapping[str, Any] | str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.training_job_name = training_job_name
        self.model_name = model_name
        self.inference_image = inference_image
        self.additional_fields = additional_fields

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Create the model, or find it created."""
        with errors_for_airflow():
            request = self._request()
            arn = self._create(request)
        self.log.info("Model %s from %s", request["ModelName"], self.training_job_name)
        return {
            "ModelName": request["ModelName"],
            "ModelArn": arn,
            "PrimaryContainer": request["PrimaryContainer"],
            "TrainingJobName": self.training_job_name,
        }

    def _request(self) -> dict[str, Any]:
        training_job = self.hook.describe_training_job(self.training_job_name)
        if not training_job.get("ModelArtifacts", {}).get("S3ModelArtifacts"):
            status = training_job["TrainingJobStatus"]
            msg = f"the training job {self.training_job_name} ({status}) has no model artifact"
            raise NoCompletedTrainingJob(msg, is_retried=status == "InProgress")
        image = self.inference_image or training_job["AlgorithmSpecification"].get("TrainingImage")
        if not image:
            problem = f"{self.training_job_name} was trained by an algorithm resource, not an image"
            rule = "the registry path of an image that serves its model"
            raise InvalidTuningRequest([Violation("inference_image", problem, rule)])
        request = model_request(training_job, self.model_name or self.training_job_name, image)
        more = as_document(self.additional_fields, "additional_fields")
        return request | dict(more or {})

    def _create(self, request: Mapping[str, Any]) -> str:
        existing = self._existing(request["ModelName"])
        if existing is None:
            try:
                return self.hook.create_model(request)
            except AwsCallFailed:
                # Perhaps it was carried out all the same, and botocore's repetition refused.
                existing = self._existing(request["ModelName"])
                if existing is None:
                    raise
        differing = differing_paths(request, existing)
        if differing:
            msg = (
                f"a model {request['ModelName']} exists and differs in {', '.join(differing)}: "
                "choose another model_name, or delete it"
            )
            raise TuningJobConflict(msg)
        return str(existing["ModelArn"])

    def _existing(self, name: str) -> dict[str, Any] | None:
        try:
            return self.hook.describe_model(name)
        except TuningJobNotFound:
            return None
