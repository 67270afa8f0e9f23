"""Operators that delete what the training jobs of a tuning job left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.artifacts import Folders, best_training_job_names, output_folders
from sagemaker_tuning.core.errors import (
    InvalidTuningRequest,
    SageMakerTuningError,
    TuningJobNotFound,
    Violation,
)
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.hooks import leftovers
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import errors_for_airflow
from sagemaker_tuning.operators.documents import as_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

_KEPT = "keep_training_job_names"


class SageMakerDeleteTuningJobArtifactsOperator(CallsAws):
    """Delete the S3 objects that the training jobs of a tuning job wrote.

    They are those below ``<S3OutputPath>/<training job>/`` of the training jobs that this tuning
    job launched: artifacts, output, and what debugger and profiler left. Nothing else is touched:
    no input, no checkpoint that is kept elsewhere, nothing of a parent of a warm start. In a
    bucket with versioning the objects get delete markers, and its lifecycle rules decide about
    their versions.

    Run again, it deletes what is still there. A tuning job that is not there has nothing that
    could be told to be its, which the log says.

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, of one that has ended.
        keep_best: Leave what the best training job wrote: a model reads its artifact from there.
        keep_training_job_names: Training jobs whose objects stay, too: names, or one name. Each
            must be one of this tuning job's, since a mistyped one would keep nothing.

    Returns:
        How many objects were deleted.

    Raises:
        AirflowFailException: A name to keep is none of them (``InvalidTuningRequest``); nothing is
            deleted then.
        SageMakerTuningError: The tuning job has not ended: it would go on writing.
        AwsCallFailed: AWS refuses a call, or to delete an object.

    Example:
        >>> SageMakerDeleteTuningJobArtifactsOperator(
        ...     task_id="delete_artifacts", tuning_job_name="churn-2026-01-01"
        ... )
        <Task(SageMakerDeleteTuningJobArtifactsOperator): delete_artifacts>
    """

    template_fields: Sequence[str] = aws_template_fields(
        "tuning_job_name", "keep_training_job_names"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        keep_best: bool = True,
        keep_training_job_names: Sequence[str] | str = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name
        self.keep_best = keep_best
        self.keep_training_job_names = keep_training_job_names

    def execute(self, context: Context) -> int:  # noqa: ARG002 -- Airflow calls it so
        """List what there is, and delete it by the thousand."""
        with errors_for_airflow():
            kept = self._given()
            tuning_job = _ended_tuning_job(self, self.tuning_job_name)
            if tuning_job is None:
                return 0
            best = best_training_job_names(tuning_job)
            all_names = _training_job_names(self, tuning_job)
            _refuse_strangers(kept - all_names - best, self.tuning_job_name)
            names = all_names - kept - (best if self.keep_best else frozenset())
            deleted = 0
            for bucket, folders in output_folders(tuning_job, names):
                count = leftovers.delete_objects(self.hook, bucket, folders)
                self.log.info("s3://%s/%s: %d objects deleted", bucket, folders.place, count)
                deleted += count
        self.log.info("%d objects of %d training jobs deleted", deleted, len(names))
        return deleted

    def _given(self) -> frozenset[str]:
        """Give the training jobs to keep; a template renders to a text, of one name or a list."""
        names = as_document(self.keep_training_job_names, _KEPT)
        listed = [names] if isinstance(names, str) else names
        is_right = isinstance(listed, list | tuple | set | frozenset) and all(
            isinstance(name, str) and name for name in listed
        )
        if not is_right:
            rule = "a training job's name, or a list of them"
            raise InvalidTuningRequest([Violation(_KEPT, repr(names), rule)])
        return frozenset(listed)


class SageMakerDeleteTuningJobLogStreamsOperator(CallsAws):
    """Delete the log streams of a tuning job's training jobs from CloudWatch Logs.

    They are ``<training job>/…`` in the log group ``/aws/sagemaker/TrainingJobs``, of the training
    jobs that this tuning job launched. Run again, it deletes what is still there; a tuning job, or
    a log group, that is not there is no error.
    https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, of one that has ended.

    Returns:
        How many log streams were deleted.

    Raises:
        SageMakerTuningError: The tuning job has not ended: it would go on writing.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerDeleteTuningJobLogStreamsOperator(
        ...     task_id="delete_log_streams", tuning_job_name="churn-2026-01-01"
        ... )
        <Task(SageMakerDeleteTuningJobLogStreamsOperator): delete_log_streams>
    """

    template_fields: Sequence[str] = aws_template_fields("tuning_job_name")
    ui_color = "#f3e8fd"

    def __init__(self, *, tuning_job_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name

    def execute(self, context: Context) -> int:  # noqa: ARG002 -- Airflow calls it so
        """List what there is, and delete one after the other."""
        with errors_for_airflow():
            tuning_job = _ended_tuning_job(self, self.tuning_job_name)
            names = _training_job_names(self, tuning_job) if tuning_job else frozenset()
            deleted = leftovers.delete_log_streams(self.hook, Folders("", names)) if names else 0
        self.log.info("%d log streams of %d training jobs deleted", deleted, len(names))
        return deleted


def _ended_tuning_job(task: CallsAws, name_or_arn: str) -> dict[str, Any] | None:
    """Describe a tuning job that has ended; None if it is not there."""
    try:
        tuning_job = task.hook.describe_tuning_job(name_or_arn)
    except TuningJobNotFound as error:
        task.log.info("%s: nothing can be told to be its", error)
        return None
    snapshot = Snapshot.from_description(tuning_job)
    if not snapshot.is_ended:
        msg = f"the tuning job {snapshot.name} is {snapshot.status}: stop it, or wait for its end"
        raise SageMakerTuningError(msg)
    return tuning_job


def _refuse_strangers(names: frozenset[str], tuning_job_name: str) -> None:
    problem = f"{', '.join(sorted(names))}: no training job of {tuning_job_name}"
    if names:
        rule = "names as ListTrainingJobsForHyperParameterTuningJob gives them"
        raise InvalidTuningRequest([Violation(_KEPT, problem, rule)])


def _training_job_names(task: CallsAws, tuning_job: Mapping[str, Any]) -> frozenset[str]:
    summaries = task.hook.iter_training_jobs(tuning_job["HyperParameterTuningJobName"])
    return frozenset(summary["TrainingJobName"] for summary in summaries)
