"""The operator that deletes what of a model package group is no longer needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.hooks import deployment, retention
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields, hook_of
from sagemaker_tuning.operators.base import errors_for_airflow
from sagemaker_tuning.operators.documents import as_bool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class SageMakerApplyRetentionOperator(CallsAws):
    """Delete the old model packages of a group, with all that was made for them.

    Of the versions that ``SageMakerRegisterModelPackageOperator`` registered, these are kept:

    - the newest ``keep``, whatever their approval status, but for those that failed;
    - the champion, which is the newest that is approved;
    - those newer than it that wait for approval, for somebody may still be deciding (all that
      wait, as long as none is approved), and those that AWS is not done with;
    - those that an endpoint serves or is being updated to, and those that a rollback would go back
      to: the previous one, or the nearest before it that was not rejected. Endpoints are the one
      given, and any that a version was deployed to by ``SageMakerDeployModelPackageOperator``.
      While an endpoint is neither InService nor says what it is being updated to, all that were
      ever deployed to it are kept;
    - those whose tuning job has not ended, if its artifacts are to be deleted.

    Of each other version, oldest first, these are deleted: its endpoint configurations; its model;
    the S3 objects of its tuning job's training jobs, and their log streams if wanted; and the
    version itself, last, so that whatever a try has left is found by the next. In a training job's
    folder nothing is deleted while another version of the group, a model that an endpoint needs,
    or a model with the training job's own name, has an S3 URI in it.

    Everything else stays: versions that were registered by other means (the log names them),
    models and endpoint configurations without the tags that the provider gives its own, tuning jobs
    and training jobs. If it cannot be read what is there or in use, nothing is deleted. What is
    not seen: versions of other groups, and models under names of the user's choice, that are of
    the same tuning job (their artifacts go, unless ``delete_artifacts=False``); and endpoints to
    which somebody else deploys a version's model, but for ``endpoint_name``.
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-ex-cleanup.html

    Args:
        model_package_group_name: ``ModelPackageGroupName``, or its ARN. A group that is not there
            has nothing to delete.
        endpoint_name: ``EndpointName`` of the endpoint that serves its versions; None if none does.
            One that is not there needs nothing.
        keep: How many of the newest are kept at least, 1 or more.
        delete_artifacts: Delete the S3 objects of the training jobs, artifacts among them.
        delete_log_streams: Delete the training jobs' log streams from CloudWatch Logs.
        dry_run: Only say what would be deleted.

    Returns:
        ``Deleted``, a list with ``ModelPackageArn``, ``EndpointConfigNames``, ``ModelName`` (null
        if there was none) and, unless it is a dry run, the counts ``Objects`` and ``LogStreams`` of
        each version; ``Kept``, with ``ModelPackageArn`` and ``Reasons``; ``LeftAlone``, with
        ``ModelPackageArn`` and ``Reason``; and ``DryRun``.

    Raises:
        AirflowFailException: ``keep`` is not 1 or more, or a name cannot be one
            (``InvalidTuningRequest``).
        SageMakerTuningError: It cannot be known what an endpoint serves, for its configuration is
            not there; nothing is deleted then.
        AwsCallFailed: AWS refuses a call. The next try goes on from there.

    Example:
        >>> SageMakerApplyRetentionOperator(
        ...     task_id="clean_up",
        ...     model_package_group_name="churn",
        ...     endpoint_name="churn",
        ...     keep=3,
        ...     trigger_rule="all_done",
        ... )
        <Task(SageMakerApplyRetentionOperator): clean_up>
    """

    hook = hook_of(lambda: deployment.SageMakerDeploymentHook)
    template_fields: Sequence[str] = aws_template_fields(
        "model_package_group_name", "endpoint_name", "keep", "is_dry_run"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        model_package_group_name: str,
        endpoint_name: str | None,
        keep: int | str = 3,
        delete_artifacts: bool = True,
        delete_log_streams: bool = False,
        dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model_package_group_name = model_package_group_name
        self.endpoint_name = endpoint_name
        self.keep = keep
        self.delete_artifacts = delete_artifacts
        self.delete_log_streams = delete_log_streams
        self.is_dry_run = dry_run  # an operator's dry_run is a method of Airflow's

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Delete what has to go, and say what is kept and why."""
        with errors_for_airflow():
            _check_endpoint_name(self.endpoint_name)
            keep, dry_run = _number(self.keep), as_bool(self.is_dry_run, "dry_run")
            work = retention.Retention(
                hook=self.hook,
                group=self.model_package_group_name,
                endpoint_name=self.endpoint_name,
                keep=keep,
                delete_artifacts=self.delete_artifacts,
                delete_log_streams=self.delete_log_streams,
            )
            result = work.run(dry_run=dry_run)
        what = "would be deleted (dry run)" if dry_run else "deleted"
        self.log.info("%d versions %s, %d kept", len(result["Deleted"]), what, len(result["Kept"]))
        return {**result, "DryRun": dry_run}


def _check_endpoint_name(name: str | None) -> None:
    """Refuse what can be no name: AWS says the same of it as of an endpoint that is not there."""
    if name is not None:
        shape = shapes.input_shape("DescribeEndpoint")
        mistakes = list(shapes.violations({"EndpointName": name}, shape))
        if mistakes:
            raise InvalidTuningRequest(mistakes)


def _number(value: object) -> int:
    """Give how many are kept; a template renders to a text."""
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or int(text) < 1:
        raise InvalidTuningRequest([Violation("keep", repr(value), "a whole number, 1 or more")])
    return int(text)
