"""The operator that fetches the best training job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sagemaker_tuning.core.errors import NoCompletedTrainingJob
from sagemaker_tuning.core.training_jobs import best_training_job
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.operators.base import errors_for_airflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class SageMakerGetBestTrainingJobOperator(AwsBaseOperator[SageMakerTuningHook]):
    """Fetch the best training job of a tuning job: so far while it runs, of all once it ended.

    Best is what SageMaker says is best: ``BestTrainingJob`` of
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html

    Args:
        tuning_job_name: ``HyperParameterTuningJobName``.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``best.output["TrainingJobName"]`` is one.

    Returns:
        Name, ARN, status, final objective metric, tuned and static hyperparameters, image,
        artifact and times of the training job, under AWS's keys.

    Raises:
        NoCompletedTrainingJob: No training job has an objective metric, with the failed ones by
            reason. As ``AirflowFailException`` once the tuning job has ended: there will be none.
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses a call.
    """

    aws_hook_class = SageMakerTuningHook
    template_fields: Sequence[str] = aws_template_fields("tuning_job_name")
    ui_color = "#f3e8fd"

    def __init__(
        self, *, tuning_job_name: str, multiple_outputs: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.tuning_job_name = tuning_job_name

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Describe the tuning job, then its best training job."""
        tuning_job = self.hook.describe_tuning_job(self.tuning_job_name)
        with errors_for_airflow():
            if "BestTrainingJob" not in tuning_job:
                raise self._no_best(tuning_job)
        name = tuning_job["BestTrainingJob"]["TrainingJobName"]
        best = best_training_job(tuning_job, self.hook.describe_training_job(name))
        metric = best["FinalHyperParameterTuningJobObjectiveMetric"]
        self.log.info("Best training job: %s, %s %s", name, metric["MetricName"], metric["Value"])
        return best

    def _no_best(self, tuning_job: dict[str, Any]) -> NoCompletedTrainingJob:
        name, status = self.tuning_job_name, tuning_job["HyperParameterTuningJobStatus"]
        digest = self.hook.failure_digest(name)
        failed = f"; failed training jobs:\n{digest}" if digest else ""
        return NoCompletedTrainingJob(
            f"no training job of {name} ({status}) has an objective metric{failed}",
            is_retried=status == "InProgress",
        )
