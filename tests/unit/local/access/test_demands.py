"""Requests that are signed for another service than the one that answers them."""

import json

import pytest

from sagemaker_tuning.local.access.demands import demands
from sagemaker_tuning.local.http.call import Call

_ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def _demands(service: str, path: str, **environ: str) -> list[tuple[str, str]]:
    body = json.dumps({"TransformJobName": "one"}).encode()
    given = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", **environ}
    return [
        (each.action, each.resource) for each in demands(Call(given, body, "us-east-1", service))
    ]


@pytest.mark.parametrize("service", ["sagemaker", "s3", "logs", ""])
def test_an_operation_of_sagemakers_needs_its_action(service: str) -> None:
    """It is carried out in any case; who may do anything in S3 may not stop jobs by that."""
    found = _demands(service, "/", HTTP_X_AMZ_TARGET="SageMaker.StopTransformJob")
    assert found == [("sagemaker:StopTransformJob", f"{_ACCOUNT}:transform-job/one")]


@pytest.mark.parametrize("service", ["sagemaker", ""])
def test_an_invocation_needs_its_action(service: str) -> None:
    """One that nobody has signed is answered, too."""
    found = _demands(service, "/endpoints/churn/invocations")
    assert found == [("sagemaker:InvokeEndpoint", f"{_ACCOUNT}:endpoint/churn")]


def test_a_bucket_may_be_called_endpoints() -> None:
    """What is signed for S3 is an object there, and no endpoint's."""
    ((action, resource),) = _demands("s3", "/endpoints/churn/invocations")
    assert (action.partition(":")[0], resource) == (
        "s3",
        "arn:aws:s3:::endpoints/churn/invocations",
    )
