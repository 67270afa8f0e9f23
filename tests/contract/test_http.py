"""HTTP itself: who may call, what malformed requests get, what nobody implements."""

import contextlib
import json
import socket
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote, urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.api import OPERATIONS, TAG_OPERATIONS, WITHHELD
from tests.contract.aws import Aws, Document

CREATE = "SageMaker.CreateHyperParameterTuningJob"


def send(
    url: str,
    target: str,
    body: bytes,
    *,
    method: str = "POST",
    path: str = "/",
    **headers: str,
) -> tuple[int, Document]:
    """The status and the JSON of an answer; it fails where the answer is no JSON."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, path, body, {"X-Amz-Target": target, **headers})
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("application/x-amz-json")
    return response.status, json.loads(response.read())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "The request body is not valid JSON"),
        (b"[]", "LIST_VALUE can not be converted to Structure"),
        (b'{"HyperParameterTuningJobName": 7}', "NUMBER_VALUE can not be converted to String"),
        (b'{"HyperParameterTuningJobName": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "The request body is not valid JSON"),
        (b'"\xff"', "The request body is not valid JSON"),
    ],
)
def test_what_is_not_json_of_the_right_types_is_a_serialization_error(
    endpoint: str, body: bytes, message: str
) -> None:
    status, error = send(endpoint, CREATE, body)
    assert (status, error["__type"]) == (400, "SerializationException")
    assert message in error["message"]


def test_an_unknown_field_is_refused_with_its_path(
    endpoint: str, request_document: Document
) -> None:
    """A misspelt field that a client lets through is named, not silently dropped."""
    request_document["TrainingJobDefinition"]["RolArn"] = "x"
    status, error = send(endpoint, CREATE, json.dumps(request_document).encode())
    assert (status, error["__type"]) == (400, "ValidationException")
    assert "Value 'x' at 'trainingJobDefinition.RolArn'" in error["message"]
    assert "Member must be one of [DefinitionName, " in error["message"]


def test_a_missing_role_is_refused_with_its_path(endpoint: str, request_document: Document) -> None:
    """A required field that a client lets through is named as AWS names it."""
    del request_document["TrainingJobDefinition"]["RoleArn"]
    status, error = send(endpoint, CREATE, json.dumps(request_document).encode())
    assert (status, error["__type"]) == (400, "ValidationException")
    assert error["message"] == (
        "1 validation error detected: Value null at 'trainingJobDefinition.roleArn' failed to"
        " satisfy constraint: Member must not be null"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example.com"},
        {"Host": "127.0.0.1.example.com:80"},
    ],
)
def test_a_web_page_is_refused(endpoint: str, headers: dict[str, str]) -> None:
    """Neither a page's own request nor one sent to a foreign name reaches anything."""
    for target in ("SageMaker.ListHyperParameterTuningJobs", "SageMaker.ListModels", ""):
        status, error = send(endpoint, target, b"{}", **headers)
        assert (status, error["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    "path",
    ["/_local/health", "/_local/faults", "/endpoints/any/invocations", "/data/train.csv", "/"],
)
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://127.0.0.1"}, {"Host": "rebound.example.com"}]
)
def test_no_route_is_open_to_a_web_page(endpoint: str, path: str, headers: dict[str, str]) -> None:
    """Predictions, S3 and the endpoint's own routes included."""
    for method in ("GET", "POST", "PUT", "DELETE"):
        status, error = send(endpoint, "", b"1,2", method=method, path=path, **headers)
        assert (status, error["__type"]) == (403, "AccessDeniedException")


def exchange(url: str, sent: bytes) -> bytes:
    """Everything that is answered to what is sent, up to the end of the connection."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(sent)
        answered = b""
        while received := connection.recv(65536):
            answered += received
    return answered


def request_of(url: str, *headers: str, path: str = "/") -> bytes:
    """A request's head."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", *headers, "", ""]
    return "\r\n".join(lines).encode()


LIST = "X-Amz-Target: SageMaker.ListTrainingJobs"


def test_a_page_cannot_fill_the_memory(endpoint: str) -> None:
    """A refused request's body is not waited for, however large it claims to be."""
    head = request_of(endpoint, LIST, "Origin: http://example.com", f"Content-Length: {10**12}")
    answered = exchange(endpoint, head)
    assert answered.startswith(b"HTTP/1.1 403 ")
    assert b"AccessDeniedException" in answered


def test_a_body_has_a_largest_size(endpoint: str) -> None:
    """32 MiB, whether the length is announced or only the chunks tell; S3 takes more."""
    announced = request_of(endpoint, LIST, f"Content-Length: {32 * 2**20 + 1}")
    assert b"RequestEntityTooLargeException" in exchange(endpoint, announced)
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    connection.request(
        "POST",
        "/",
        (bytes(2**20) for _ in range(33)),
        {"X-Amz-Target": "SageMaker.ListTrainingJobs"},
        encode_chunked=True,
    )
    response = connection.getresponse()
    assert response.status == 413
    assert b"RequestEntityTooLargeException" in response.read()


def test_a_body_may_come_in_chunks(endpoint: str) -> None:
    """And the connection is kept after it."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    for _ in range(2):
        connection.request(
            "POST",
            "/",
            iter([b'{"MaxRes', b'ults": 1}']),
            {"X-Amz-Target": "SageMaker.ListTrainingJobs"},
            encode_chunked=True,
        )
        response = connection.getresponse()
        assert response.status == 200
        assert "TrainingJobSummaries" in json.loads(response.read())


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], b"not a length\r\n{}"),
        (["Transfer-Encoding: chunked"], b"-5\r\n{}\r\n"),
        (["Content-Length: ten"], b"{}"),
        (["Content-Length: -1"], b"{}"),
        (["Content-Length: \u0661"], b"{}"),
    ],
)
def test_a_body_without_an_end_is_a_serialization_error(
    endpoint: str, headers: list[str], body: bytes
) -> None:
    """In JSON, and the connection ends: nobody knows where the next request would begin."""
    answered = exchange(endpoint, request_of(endpoint, LIST, *headers) + body)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"SerializationException" in answered
    assert answered.count(b"HTTP/1.1") == 1


def test_half_a_request_is_carried_out_by_nobody_and_holds_nobody_up(
    endpoint: str, request_document: Document
) -> None:
    """Clients that say nothing, or break off, are alone with it."""
    parts = urlsplit(endpoint)
    body = json.dumps(request_document).encode()
    head = request_of(endpoint, f"X-Amz-Target: {CREATE}", f"Content-Length: {len(body)}")
    with contextlib.ExitStack() as stack:
        for sent in (b"", head[:10], head, head + body[:-1]) * 10:
            connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
            stack.enter_context(connection).sendall(sent)
        status, _ = send(endpoint, "SageMaker.ListTrainingJobs", b"{}")
        assert status == 200
    status, answer = send(
        endpoint,
        "SageMaker.ListHyperParameterTuningJobs",
        json.dumps({"NameContains": request_document["HyperParameterTuningJobName"]}).encode(),
    )
    assert (status, answer["HyperParameterTuningJobSummaries"]) == (200, [])


def test_localhost_is_one_of_its_names(endpoint: str) -> None:
    """A name of this machine is as good as its address."""
    status, _ = send(
        endpoint, "SageMaker.ListHyperParameterTuningJobs", b"{}", Host="localhost:8080"
    )
    assert status == 200


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/", "/moto-api/config"])
def test_motos_control_routes_are_closed(endpoint: str, path: str) -> None:
    """Nobody can wipe or seed the emulated services."""
    status, error = send(endpoint, "", b"", path=path)
    assert (status, error["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize("operation", ["ListHyperParameterTuning", *sorted(WITHHELD)])
def test_an_operation_that_nobody_implements_is_a_json_error(endpoint: str, operation: str) -> None:
    """An unknown one, and those that moto would answer from jobs that are not ours."""
    status, error = send(endpoint, f"SageMaker.{operation}", b"{}")
    assert (status, error["__type"]) == (501, "UnknownOperationException")
    assert operation in error["message"]


def test_what_moto_lacks_is_refused_at_once(aws: Aws) -> None:
    """An operation of another service that moto has not is an error that boto3 does not retry."""
    with pytest.raises(ClientError) as caught:
        aws.sagemaker.list_workforces()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    with pytest.raises(ClientError) as caught:
        aws.client("iam").generate_service_last_accessed_details(
            Arn="arn:aws:iam::123456789012:role/x"
        )
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("translate", "list_terminologies", {}),  # JSON, a service that moto has not
        ("braket", "get_job", {"jobArn": "x"}),  # REST JSON, likewise
        ("lambda", "list_durable_executions_by_function", {"FunctionName": "x"}),  # a page
        ("cloudfront", "list_streaming_distributions", {}),  # a page where XML is expected
        ("route53", "list_traffic_policies", {}),
        ("ec2", "describe_fpga_images", {}),  # query, in EC2's own form
        ("autoscaling", "describe_account_limits", {}),  # query
        ("xray", "get_groups", {}),  # moto wants a package that is not installed
        (
            "sagemaker-featurestore-runtime",
            "get_record",
            {"FeatureGroupName": "x", "RecordIdentifierValueAsString": "x"},
        ),
    ],
)
def test_what_is_not_emulated_is_said_in_its_own_protocol(
    aws: Aws, service: str, operation: str, arguments: Document
) -> None:
    """Whether moto raises or answers a page; at once, since a retry would not help."""
    with pytest.raises(ClientError) as caught:
        getattr(aws.client(service), operation)(**arguments)
    response = caught.value.response
    assert response["Error"]["Code"] == "UnknownOperationException"
    assert "The local SageMaker endpoint does not emulate" in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


def test_an_object_that_is_a_page_is_answered(aws: Aws, bucket: str) -> None:
    """Also where the bucket has the name of the runtime API's path."""
    page = b"<!doctype html>\n<title>404 Not Found</title>"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="endpoints")
    for each in (bucket, "endpoints"):
        s3.put_object(Bucket=each, Key="x/invocations", Body=page, ContentType="text/html")
        assert s3.get_object(Bucket=each, Key="x/invocations")["Body"].read() == page
    s3.create_multipart_upload(Bucket="endpoints", Key="x/y")
    s3.delete_object(Bucket="endpoints", Key="x/invocations")


@pytest.mark.parametrize(
    "path", ["", "x", "x/", "x/invocation", "x/y/invocations", "x/invocations/", "x/invocations/y"]
)
def test_nothing_else_is_below_endpoints(endpoint: str, path: str) -> None:
    """A path that is misspelt does not end in S3."""
    status, error = send(endpoint, "", b"1,2", path=f"/endpoints/{path}")
    assert (status, error["__type"]) == (501, "UnknownOperationException")
    assert f"POST /endpoints/{path}" in error["message"]


def test_the_connection_is_kept(endpoint: str) -> None:
    """Calls follow each other on one connection, after a refusal too."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    connection.connect()
    kept = connection.sock
    for path, expected in (("/_local/health", 200), ("/moto-api/", 403), ("/_local/health", 200)):
        connection.request("POST", path, b"x" * 100_000)
        response: HTTPResponse = connection.getresponse()
        response.read()
        assert (response.status, connection.sock) == (expected, kept)


def test_health_is_json(endpoint: str) -> None:
    """What a script waits for, and a container's health check asks."""
    status, health = send(endpoint, "", b"", method="GET", path="/_local/health")
    assert status == 200
    assert (health["status"], health["account"]) == ("ok", "123456789012")


def test_iam_allows_what_the_sagemaker_sdk_asks(aws: Aws) -> None:
    """SimulatePrincipalPolicy, which moto has not, allows every action."""
    results = aws.client("iam").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:role/sagemaker",
        ActionNames=["sagemaker:CreateTrainingJob", "s3:GetObject"],
    )["EvaluationResults"]
    assert [(each["EvalActionName"], each["EvalDecision"]) for each in results] == [
        ("sagemaker:CreateTrainingJob", "allowed"),
        ("s3:GetObject", "allowed"),
    ]


def test_tags_of_other_resources_stay_motos(aws: Aws, completed: Document) -> None:
    """Tags of a model are moto's, those of a tuning job ours: added, listed and deleted."""
    model = aws.sagemaker.create_model(
        ModelName="tagged",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
        PrimaryContainer={"Image": "image"},
        Tags=[{"Key": "of", "Value": "moto"}],
    )["ModelArn"]
    assert aws.sagemaker.list_tags(ResourceArn=model)["Tags"] == [{"Key": "of", "Value": "moto"}]
    ours = completed["HyperParameterTuningJobArn"]
    aws.sagemaker.add_tags(ResourceArn=ours, Tags=[{"Key": "added", "Value": "later"}])
    assert {"Key": "added", "Value": "later"} in aws.sagemaker.list_tags(ResourceArn=ours)["Tags"]
    aws.sagemaker.delete_tags(ResourceArn=ours, TagKeys=["added"])
    keys = [tag["Key"] for tag in aws.sagemaker.list_tags(ResourceArn=ours)["Tags"]]
    assert keys == ["team"]


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "ODD"]),
    path=st.text(max_size=20).map(lambda text: f"/{quote(text, errors='replace')}"),
    headers=st.fixed_dictionaries(
        {
            "X-Amz-Target": (
                st.sampled_from([*OPERATIONS, *TAG_OPERATIONS, *WITHHELD])
                | st.from_regex(r"[!-~]{0,20}", fullmatch=True)
            ).map(lambda name: f"SageMaker.{name}"),
            "Content-Type": st.sampled_from(["", "application/x-www-form-urlencoded", "text/html"]),
            "Authorization": st.sampled_from(
                [
                    "",
                    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sagemaker/aws4_request",
                    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request",
                    "Basic x",
                ]
            ),
        }
    ),
    body=st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"Action=X", b"0\r\n\r\n"]),
)
def test_any_request_to_sagemaker_gets_an_answer_in_json(
    endpoint: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Whatever the method, the path, the operation, the other headers and the body."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    assert response.status < 500 or response.status == 501
    assert response.headers["Content-Type"].startswith("application/x-amz-json")
    answered = response.read()
    assert method == "HEAD" or json.loads(answered or b"{}") is not None
