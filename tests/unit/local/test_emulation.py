"""What is emulated of AWS, by the names that requests are signed for."""

import gc
import weakref
from typing import Any

import pytest
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import Client

from sagemaker_tuning.local import emulation
from sagemaker_tuning.local.names import ACCOUNT_ID


@pytest.mark.parametrize("service", ["mobiletargeting", "monitoring", "s3", "sqs", "states"])
def test_a_service_is_known_by_what_its_requests_are_signed_for(service: str) -> None:
    """Whatever botocore calls it."""
    assert emulation.is_emulated(service)


@pytest.mark.parametrize(
    ("service", "signed_for"),
    [
        ("cloudwatch", "monitoring"),
        ("dynamodbstreams", "dynamodb"),
        ("email", "ses"),
        ("eventbridge", "events"),
        ("runtime.sagemaker", "sagemaker"),
        ("SQS", "sqs"),
        ("iotdata", "iotdata"),
    ],
)
def test_a_service_has_other_names_too(service: str, signed_for: str) -> None:
    """That of its client, its endpoint or moto's module; no request is signed for those."""
    assert emulation.signing_name(service) == signed_for
    assert emulation.is_emulated(service) == (service == signed_for)


@pytest.mark.parametrize("service", ["", "core", "nosuch", "translate", "../s3", "a.b"])
def test_what_is_not_emulated_has_no_operations_to_wait_for(service: str) -> None:
    """It may be a service of AWS's, a part of moto, or nothing at all."""
    assert not emulation.is_emulated(service)
    assert emulation.signing_name(service) is None


def test_operations_are_those_that_requests_are_told_apart_by() -> None:
    """Their names, and where a REST API has none in its requests, the HTTP method."""
    assert {"GetLogEvents", "PutLogEvents"} <= set(emulation.operations("logs"))
    assert {"GetRecords", "PutItem"} <= set(emulation.operations("dynamodb"))
    assert emulation.operations("s3") == {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}
    assert emulation.method_of("s3", "DeleteObject") == "DELETE"
    assert emulation.method_of("s3", "FOO") is None


def test_a_service_that_moto_has_not_is_an_exception_and_no_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Standard output is for whoever waits for the endpoint, who may not read on."""
    scope = "Credential=x/20260101/us-east-1/translate/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"}
    with pytest.raises(NotImplementedError):
        Client(emulation.Moto(create_backend_app)).post("/", headers=headers)
    assert capsys.readouterr().out == ""


def test_a_key_of_s3_may_have_line_breaks() -> None:
    """As any other character."""
    client = Client(emulation.Moto(create_backend_app))
    scope = "Credential=x/20260101/us-east-1/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"}
    s3: Any = get_backend("s3")[ACCOUNT_ID]["aws"]
    s3.create_bucket("breaking", "us-east-1")
    client.put("/breaking/a%0Ab/%0D%0Ac", data=b"1", headers=headers)
    assert s3.get_object("breaking", "a\nb/\r\nc").value == b"1"
    s3.delete_object("breaking", "a\nb/\r\nc")
    s3.delete_bucket("breaking")


def test_what_is_replaced_is_not_kept() -> None:
    """The dashboard of moto, which is closed, would have every object that has ever been."""
    emulation.Moto(create_backend_app)
    s3: Any = get_backend("s3")[ACCOUNT_ID]["aws"]
    s3.create_bucket("replacing", "us-east-1")
    replaced = weakref.ref(s3.put_object("replacing", "key", b"1"))
    s3.put_object("replacing", "key", b"2")
    gc.collect()
    assert replaced() is None
    assert s3.get_object("replacing", "key").value == b"2"
    s3.delete_object("replacing", "key")
    s3.delete_bucket("replacing")
