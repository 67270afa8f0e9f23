"""The operator that tries an endpoint out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.smoke import CSV, count_rows, cut, predictions_of, without_labels
from sagemaker_tuning.hooks import first_rows, invocation, model
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields, hook_of
from sagemaker_tuning.operators.base import errors_for_airflow
from sagemaker_tuning.operators.training_job import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

_SHOWN = 5


class SageMakerSmokePredictionOperator(CallsAws):
    """Ask an endpoint for predictions of a few rows, and fail unless it gives one for each.

    A prediction is a finite number, or several for a row. Whether it is a good one, this does not
    tell; that the model loads, takes such rows and answers, it does.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html

    Args:
        endpoint_name: ``EndpointName``.
        data: URI of an S3 object, or of a prefix of objects, with a row on each line; only the
            beginning is read. Or else ``body``.
        rows: How many rows of ``data``, 1 or more; all, if it has fewer.
        content_type: ``ContentType`` of the rows.
        label_first: Whether rows of ``data`` begin with the label, which is then left out; for
            CSV and libsvm.
        body: A request as it is, instead of ``data``.
        accept: ``Accept``: the type to answer in; the container chooses if not given.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``EndpointName``, ``InvokedProductionVariant``, ``Rows``, how many were asked about, and
        ``Predictions``, the first five.

    Raises:
        AirflowFailException: An argument is wrong, or there is no data (``InvalidTuningRequest``).
        PredictionFailed: The answer is no prediction for each row; or the model's container
            failed, with the status and message that it gave.
        AwsCallFailed: SageMaker or S3 refuses a call; botocore has repeated it by then.

    Example:
        >>> SageMakerSmokePredictionOperator(
        ...     task_id="smoke_prediction",
        ...     endpoint_name="churn",
        ...     data="s3://bucket/churn/{{ ds }}/test/",
        ... )
        <Task(SageMakerSmokePredictionOperator): smoke_prediction>
    """

    hook = hook_of(lambda: model.SageMakerModelHook)
    template_fields: Sequence[str] = aws_template_fields(
        "endpoint_name", "data", "rows", "content_type", "body", "accept"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        endpoint_name: str,
        data: str | None = None,
        rows: int | str = 10,
        content_type: str = CSV,
        label_first: bool = True,
        body: str | None = None,
        accept: str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.endpoint_name = endpoint_name
        self.data = data
        self.rows = rows
        self.content_type = content_type
        self.label_first = label_first
        self.body = body
        self.accept = accept

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Invoke the endpoint once, and read what it answers."""
        with errors_for_airflow():
            body = self._body()
            rows = count_rows(body, self.content_type)
            answer = invocation.invoke_endpoint(
                self.hook, self.endpoint_name, body, self.content_type, self.accept
            )
            predictions = predictions_of(answer.body, answer.content_type, rows)
        self.log.info("%s predicts %s", self.endpoint_name, cut(str(predictions)))
        return {
            "EndpointName": self.endpoint_name,
            "InvokedProductionVariant": answer.variant,
            "Rows": rows or len(predictions),
            "Predictions": predictions[:_SHOWN],
        }

    def _body(self) -> str:
        if (self.data is None) == (self.body is None):
            problem = "both given" if self.data is not None else "neither is given"
            raise InvalidTuningRequest([Violation("data, body", problem, "one of the two")])
        if self.body is not None:
            return self.body
        rows = first_rows.first_rows(self.hook, str(self.data), whole_number("rows", self.rows))
        if self.label_first:
            rows = without_labels(rows, self.content_type)
        return "\n".join(rows)
