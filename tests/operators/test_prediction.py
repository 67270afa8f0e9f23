"""An endpoint is tried out, against the local endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import PredictionFailed
from sagemaker_tuning.operators.prediction import SageMakerSmokePredictionOperator
from tests.contract import serving
from tests.operators.task import context

if TYPE_CHECKING:
    from tests.conftest import Faults
    from tests.contract.aws import Aws, Document

_ROW = "0.1,0.2,0.3,0.4,0.5"


@pytest.fixture(scope="module")
def endpoint_name(aws: Aws, completed: Document) -> str:
    """Serve a model that was really trained."""
    return serving.create_endpoint(
        aws, serving.create_model(aws, serving.artifact_of(aws, completed))
    )


def _smoke(endpoint: str, **arguments: Any) -> SageMakerSmokePredictionOperator:
    return SageMakerSmokePredictionOperator(task_id="smoke", endpoint_name=endpoint, **arguments)


def test_a_smoke_prediction_asks_about_the_first_rows(
    aws: Aws, endpoint_name: str, bucket: str
) -> None:
    """Of an object or a prefix, without their labels; a body is asked as it is."""
    folder = serving.unique("test")
    rows = "".join(f"{n % 2},{_ROW}\n" for n in range(20_000))
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/_SUCCESS", Body=b"")
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/a.csv", Body=f"1,{_ROW}\n\n0,{_ROW}".encode())
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/b.csv", Body=rows.encode())
    for data, count in (
        (f"s3://{bucket}/{folder}/", 10),
        (f"s3://{bucket}/{folder}/a.csv", 2),
        (f"s3://{bucket}/{folder}/b.csv", 10),
    ):
        result = _smoke(endpoint_name, data=data).execute(context())
        assert result["Rows"] == count
        assert len(result["Predictions"]) == min(count, 5)
        assert result["InvokedProductionVariant"] == "variant-0"
    many = _smoke(endpoint_name, data=f"s3://{bucket}/{folder}/b.csv", rows="5000")
    assert many.execute(context())["Rows"] == 5000
    asked = _smoke(endpoint_name, body=f"{_ROW}\n{_ROW}", accept="application/json").execute(
        context()
    )
    assert asked["Rows"] == len(asked["Predictions"]) == 2


def test_a_smoke_prediction_fails_with_what_came_back(
    endpoint_name: str, bucket: str, faults: Faults
) -> None:
    """The container's own words, the service's refusal, or where the data is missing."""
    with pytest.raises(PredictionFailed, match=r"client error \(400\).*feature size"):
        _smoke(endpoint_name, body="1,2").execute(context())
    faults.put({"kind": "error", "operation": "InvokeEndpoint", "times": 2, "status": 503})
    assert _smoke(endpoint_name, body=_ROW).execute(context())["Rows"] == 1
    faults.put(
        {"kind": "error", "operation": "InvokeEndpoint", "status": 424, "code": "ModelError"}
    )
    with pytest.raises(PredictionFailed, match="ModelError"):
        _smoke(endpoint_name, body=_ROW).execute(context())
    for arguments, words in (
        ({}, "neither is given"),
        ({"data": f"s3://{bucket}/nothing/"}, "has no rows"),
        ({"data": "bucket/key"}, "s3://<bucket>/<key or prefix>"),
        ({"data": f"s3://{bucket}/x", "rows": 0}, "rows: 0"),
    ):
        with pytest.raises(AirflowFailException, match=words):
            _smoke(endpoint_name, **arguments).execute(context())
