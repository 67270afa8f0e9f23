"""The operator that fetches the best training job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core.errors import InvalidTuningRequest, NoCompletedTrainingJob, Violation
from sagemaker_tuning.core.ranking import Objective
from sagemaker_tuning.core.status import ENDED
from sagemaker_tuning.core.training_jobs import training_job_result
from sagemaker_tuning.hooks import training_jobs
from sagemaker_tuning.links.console import BestTrainingJobLink
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import errors_for_airflow
from sagemaker_tuning.operators.documents import as_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context


class SageMakerGetBestTrainingJobOperator(CallsAws):
    """Fetch the best training job of a tuning job: so far while it runs, of all once it ended.

    Best is what SageMaker says is best: ``BestTrainingJob`` of
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
    Where it gives ``OverallBestTrainingJob``, which is under warm start of the type
    ``IdenticalDataAndAlgorithm``, that one is the best; it may be a parent's.

    The second best, and so on, are the tuning job's own training jobs in the order of their final
    objective metric, those that were stopped early included; of equal ones the older is better.

        >>> best = SageMakerGetBestTrainingJobOperator(
        ...     task_id="best",
        ...     tuning_job_name="{{ params.tuning_job_name }}",
        ...     objective={"MetricName": "validation:logloss", "Type": "Minimize"},
        ... )
        >>> name = best.output["TrainingJobName"]  # for the next task

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, launched by whomever.
        rank: 1 for the best, 2 for the second best, and so on.
        objective: Another metric to rank by, as a ``HyperParameterTuningJobObjective``:
            ``{"MetricName": …, "Type": "Maximize" or "Minimize"}``. Any that the training jobs'
            metric definitions name. It costs a DescribeTrainingJob for each training job.
        definition_name: Rank the training jobs of this one of several training job definitions.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``best.output["TrainingJobName"]`` is one.

    Returns:
        Name, ARN, status, final objective metric, all final metrics, tuned and static
        hyperparameters, image, artifact and times of the training job, under AWS's keys; and
        ``TrainingJobDefinitionName`` where there are several definitions.

    Raises:
        NoCompletedTrainingJob: Not that many training jobs have the metric, with the failed ones
            by reason. As ``AirflowFailException`` once the tuning job has ended: there will be
            none.
        AirflowFailException: An argument is wrong (``InvalidTuningRequest``).
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses a call.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "tuning_job_name", "rank", "objective", "definition_name"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"objective": "json"}
    operator_extra_links = (BestTrainingJobLink(),)
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        rank: int | str = 1,
        objective: Mapping[str, str] | str | None = None,
        definition_name: str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.tuning_job_name = tuning_job_name
        self.rank = rank
        self.objective = objective
        self.definition_name = definition_name

    def execute(self, context: Context) -> dict[str, Any]:
        """Describe the tuning job, then its best training job."""
        with errors_for_airflow():
            rank, objective = whole_number("rank", self.rank), given_objective(self.objective)
            tuning_job = self.hook.describe_tuning_job(self.tuning_job_name)
            summary = self._summary(tuning_job, rank, objective)
            name = summary["TrainingJobName"]
            described = self.hook.describe_training_job(name)
        result = training_job_result(tuning_job, summary, described)
        metric = result.get("FinalHyperParameterTuningJobObjectiveMetric", {})
        self.log.info(
            "%s: %s, %s %s",
            "Best training job" if rank == 1 else f"Training job of rank {rank}",
            name,
            metric.get("MetricName"),
            metric.get("Value"),
        )
        hook = self.hook
        BestTrainingJobLink.keep(
            context, self, hook.conn, is_local=hook.is_local, training_job_name=name
        )
        return result

    def _summary(
        self, tuning_job: dict[str, Any], rank: int, objective: Objective | None
    ) -> Mapping[str, Any]:
        best: dict[str, Any] | None = tuning_job.get("OverallBestTrainingJob") or tuning_job.get(
            "BestTrainingJob"
        )
        if objective is not None or self.definition_name:
            best = None
        if best is not None and rank == 1:
            return best
        ranked = [
            candidate.summary
            for candidate in training_jobs.ranked_training_jobs(
                self.hook,
                tuning_job,
                objective=objective,
                definition_name=self.definition_name or None,
            )
            if candidate.is_ranked
        ]
        if best is not None:
            # Under warm start it may be a parent's, which this tuning job does not list.
            name = best["TrainingJobName"]
            ranked = [best, *(one for one in ranked if one["TrainingJobName"] != name)]
        if rank > len(ranked):
            raise self._not_that_many(tuning_job, rank, len(ranked), objective)
        return ranked[rank - 1]

    def _not_that_many(
        self, tuning_job: dict[str, Any], rank: int, count: int, objective: Objective | None
    ) -> NoCompletedTrainingJob:
        name = tuning_job["HyperParameterTuningJobName"]
        status = tuning_job["HyperParameterTuningJobStatus"]
        metric = "an objective metric" if objective is None else objective.metric_name
        if count:
            head = f"rank {rank} of {count} training jobs of {name} ({status}) that have {metric}"
        else:
            head = f"no training job of {name} ({status}) has {metric}"
        digest = self.hook.failure_digest(name)
        failed = f"; failed training jobs:\n{digest}" if digest else ""
        return NoCompletedTrainingJob(
            f"{head}{failed}", is_retried=status not in ENDED, digest=digest
        )


def whole_number(name: str, value: object) -> int:
    """Read an argument that may have been a template.

    Raises:
        InvalidTuningRequest: It is no whole number of 1 or more.
    """
    text = "" if isinstance(value, bool) else str(value).strip()
    if not text.isdecimal() or int(text) < 1:
        raise InvalidTuningRequest([Violation(name, repr(value), "a whole number of 1 or more")])
    return int(text)


def given_objective(document: object) -> Objective | None:
    """Read the ``objective`` argument: a mapping, JSON or YAML text, or nothing.

    Raises:
        InvalidTuningRequest: It is no objective.
    """
    document = as_document(document, "objective")
    return None if document in (None, "") else Objective.from_document(document)
