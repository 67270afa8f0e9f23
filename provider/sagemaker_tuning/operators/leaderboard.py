"""The operator that ranks all training jobs of a tuning job."""

from __future__ import annotations

import importlib.util
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.leaderboard import FORMATS, leaderboard, xcom_rows
from sagemaker_tuning.core.lineage import object_lineage
from sagemaker_tuning.core.ranking import tuning_objective
from sagemaker_tuning.hooks import objects, training_jobs
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import errors_for_airflow
from sagemaker_tuning.operators.lineage import to_operator_lineage
from sagemaker_tuning.operators.training_job import given_objective, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

_MAX_ROWS = 100


class SageMakerTuningJobLeaderboardOperator(CallsAws):
    """Rank all training jobs of a tuning job; so far while it runs, of all once it ended.

    The first few come back as a result, which is kept small enough for XCom; all of them, the
    failed ones last and without a rank, are written to S3 if ``s3_uri`` is given. SageMaker's own
    ``BestTrainingJob`` leads; of equal training jobs the older one is better.

        >>> leaderboard = SageMakerTuningJobLeaderboardOperator(
        ...     task_id="leaderboard",
        ...     tuning_job_name="{{ params.tuning_job_name }}",
        ...     limit=5,
        ...     s3_uri="s3://my-bucket/{{ run_id }}/leaderboard.csv",
        ... )
        >>> rows = leaderboard.output["Rows"]  # for the next task

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, launched by whomever.
        limit: How many rows the result has at most, 1 to 100; fewer if they are more than 48 KiB.
        objective: Another metric to rank by, as a ``HyperParameterTuningJobObjective``:
            ``{"MetricName": …, "Type": "Maximize" or "Minimize"}``. It costs a
            DescribeTrainingJob for each training job.
        definition_name: Rank the training jobs of this one of several training job definitions.
        s3_uri: ``s3://<bucket>/<key>`` of the file for all rows; one that is there is replaced.
        file_format: ``csv``, ``json`` or ``parquet``; by default what the key ends in. Parquet
            needs the extra ``parquet``.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``HyperParameterTuningJobName``, ``…Status``, ``Objective`` (without a ``MetricName`` where
        the training job definitions have several), ``TrainingJobs`` (how many there are),
        ``Rows`` and, if it was written, ``S3Uri``. A row has ``Rank``,
        ``TrainingJobName``, ``Value``, ``TunedHyperParameters``, ``TrainingTimeInSeconds`` and,
        where there are several definitions, ``TrainingJobDefinitionName``. No training job with
        a value, no rows.

    Raises:
        AirflowFailException: An argument is wrong (``InvalidTuningRequest``).
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses a call, or S3 the file.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "tuning_job_name", "limit", "objective", "definition_name", "s3_uri", "file_format"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"objective": "json"}
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        limit: int | str = 10,
        objective: Mapping[str, str] | str | None = None,
        definition_name: str | None = None,
        s3_uri: str | None = None,
        file_format: str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.tuning_job_name = tuning_job_name
        self.limit = limit
        self.objective = objective
        self.definition_name = definition_name
        self.s3_uri = s3_uri
        self.file_format = file_format

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """List the training jobs, rank them, and write the file."""
        with errors_for_airflow():
            limit, given = self._limit(), given_objective(self.objective)
            target = self._target()
            definition_name = self.definition_name or None
            tuning_job = self.hook.describe_tuning_job(self.tuning_job_name)
            ranked = training_jobs.ranked_training_jobs(
                self.hook, tuning_job, objective=given, definition_name=definition_name
            )
            objective = given or tuning_objective(tuning_job, definition_name)
            rows = leaderboard(
                ranked,
                lambda name: (given or tuning_objective(tuning_job, name)).metric_name,
                is_by_definition=bool(tuning_job.get("TrainingJobDefinitions")),
            )
            if target is not None:
                bucket, key, file_format = target
                objects.put_object(self.hook, bucket, key, FORMATS[file_format](rows))
                self.log.info("Wrote %d rows to %s", len(rows), self.s3_uri)
        shown = xcom_rows(rows, limit)
        metrics = {row["MetricName"] for row in rows} or {objective.metric_name}
        self.log.info("The best %d of %d training jobs:", len(shown), len(rows))
        for row in shown:
            self.log.info("%d. %s %.6g", row["Rank"], row["TrainingJobName"], row["Value"])
        return {
            "HyperParameterTuningJobName": tuning_job["HyperParameterTuningJobName"],
            "HyperParameterTuningJobStatus": tuning_job["HyperParameterTuningJobStatus"],
            "Objective": {
                "MetricName": metrics.pop() if len(metrics) == 1 else None,
                "Type": objective.type,
            },
            "TrainingJobs": len(rows),
            "Rows": shown,
            **({"S3Uri": self.s3_uri} if target is not None else {}),
        }

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Give the file, if there is to be one."""
        return to_operator_lineage(object_lineage(self.s3_uri))

    def _limit(self) -> int:
        limit = whole_number("limit", self.limit)
        if limit > _MAX_ROWS:
            rule = f"at most {_MAX_ROWS}; give s3_uri to have all of them in a file"
            raise InvalidTuningRequest([Violation("limit", repr(self.limit), rule)])
        return limit

    def _target(self) -> tuple[str, str, str] | None:
        """Give bucket, key and format of the file; None if there is to be none."""
        if not self.s3_uri:
            if self.file_format:
                problem = f"{self.file_format!r}, but no s3_uri"
                raise InvalidTuningRequest([Violation("file_format", problem, "give s3_uri too")])
            return None
        bucket, key = objects.object_of(self.s3_uri, "s3_uri")
        file_format = (self.file_format or PurePosixPath(key).suffix.removeprefix(".")).lower()
        if file_format not in FORMATS:
            problem = f"{file_format!r} ({self.s3_uri})"
            raise InvalidTuningRequest(
                [Violation("file_format", problem, "one of " + ", ".join(FORMATS))]
            )
        if file_format == "parquet" and importlib.util.find_spec("pyarrow") is None:
            rule = "pip install 'airflow-provider-sagemaker-tuning[parquet]'"
            raise InvalidTuningRequest(
                [Violation("file_format", "parquet needs pyarrow, which is not installed", rule)]
            )
        return bucket, key, file_format
