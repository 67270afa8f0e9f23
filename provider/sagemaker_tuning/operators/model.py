"""Operators that create a model, and delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.lineage import Lineage, model_lineage
from sagemaker_tuning.core.model_event import model_event_extra
from sagemaker_tuning.core.models import (
    IfExists,
    is_for_training_only,
    lineage_tags,
    model_request,
    serving_image,
)
from sagemaker_tuning.core.tags import identity_tags, tag_list
from sagemaker_tuning.hooks import model, model_creation, roles
from sagemaker_tuning.links.console import ModelLink
from sagemaker_tuning.operators.assets import add_to_asset_events
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields, hook_of
from sagemaker_tuning.operators.base import check_choice, errors_for_airflow
from sagemaker_tuning.operators.documents import as_document, as_mapping
from sagemaker_tuning.operators.identity import launch_identity
from sagemaker_tuning.operators.lineage import to_operator_lineage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context


class SageMakerCreateModelFromTrainingJobOperator(CallsAws):
    """Create a model from what a training job made.

    Image, artifact, environment, role, VPC and network isolation are read from the training job
    itself; of a training job in script mode also program and code, as the SageMaker SDK does it.
    The model has tags that say which tuning job, training job, DAG run and task it is from.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html

    Each asset among the task's ``outlets`` gets an event that says in its ``extra`` which model it
    is, which training job and tuning job it is from, and the objective metric's final value.

    Safe to run again: a model of that name with the same contents is left as it is, and a try that
    died at whichever call is taken up by the next.

    Args:
        training_job_name: ``TrainingJobName``, of a completed or stopped training job.
        model_name: 1 to 63 letters, digits and hyphens; the training job's name if not given,
            which is unique in the account and region and always the same for the same artifact.
        inference_image: Registry path to serve with, where that is not the training image;
            ``image_uri`` of ``sagemaker_tuning.core.image_uris`` knows those of AWS's own.
        environment: ``Environment`` of the container: variables that are added to the training
            job's, or take their place.
        execution_role_arn: ``ExecutionRoleArn``, or a role's name; the training job's role if not
            given.
        tags: ``Tags``, ``[{"Key": …, "Value": …}]``, at most 43, since the provider adds its own.
        if_exists: What becomes of another model of that name. ``"reuse"``: the same contents are
            as good as created, others are an error that says what differs. ``"replace"``: one
            with other contents is deleted first; endpoints that serve it go on, but cannot start
            further instances until the new one is there. ``"fail"``: one that another task
            created is an error, whatever is in it.
        additional_fields: Further arguments of CreateModel, with AWS's own keys; they win.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``model.output["ModelName"]`` is one.

    Returns:
        ``ModelName``, ``ModelArn``, ``PrimaryContainer`` (unless ``additional_fields`` has
        ``Containers``), ``TrainingJobName`` and, where a tuning job launched it, its
        ``TuningJobArn``.

    Raises:
        AirflowFailException: The training job has no artifact (``NoCompletedTrainingJob``),
            another model has that name (``TuningJobConflict``), or the request is not valid
            (``InvalidTuningRequest``).
        TuningJobNotFound: There is no such training job.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerCreateModelFromTrainingJobOperator(
        ...     task_id="create_model",
        ...     training_job_name="{{ ti.xcom_pull('best')['TrainingJobName'] }}",
        ...     environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "2"},
        ... )
        <Task(SageMakerCreateModelFromTrainingJobOperator): create_model>
    """

    hook = hook_of(lambda: model.SageMakerModelHook)
    template_fields: Sequence[str] = aws_template_fields(
        "training_job_name",
        "model_name",
        "inference_image",
        "environment",
        "execution_role_arn",
        "tags",
        "additional_fields",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("environment", "tags", "additional_fields"), "json"
    )
    operator_extra_links = (ModelLink(),)
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        training_job_name: str,
        model_name: str | None = None,
        inference_image: str | None = None,
        environment: Mapping[str, Any] | str | None = None,
        execution_role_arn: str | None = None,
        tags: Sequence[Mapping[str, str]] | str | None = None,
        if_exists: IfExists = "reuse",
        additional_fields: Mapping[str, Any] | str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        check_choice("if_exists", if_exists, IfExists)
        self.training_job_name = training_job_name
        self.model_name = model_name
        self.inference_image = inference_image
        self.environment = environment
        self.execution_role_arn = execution_role_arn
        self.tags = tags
        self.if_exists = if_exists
        self.additional_fields = additional_fields
        self._lineage = Lineage()

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the model, or find it created."""
        with errors_for_airflow():
            training_job = self.hook.describe_trained(self.training_job_name)
            request = self._request(training_job)
            own_tags = identity_tags(launch_identity(context)) | lineage_tags(training_job)
            tags = request.pop("Tags", [])
            _validate({**request, "Tags": [*tags, *tag_list(own_tags)]})
            arn = model_creation.ModelCreation(
                request=request,
                tags=tags,
                own_tags=own_tags,
                if_exists=self.if_exists,
                is_first_try=context["ti"].try_number == 1,
            ).run(self.hook)
        name = request["ModelName"]
        self.log.info("Model %s from %s", name, self.training_job_name)
        is_local = self.hook.is_local
        ModelLink.keep(context, self, self.hook.conn, is_local=is_local, model_name=name)
        self._lineage = model_lineage(request, arn)
        add_to_asset_events(context, self.outlets, model_event_extra(training_job, name, arn))
        result = {
            "ModelName": name,
            "ModelArn": arn,
            "PrimaryContainer": request.get("PrimaryContainer"),
            "TrainingJobName": self.training_job_name,
            "TuningJobArn": training_job.get("TuningJobArn"),
        }
        return {key: value for key, value in result.items() if value is not None}

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 -- OpenLineage calls it so
        """Give the artifact, and the model that was made of it."""
        return to_operator_lineage(self._lineage)

    def _request(self, training_job: Mapping[str, Any]) -> dict[str, Any]:
        environment = as_mapping(self.environment, "environment")
        more = as_mapping(self.additional_fields, "additional_fields")
        name = self.model_name or self.training_job_name
        request = model_request(training_job, name, self._image(training_job), environment)
        if self.execution_role_arn:
            request["ExecutionRoleArn"] = self.execution_role_arn
        if self.tags:
            request["Tags"] = as_document(self.tags, "tags")
        if "Containers" in more:
            del request["PrimaryContainer"]  # AWS takes one of the two
        request = roles.with_role_arns(self.hook, request | more)
        return dict(shapes.to_model_types(request, shapes.input_shape("CreateModel")))

    def _image(self, training_job: Mapping[str, Any]) -> str:
        image = serving_image(training_job, self.inference_image)
        if is_for_training_only(image):
            self.log.warning("%s is made for training: give an inference_image that serves", image)
        return image


def _validate(request: Mapping[str, Any]) -> None:
    mistakes = list(shapes.violations(request, shapes.input_shape("CreateModel")))
    if mistakes:
        raise InvalidTuningRequest(mistakes)


class SageMakerDeleteModelOperator(CallsAws):
    """Delete a model; one that is not there is as good as deleted.

    The artifact in S3 stays, and so do endpoints that serve the model. The amazon provider's
    operator of the same name fails where there is no such model, so also when it is run again.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModel.html

    Args:
        model_name: ``ModelName``.

    Raises:
        AirflowFailException: That is no model's name (``InvalidTuningRequest``).
        AwsCallFailed: AWS refuses the call.

    Example:
        >>> SageMakerDeleteModelOperator(task_id="delete_model", model_name="churn")
        <Task(SageMakerDeleteModelOperator): delete_model>
    """

    hook = hook_of(lambda: model.SageMakerModelHook)
    template_fields: Sequence[str] = aws_template_fields("model_name")
    ui_color = "#f3e8fd"

    def __init__(self, *, model_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_name = model_name

    def execute(self, context: Context) -> None:  # noqa: ARG002 -- Airflow calls it so
        """Delete it, and say whether it was there."""
        with errors_for_airflow():
            was_there = self.hook.delete_model(self.model_name)
        outcome = "is deleted" if was_there else "is not there, so there is nothing to delete"
        self.log.info("The model %s %s", self.model_name, outcome)
