"""Operators for versions in the model registry: register, approve or reject, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core.adoption import TRY_TAG
from sagemaker_tuning.core.errors import SageMakerTuningError, TuningJobNotFound
from sagemaker_tuning.core.lineage import Lineage, model_lineage
from sagemaker_tuning.core.model_event import final_objective, training_job_extra
from sagemaker_tuning.core.model_packages import (
    ApprovalStatus,
    check_approval_status,
    failure_of,
    objective_of,
)
from sagemaker_tuning.core.models import is_for_training_only, model_container, serving_image
from sagemaker_tuning.core.registration import objective_type, package_metadata, package_request
from sagemaker_tuning.core.templates import is_template
from sagemaker_tuning.hooks import model, registration, registry
from sagemaker_tuning.operators.assets import add_to_asset_events
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields, hook_of
from sagemaker_tuning.operators.base import check_choice, default_deferrable, errors_for_airflow
from sagemaker_tuning.operators.documents import as_mapping, as_texts
from sagemaker_tuning.operators.identity import launch_identity
from sagemaker_tuning.operators.lineage import to_operator_lineage
from sagemaker_tuning.operators.waiting import WaitsByLooking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

_SPECIFICATION = {
    "content_types": "SupportedContentTypes",
    "response_types": "SupportedResponseMIMETypes",
    "transform_instance_types": "SupportedTransformInstanceTypes",
    "realtime_inference_instance_types": "SupportedRealtimeInferenceInstanceTypes",
}


class SageMakerRegisterModelPackageOperator(WaitsByLooking):
    """Register what a training job made as a version of a model package group.

    Image, artifact and environment are read from the training job itself, as
    ``SageMakerCreateModelFromTrainingJobOperator`` reads them. The group is created if it is not
    there. The version knows what it is from: ``CustomerMetadataProperties`` has training job,
    tuning job, the objective metric with its value, and DAG, run and task; ``ModelMetrics`` has the
    training job's final metrics, as ``model-quality/statistics.json`` in the training job's own
    folder in S3, which Airflow's role must be allowed to write.
    https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-version.html

    Registered once: while the group has a version of this training job that has not failed, no
    other is made, whatever is retried, cleared or run beside it; that version is the result. One
    that was registered with other arguments stays as it is, and the log says what differs.

    Each asset among the task's ``outlets`` gets an event that says in its ``extra`` which version
    it is, which training job and tuning job it is from, and the objective metric's final value.

    Args:
        training_job_name: ``TrainingJobName``, of a completed or stopped training job.
        model_package_group_name: ``ModelPackageGroupName``: 1 to 63 letters, digits and hyphens;
            the ARN of a group that is there will do.
        content_types: ``SupportedContentTypes`` of requests, such as ``["text/csv"]``.
        response_types: ``SupportedResponseMIMETypes``, such as ``["text/csv"]``.
        inference_image: Registry path to serve with, where that is not the training image.
        environment: ``Environment`` of the container: variables that are added to the training
            job's, or take their place.
        transform_instance_types: ``SupportedTransformInstanceTypes``; any if not given.
        realtime_inference_instance_types: ``SupportedRealtimeInferenceInstanceTypes``; any if not
            given.
        approval_status: ``ModelApprovalStatus`` of a version that this task registers:
            ``"PendingManualApproval"``, ``"Approved"`` or ``"Rejected"``.
        description: ``ModelPackageDescription``: one line, cut off after 1024 characters.
        additional_fields: Further arguments of CreateModelPackage, with AWS's own keys; they win.
            ``CustomerMetadataProperties`` are added to the provider's own, which are at most 11,
            begin with ``sagemaker-tuning:`` and stay; 50 are allowed in all.
        deferrable: Leave the worker while AWS validates, where a ``ValidationSpecification`` asks
            for that; without one it is a matter of a second.
        poll_interval: Seconds between two looks at the version's status.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``ModelPackageArn``, ``ModelPackageVersion``, ``ModelPackageGroupName``,
        ``ModelApprovalStatus`` (as it is now), ``TrainingJobName`` and ``Objective`` with
        ``MetricName``, ``Type`` and ``Value``; null where the training job is of no tuning job, or
        that is deleted.

    Raises:
        AirflowFailException: The training job has no artifact (``NoCompletedTrainingJob``), or the
            request is not valid (``InvalidTuningRequest``).
        TuningJobNotFound: There is no such training job.
        SageMakerTuningError: The version has failed; another try registers the next.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerRegisterModelPackageOperator(
        ...     task_id="register",
        ...     training_job_name="{{ ti.xcom_pull('best')['TrainingJobName'] }}",
        ...     model_package_group_name="churn",
        ...     content_types=["text/csv"],
        ...     response_types=["text/csv"],
        ... )
        <Task(SageMakerRegisterModelPackageOperator): register>
    """

    hook = hook_of(lambda: registry.SageMakerRegistryHook)
    template_fields: Sequence[str] = aws_template_fields(
        "training_job_name",
        "model_package_group_name",
        *_SPECIFICATION,
        "inference_image",
        "environment",
        "approval_status",
        "description",
        "additional_fields",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        (*_SPECIFICATION, "environment", "additional_fields"), "json"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        training_job_name: str,
        model_package_group_name: str,
        content_types: Sequence[str] | str,
        response_types: Sequence[str] | str,
        inference_image: str | None = None,
        environment: Mapping[str, Any] | str | None = None,
        transform_instance_types: Sequence[str] | str | None = None,
        realtime_inference_instance_types: Sequence[str] | str | None = None,
        approval_status: ApprovalStatus | str = "PendingManualApproval",
        description: str | None = None,
        additional_fields: Mapping[str, Any] | str | None = None,
        deferrable: bool | None = None,
        poll_interval: float = 10.0,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        _check_unless_template(approval_status)
        self.training_job_name = training_job_name
        self.model_package_group_name = model_package_group_name
        self.content_types = content_types
        self.response_types = response_types
        self.inference_image = inference_image
        self.environment = environment
        self.transform_instance_types = transform_instance_types
        self.realtime_inference_instance_types = realtime_inference_instance_types
        self.approval_status = approval_status
        self.description = description
        self.additional_fields = additional_fields
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self._lineage = Lineage()

    def step(self, context: Context) -> dict[str, Any] | None:
        """Register the version, or find it registered; give it once AWS is done with it."""
        check_approval_status(self.approval_status)
        training_job = self.hook.describe_trained(self.training_job_name)
        request = self._request(context, training_job)
        package = registration.Registration(
            training_job=training_job, request=request, try_id=str(context["ti"].id)
        ).run(self.hook)
        return self._result(context, training_job, package)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 -- OpenLineage calls it so
        """Give the artifact, and the version that was made of it."""
        return to_operator_lineage(self._lineage)

    def _request(self, context: Context, training_job: Mapping[str, Any]) -> dict[str, Any]:
        image = serving_image(training_job, self.inference_image)
        if is_for_training_only(image):
            self.log.warning("%s is made for training: give an inference_image that serves", image)
        environment = as_mapping(self.environment, "environment")
        return package_request(
            {
                "ModelPackageGroupName": self.model_package_group_name,
                "InferenceSpecification": {
                    "Containers": [model_container(training_job, image, environment)],
                    **self._specification(),
                },
                "ModelApprovalStatus": self.approval_status,
                **({"ModelPackageDescription": self.description} if self.description else {}),
            },
            as_mapping(self.additional_fields, "additional_fields"),
            self._metadata(context, training_job),
            training_job,
        )

    def _specification(self) -> dict[str, list[str]]:
        given = {name: getattr(self, name) for name in _SPECIFICATION}
        return {
            _SPECIFICATION[name]: as_texts(value, name)
            for name, value in given.items()
            if value is not None
        }

    def _metadata(self, context: Context, training_job: Mapping[str, Any]) -> dict[str, str]:
        metric_name, _ = final_objective(training_job)
        kind = None
        if metric_name and training_job.get("TuningJobArn"):
            try:
                tuning_job = self.hook.describe_tuning_job(training_job["TuningJobArn"])
            except TuningJobNotFound as error:
                self.log.warning(
                    "%s: whether more of %s is better, nobody knows", error, metric_name
                )
            else:
                kind = objective_type(tuning_job, metric_name)
        metadata = package_metadata(training_job, kind, launch_identity(context))
        return {**metadata, TRY_TAG: str(context["ti"].id)}

    def _result(
        self, context: Context, training_job: Mapping[str, Any], package: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        arn, status = package["ModelPackageArn"], package["ModelPackageStatus"]
        if status in {"Failed", "Deleting"}:
            msg = f"the model package {arn} is {status}: {failure_of(package)}"
            raise SageMakerTuningError(msg)
        if status != "Completed":
            self.log.info("The model package %s is %s", arn, status)
            return None
        self.log.info("Model package %s from %s", arn, self.training_job_name)
        keys = (
            "ModelPackageArn",
            "ModelPackageVersion",
            "ModelPackageGroupName",
            "ModelApprovalStatus",
        )
        result = {key: package.get(key) for key in keys}
        extra = {**result, **training_job_extra(training_job)}
        add_to_asset_events(context, self.outlets, extra)
        specification = package.get("InferenceSpecification", {})
        self._lineage = model_lineage(specification, arn)
        objective = objective_of(package)
        return {
            **result,
            "TrainingJobName": training_job["TrainingJobName"],
            "Objective": objective
            and {
                "MetricName": objective.metric_name,
                "Type": objective.type,
                "Value": objective.value,
            },
        }


def _check_unless_template(approval_status: str) -> None:
    if not is_template(approval_status):
        check_choice("approval_status", approval_status, ApprovalStatus)


class SageMakerUpdateModelPackageOperator(CallsAws):
    """Approve or reject a model package, or have it wait for that again.

    Nothing is called for what is so already, so it can be run again at any time.
    https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html

    Args:
        model_package_name: ``ModelPackageArn``; of a package that is of no group, its name too.
        approval_status: ``"Approved"``, ``"Rejected"`` or ``"PendingManualApproval"``.
        approval_description: ``ApprovalDescription``: one line, cut off after 1024 characters. The
            one that is there stays if none is given.

    Returns:
        ``ModelPackageArn`` and ``ModelApprovalStatus``.

    Raises:
        ValueError: That is no approval status.
        AirflowFailException: Likewise of one that a template gives, or that is no model package's
            name (``InvalidTuningRequest``).
        TuningJobNotFound: There is no such model package.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerUpdateModelPackageOperator(
        ...     task_id="promote",
        ...     model_package_name="{{ ti.xcom_pull('register')['ModelPackageArn'] }}",
        ...     approval_status="Approved",
        ...     approval_description="deployed by {{ run_id }}",
        ... )
        <Task(SageMakerUpdateModelPackageOperator): promote>
    """

    hook = hook_of(lambda: registry.SageMakerRegistryHook)
    template_fields: Sequence[str] = aws_template_fields(
        "model_package_name", "approval_status", "approval_description"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        model_package_name: str,
        approval_status: ApprovalStatus | str,
        approval_description: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_unless_template(approval_status)
        self.model_package_name = model_package_name
        self.approval_status = approval_status
        self.approval_description = approval_description

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Have it be so, and say what it is then."""
        with errors_for_airflow():
            package = self.hook.set_approval(
                self.model_package_name, self.approval_status, self.approval_description
            )
        result = {key: package[key] for key in ("ModelPackageArn", "ModelApprovalStatus")}
        self.log.info("The model package %s is %s", *result.values())
        return result


class SageMakerDeleteModelPackageOperator(CallsAws):
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

    hook = hook_of(lambda: model.SageMakerModelHook)
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
