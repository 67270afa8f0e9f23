"""The operator that sums up several tuning jobs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.cost import prices
from sagemaker_tuning.core.errors import InvalidTuningRequest, TuningJobNotFound, Violation
from sagemaker_tuning.core.rates import HourlyRates
from sagemaker_tuning.core.spending import consumed
from sagemaker_tuning.core.summary import FORMATS, Row, failed_names, summary_row, table, xcom_rows
from sagemaker_tuning.hooks import objects
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import check_choice, errors_for_airflow
from sagemaker_tuning.operators.documents import as_document, as_texts
from sagemaker_tuning.operators.launching import LAUNCHED_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

OnFailed = Literal["fail", "accept"]
"""What it is to the summary that one of the tuning jobs has come to no model."""


class SageMakerTuningJobsSummaryOperator(CallsAws):
    """Sum up the tuning jobs of a mapped task: a row each, those that failed with their reason.

    It comes after all of them, however they ended. Since Airflow takes the end of a run's last
    task for the end of the run, it fails if one of them did: then the others have their models,
    and the run says that not all do.

    Args:
        names: What the tuning jobs are called here, in the order of the map indexes: a list, JSON
            or YAML text, or a task's output.
        tune_task_id: Of the mapped task that launches them.
        model_task_id: Of the mapped task that creates a model of each.
        hourly_rates: As ``SageMakerCreateTuningJobOperator``'s, for an estimate of what each has
            cost; those on instance types without a rate have none.
        s3_uri: ``s3://<bucket>/<key>.csv`` or ``….json`` of a file for the rows; one that is there
            is replaced.
        on_failed: Whether the task is to ``fail`` where a tuning job has come to no model, or to
            ``accept`` it. The rows are there in either case.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``Names``, ``Failed`` (those without a model), ``Rows`` (as many as are 48 KiB) and, if it
        was written, ``S3Uri``. A row has ``Name``; once one was launched,
        ``HyperParameterTuningJobName``, ``…Status``, ``TrainingJobStatusCounters``,
        ``TrainingTimeInSeconds`` of all training jobs together and, with rates, ``EstimatedCost``;
        once there is a best one its ``TrainingJobName``, ``MetricName`` and ``Value``; and
        ``ModelName``, or ``Reason``.

    Raises:
        AirflowFailException: Not all have a model, or an argument is wrong
            (``InvalidTuningRequest``).
        AwsCallFailed: AWS refuses a call, or S3 the file.

    Example:
        >>> SageMakerTuningJobsSummaryOperator(
        ...     task_id="summary",
        ...     names=["north", "south"],
        ...     tune_task_id="tune_and_create_model.tune",
        ...     model_task_id="tune_and_create_model.model",
        ... )
        <Task(SageMakerTuningJobsSummaryOperator): summary>
    """

    template_fields: Sequence[str] = aws_template_fields("names", "hourly_rates", "s3_uri")
    template_fields_renderers: ClassVar[dict[str, str]] = {"names": "json", "hourly_rates": "json"}
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        names: Sequence[str] | str,
        tune_task_id: str,
        model_task_id: str,
        hourly_rates: Mapping[str, Any] | str | None = None,
        s3_uri: str | None = None,
        on_failed: OnFailed = "fail",
        trigger_rule: str = "all_done",
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(trigger_rule=trigger_rule, multiple_outputs=multiple_outputs, **kwargs)
        check_choice("on_failed", on_failed, OnFailed)
        self.names = names
        self.tune_task_id = tune_task_id
        self.model_task_id = model_task_id
        self.hourly_rates = hourly_rates
        self.s3_uri = s3_uri
        self.on_failed = on_failed

    def execute(self, context: Context) -> dict[str, Any]:
        """Describe the tuning jobs, write the rows, and say whether all is well."""
        with errors_for_airflow():
            names, rates = as_texts(self.names, "names"), self._rates()
            target = None if not self.s3_uri else _target(self.s3_uri)
            launched = self._pulled(context, names, self.tune_task_id, LAUNCHED_KEY)
            models = self._pulled(context, names, self.model_task_id, "ModelName")
            arns = self._pulled(context, names, self.model_task_id, "TuningJobArn")
            given = zip(names, launched, zip(models, arns, strict=True), strict=True)
            rows = [self._row(*each, rates) for each in given]
            self.log.info("%d tuning jobs:\n%s", len(rows), table(rows))
            if target is not None:
                bucket, key, file_format = target
                objects.put_object(self.hook, bucket, key, FORMATS[file_format](rows))
                self.log.info("Wrote %d rows to %s", len(rows), self.s3_uri)
        shown, failed = xcom_rows(rows), failed_names(rows)
        if len(shown) < len(rows):
            self.log.warning("The result has the first %d rows of %d", len(shown), len(rows))
        result = {"Names": names, "Failed": failed, "Rows": shown}
        result |= {} if target is None else {"S3Uri": self.s3_uri}
        if failed and self.on_failed == "fail":
            for key, value in result.items():
                context["ti"].xcom_push(key=key, value=value)
            msg = f"{len(failed)} of {len(rows)} have come to no model: {', '.join(failed)}"
            raise AirflowFailException(msg)
        return result

    def _row(
        self,
        name: str,
        launched: str | None,
        model: tuple[str | None, str | None],
        rates: HourlyRates | None,
    ) -> Row:
        if launched is None:
            return summary_row(name, None)
        try:
            tuning_job = self.hook.describe_tuning_job(launched)
        except TuningJobNotFound as error:
            return summary_row(name, None) | {"Reason": str(error)}
        # Airflow keeps what a cleared task has returned until it runs again, which it may never.
        model_name, of_tuning_job = model
        if of_tuning_job not in {None, tuning_job["HyperParameterTuningJobArn"]}:
            model_name = None
        jobs, now = self.hook.training_jobs_by_now(launched)
        cost: float | None = None
        if rates is not None and prices(tuning_job, rates):
            cost = float(consumed(tuning_job, jobs, rates, now))
        return summary_row(name, tuning_job, jobs, model_name=model_name, cost=cost)

    def _pulled(self, context: Context, names: Sequence[str], task_id: str, key: str) -> list[Any]:
        """Give what each of the mapped tasks has pushed; None for what it has not."""
        indexes = range(len(names) + 1)
        found = context["ti"].xcom_pull(task_ids=task_id, key=key, map_indexes=indexes)
        values = list(found)
        if values.pop() is not None:
            problem = f"{len(names)} names, but {task_id} is mapped more often"
            rule = "a name for each map index"
            raise InvalidTuningRequest([Violation("names", problem, rule)])
        return values

    def _rates(self) -> HourlyRates | None:
        document = as_document(self.hourly_rates, "hourly_rates")
        return None if document is None else HourlyRates.from_document(document)


def _target(s3_uri: str) -> tuple[str, str, str]:
    """Give bucket, key and format of the file."""
    bucket, key = objects.object_of(s3_uri, "s3_uri")
    file_format = PurePosixPath(key).suffix.removeprefix(".").lower()
    if file_format not in FORMATS:
        rule = "a key that ends in " + " or ".join(f".{suffix}" for suffix in FORMATS)
        raise InvalidTuningRequest([Violation("s3_uri", repr(s3_uri), rule)])
    return bucket, key, file_format
