"""The summary of a mapped task's tuning jobs, against the endpoint."""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import TuningJobFailed
from sagemaker_tuning.operators.summary import SageMakerTuningJobsSummaryOperator
from tests.operators.task import (
    BUCKET,
    FakeTaskInstance,
    context,
    tuning_operator,
    tuning_request,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.contract.aws import Aws

TUNE, MODEL = "segments.tune", "segments.model"


@dataclass
class FakeSummaryInstance(FakeTaskInstance):
    """One whose DAG run has mapped tasks: what they pushed, by task and key, then map index."""

    pushed: dict[tuple[str, str], dict[int, Any]] = field(default_factory=dict)

    def xcom_pull(self, task_ids: str, key: str, map_indexes: Iterable[int]) -> list[Any]:
        return [self.pushed.get((task_ids, key), {}).get(index) for index in map_indexes]


def _launched(data: str = "train") -> str:
    ti = FakeTaskInstance()
    with contextlib.suppress(TuningJobFailed, AirflowFailException):
        tuning_operator(tuning_request(data=data)).execute(context(ti))
    return str(ti.xcoms["HyperParameterTuningJobName"])


def _arn(tuning_job: str | None) -> str:
    return (
        f"arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/{tuning_job or '-'}"
    )


def _instance(
    names: list[str | None], models: list[str | None], models_of: list[str | None] | None = None
) -> FakeSummaryInstance:
    arns = [_arn(name) for name in models_of or names]
    return FakeSummaryInstance(
        task_id="summary",
        pushed={
            (TUNE, "HyperParameterTuningJobName"): dict(enumerate(names)),
            (MODEL, "ModelName"): dict(enumerate(models)),
            (MODEL, "TuningJobArn"): dict(enumerate(arns)),
        },
    )


def _operator(**kwargs: Any) -> SageMakerTuningJobsSummaryOperator:
    arguments = {"names": ["good", "bad", "none"]} | kwargs
    return SageMakerTuningJobsSummaryOperator(
        task_id="summary", tune_task_id=TUNE, model_task_id=MODEL, **arguments
    )


@pytest.mark.usefixtures("client")
def test_each_has_a_row_and_failures_their_reason(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    """The task fails if one has no model, and table, file and result are there all the same."""
    good, bad = _launched(), _launched("text")
    ti = _instance([good, bad, None], ["m-1", None, None])
    operator = _operator(s3_uri=f"s3://{BUCKET}/summary.csv", hourly_rates={"ml.m5.large": "3600"})
    with pytest.raises(AirflowFailException, match="2 of 3 have come to no model: bad, none"):
        operator.execute(context(ti))
    first, second, third = ti.xcoms["Rows"]
    assert (first["HyperParameterTuningJobName"], first["ModelName"]) == (good, "m-1")
    assert first["TrainingJobStatusCounters"]["Completed"] == 3
    assert first["MetricName"] == "validation:auc"
    assert 0 < first["EstimatedCost"] < 600
    assert second["HyperParameterTuningJobStatus"] == "Failed"
    assert second["Reason"].startswith("3 × ClientError: ")
    assert third == {
        "Name": "none",
        "Reason": "no tuning job was launched: the task's log says why",
    }
    assert ti.xcoms["Failed"] == ["bad", "none"]
    body = aws.s3.get_object(Bucket=BUCKET, Key="summary.csv")["Body"].read().decode()
    read = list(csv.DictReader(io.StringIO(body)))
    assert [row["Name"] for row in read] == ["good", "bad", "none"]
    assert read[1]["TrainingJobStatusCounters.NonRetryableError"] == "3"
    assert "bad   Failed        0/3, 3 failed" in capsys.readouterr().out
    accepted = _operator(on_failed="accept").execute(context(ti))
    assert accepted["Failed"] == ["bad", "none"]


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"names": "[good]"}, "names: 1 names, but segments.tune is mapped more often"),
        ({"names": []}, "names: "),
        ({"s3_uri": f"s3://{BUCKET}/summary.txt"}, "s3_uri: .*ends in .csv or .json"),
        ({"hourly_rates": {"ml.m5.large": "much"}}, "hourly_rates"),
    ],
)
def test_a_wrong_argument_is_told(arguments: dict[str, Any], path: str) -> None:
    """Before AWS is asked anything."""
    ti = _instance(["a-1", "b-1", "c-1"], [None, None, None])
    with pytest.raises(AirflowFailException, match=path):
        _operator(**arguments).execute(context(ti))


@pytest.mark.usefixtures("client")
def test_a_job_that_is_not_there_has_a_reason() -> None:
    """As of one that was deleted since."""
    ti = _instance(["nobodys-job"], [None])
    result = _operator(names=["a"], on_failed="accept").execute(context(ti))
    assert "nobodys-job" in result["Rows"][0]["Reason"]


@pytest.mark.usefixtures("client")
def test_a_model_of_an_earlier_tuning_job_is_none_of_this_one() -> None:
    """A cleared task that fails leaves Airflow with what the next one returned before."""
    ti = _instance([_launched("text")], ["m-1"], models_of=["before"])
    result = _operator(names=["a"], on_failed="accept").execute(context(ti))
    assert result["Failed"] == ["a"]
    assert "ClientError" in result["Rows"][0]["Reason"]
