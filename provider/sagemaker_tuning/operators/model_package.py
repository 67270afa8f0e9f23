"""The operator that deletes a model package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sagemaker_tuning.hooks.model import SageMakerModelHook
from sagemaker_tuning.operators.base import errors_for_airflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class SageMakerDeleteModelPackageOperator(AwsBaseOperator[SageMakerModelHook]):
    """Delete a model package; one that is not there is as good as deleted.

    Its artifact in S3, its group and models that were made of it stay. The amazon provider creates
    model packages (``SageMakerRegisterModelVersionOperator``), and has no operator to delete them.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackage.html

    Args:
        model_package_name: ``ModelPackageName``, or ``ModelPackageArn``; of a version of a group
            the ARN.

    Raises:
        AirflowFailException: That is no model package's name (``InvalidTuningRequest``).
        AwsCallFailed: AWS refuses the call.

    Example:
        >>> SageMakerDeleteModelPackageOperator(
        ...     task_id="delete_model_package",
        ...     model_package_name="arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1",
        ... )
        <Task(SageMakerDeleteModelPackageOperator): delete_model_package>
    """

    aws_hook_class = SageMakerModelHook
    template_fields: Sequence[str] = aws_template_fields("model_package_name")
    ui_color = "#f3e8fd"

    def __init__(self, *, model_package_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_package_name = model_package_name

    def execute(self, context: Context) -> None:  # noqa: ARG002 -- Airflow calls it so
        """Delete it, and say whether it was there."""
        with errors_for_airflow():
            was_there = self.hook.delete_model_package(self.model_package_name)
        outcome = "is deleted" if was_there else "is not there, so there is nothing to delete"
        self.log.info("The model package %s %s", self.model_package_name, outcome)
