"""Faults on demand: what clients see, what was carried out, and who may set the rules."""

import json
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document, has_ended
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import LIMITS, changed, endless, example, rows

Send = Callable[..., tuple[int, Document]]
LIST = "ListHyperParameterTuningJobs"
CREATE = "CreateHyperParameterTuningJob"


class Faulty:
    """An endpoint with a fault control."""

    def __init__(self, aws: Aws, token: str) -> None:
        self.aws = aws
        self.token = token
        self.bucket = aws.upload(rows(400, seed=1), rows(200, seed=2))
        # One try a call, so that each fault is seen.
        self.sagemaker = aws.client("sagemaker", config=Config(retries={"total_max_attempts": 1}))

    def control(
        self, method: str, rules: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Document]:
        """The status and the JSON of the control route's answer."""
        connection = HTTPConnection(urlsplit(self.aws.url).netloc, timeout=DEADLINE_SECONDS)
        body = None if rules is None else json.dumps(rules)
        sent = self.token if token is None else token
        connection.request(method, "/_local/faults", body, {"X-Fault-Token": sent, **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def put(self, *rules: Document) -> None:
        """Has these rules in force."""
        status, answer = self.control("PUT", rules)
        assert status == 200, answer

    def used(self) -> list[int]:
        """How often each rule has struck."""
        return [rule["used"] for rule in self.control("GET")[1]["rules"]]

    def list_jobs(self) -> list[str]:
        """The names of all tuning jobs."""
        jobs = self.sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        return [job["HyperParameterTuningJobName"] for job in jobs]


@pytest.fixture(scope="module")
def faulty(start_shared_endpoint: StartEndpoint) -> Faulty:
    aws, process = start_shared_endpoint("--faults")
    assert process.stdout is not None
    match = re.fullmatch(
        rf"Fault control: PUT {aws.url}/_local/faults, header X-Fault-Token: (\S+)\n",
        process.stdout.readline(),
    )
    assert match
    return Faulty(aws, match.group(1))


@pytest.fixture(autouse=True)
def no_faults(faulty: Faulty) -> Iterator[None]:
    """Nothing is left of a test's rules."""
    yield
    assert faulty.control("DELETE") == (200, {"rules": []})


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    status: int = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response["Error"]["Message"]


def test_throttling_strikes_as_often_as_asked_and_its_operation_alone(faulty: Faulty) -> None:
    """AWS's code and words, twice, after one call let through; other calls go on."""
    faulty.put({"operation": LIST, "kind": "throttle", "times": 2, "skip": 1})
    call = faulty.sagemaker.list_hyper_parameter_tuning_jobs
    call()
    for _ in range(2):
        assert refused(call) == (400, "ThrottlingException", "Rate exceeded")
        faulty.sagemaker.list_training_jobs()
    call()
    assert faulty.used() == [2]


def test_boto3s_own_retries_get_past_throttling(faulty: Faulty) -> None:
    """What a client does about an error is its real behaviour."""
    faulty.put({"operation": "*", "kind": "throttle", "times": 2})
    answer = faulty.aws.sagemaker.list_training_jobs()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_rule_may_be_for_ever(faulty: Faulty) -> None:
    """Until it is cleared."""
    faulty.put({"operation": LIST, "kind": "error", "times": None})
    for _ in range(5):
        assert refused(faulty.sagemaker.list_hyper_parameter_tuning_jobs)[:2] == (
            500,
            "InternalFailure",
        )
    faulty.control("DELETE")
    faulty.sagemaker.list_hyper_parameter_tuning_jobs()


def test_an_error_is_any_that_is_asked_for(faulty: Faulty) -> None:
    """Its code, message and status are the rule's; what it struck was not carried out."""
    rule = {"kind": "error", "code": "ServiceUnavailable", "message": "Later.", "status": 503}
    faulty.put({"operation": CREATE, **rule})
    request = example(faulty.bucket)
    assert refused(faulty.sagemaker.create_hyper_parameter_tuning_job, **request) == (
        503,
        "ServiceUnavailable",
        "Later.",
    )
    assert request["HyperParameterTuningJobName"] not in faulty.list_jobs()


@pytest.mark.parametrize(
    ("kind", "error"),
    [("error_after", ClientError), ("drop_after", ConnectionClosedError)],
)
def test_an_answer_can_be_lost_after_the_request_was_carried_out(
    faulty: Faulty, kind: str, error: type[Exception]
) -> None:
    """The tuning job is there, and a second Create says so."""
    faulty.put({"operation": CREATE, "kind": kind})
    request = example(faulty.bucket)
    with pytest.raises(error):
        faulty.sagemaker.create_hyper_parameter_tuning_job(**request)
    assert request["HyperParameterTuningJobName"] in faulty.list_jobs()
    assert refused(faulty.sagemaker.create_hyper_parameter_tuning_job, **request)[1] == (
        "ResourceInUse"
    )
    faulty.aws.wait(request["HyperParameterTuningJobName"], has_ended)


def test_a_connection_can_be_dropped_before_anything_was_done(faulty: Faulty) -> None:
    """No byte is answered, no tuning job is there, and the next try creates it."""
    faulty.put({"operation": CREATE, "kind": "drop_before"})
    request = example(faulty.bucket)
    with pytest.raises(ConnectionClosedError):
        faulty.sagemaker.create_hyper_parameter_tuning_job(**request)
    assert request["HyperParameterTuningJobName"] not in faulty.list_jobs()
    assert faulty.aws.run(request)["HyperParameterTuningJobStatus"] == "Completed"


def test_latency_holds_one_call_and_no_other(faulty: Faulty) -> None:
    """A client with a shorter timeout gives up; other calls are answered meanwhile."""
    faulty.put({"operation": LIST, "kind": "latency", "seconds": 600})
    impatient = faulty.aws.client(
        "sagemaker", config=Config(read_timeout=0.2, retries={"total_max_attempts": 1})
    )
    with pytest.raises(Exception, match="Read timeout"):
        impatient.list_hyper_parameter_tuning_jobs()
    faulty.sagemaker.list_hyper_parameter_tuning_jobs()
    assert faulty.used() == [1]


def test_other_services_fail_in_their_own_protocols(faulty: Faulty) -> None:
    """S3 by HTTP method, JSON and query services by the operation's name."""
    faulty.put(
        {"operation": "s3:PUT", "kind": "throttle"},
        {"operation": "s3:GET", "kind": "error", "status": 503, "code": "ServiceUnavailable"},
        {"operation": "logs:DescribeLogStreams", "kind": "throttle"},
        {"operation": "sts:*", "kind": "error"},
    )
    once = Config(retries={"total_max_attempts": 1})
    s3, logs, sts = (faulty.aws.client(name, config=once) for name in ("s3", "logs", "sts"))
    assert refused(s3.put_object, Bucket=faulty.bucket, Key="new", Body=b"1")[:2] == (
        503,
        "SlowDown",
    )
    assert refused(s3.list_objects_v2, Bucket=faulty.bucket)[1] == "ServiceUnavailable"
    assert [
        each["Key"]
        for each in s3.list_objects_v2(Bucket=faulty.bucket, Prefix="n").get("Contents", ())
    ] == []
    assert refused(logs.describe_log_streams, logGroupName="x")[1] == "ThrottlingException"
    assert refused(sts.get_caller_identity)[1] == "InternalFailure"
    assert faulty.used() == [1, 1, 1, 1]


def test_training_jobs_have_internal_errors_on_demand(faulty: Faulty) -> None:
    """So many training jobs of the named tuning job count as retryable errors, others do not."""
    request = example(faulty.bucket)
    name = request["HyperParameterTuningJobName"]
    faulty.put({"kind": "training_job_error", "times": 2, "tuning_job": name})
    other = faulty.aws.run(example(faulty.bucket))
    assert other["TrainingJobStatusCounters"]["Completed"] == 4
    job = faulty.aws.run(request)
    assert (job["HyperParameterTuningJobStatus"], faulty.used()) == ("Completed", [2])
    assert job["TrainingJobStatusCounters"]["RetryableError"] == 2
    failed = [
        each["FailureReason"]
        for each in faulty.aws.training_jobs(name)
        if each["TrainingJobStatus"] == "Failed"
    ]
    assert len(failed) == 2
    assert all(reason.startswith("InternalServerError: ") for reason in failed)


def test_an_instance_quota_counts_what_runs_and_what_is_asked_for(faulty: Faulty) -> None:
    """ResourceLimitExceeded in AWS's words; nothing was created; what fits is let through."""
    faulty.put({"kind": "quota", "resource": "ml.c4.2xlarge", "limit": 4})
    request = example(faulty.bucket)
    assert refused(faulty.sagemaker.create_hyper_parameter_tuning_job, **request)[1:] == (
        "ResourceLimitExceeded",
        (
            "The account-level service limit 'ml.c4.2xlarge for training job usage' is 4"
            " Instances, with current utilization of 0 Instances and a request delta of 6"
            " Instances. Please use AWS Service Quotas to request an increase for this quota. If"
            " AWS Service Quotas is not available, contact AWS support to request an increase for"
            " this quota."
        ),
    )
    assert request["HyperParameterTuningJobName"] not in faulty.list_jobs()
    one = changed(endless(request), *LIMITS, "MaxParallelTrainingJobs", value=1)
    name = faulty.aws.create(one)
    faulty.aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 1)
    two = changed(example(faulty.bucket), *LIMITS, "MaxParallelTrainingJobs", value=2)
    message = refused(faulty.sagemaker.create_hyper_parameter_tuning_job, **two)[2]
    assert "current utilization of 2 Instances and a request delta of 4 Instances" in message
    faulty.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    faulty.aws.wait(name, has_ended)
    assert faulty.aws.run(two)["HyperParameterTuningJobStatus"] == "Completed"
    assert faulty.used() == [2]


def test_a_quota_of_tuning_jobs_counts_those_that_have_not_ended(faulty: Faulty) -> None:
    """At a limit of one, the second is refused until the first has ended."""
    faulty.put({"kind": "quota", "resource": "tuning-jobs", "limit": 1})
    name = faulty.aws.create(endless(example(faulty.bucket)))
    request = example(faulty.bucket)
    assert refused(faulty.sagemaker.create_hyper_parameter_tuning_job, **request)[1] == (
        "ResourceLimitExceeded"
    )
    faulty.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    faulty.aws.wait(name, has_ended)
    assert faulty.aws.run(request)["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "The body is no list"),
        (["x"], "rules[0] is 'x'. Give a JSON object"),
        (
            [{}],
            (
                "rules[0].kind is missing. Give throttle (with operation); error (with operation);"
                " error_after (with operation); latency (with operation and seconds); drop_before"
                " (with operation); drop_after (with operation); training_job_error; quota (with"
                " resource and limit)."
            ),
        ),
        ([{"kind": "throtle"}], "Is it throttle?"),
        ([{"kind": "throttle"}], "rules[0].operation is missing. Give an operation of SageMaker"),
        (
            [{"kind": "throttle", "operation": "TuneMyJob"}],
            "rules[0].operation is 'TuneMyJob'. Give an operation of SageMaker",
        ),
        (
            [{"kind": "throttle", "operation": "*", "time": 3}],
            "rules[0].time is not a field of a throttle rule. It has operation, times, ",
        ),
        (
            [{"kind": "throttle", "operation": "*"}, {"kind": "latency", "operation": "*"}],
            "rules[1].seconds is missing. Give a number from 0 to 3600.",
        ),
        (
            [{"kind": "drop_after", "operation": "*", "times": 0}],
            "rules[0].times is 0. Give a whole number from 1, or null for ever.",
        ),
        (
            [{"kind": "drop_after", "operation": "*", "times": True}],
            "rules[0].times is True. Give a whole number from 1, or null for ever.",
        ),
        (
            [{"kind": "drop_after", "operation": "*", "probability": 1.5}],
            "rules[0].probability is 1.5. Give a number above 0 up to 1.",
        ),
        (
            [{"kind": "error", "operation": "*", "status": 200}],
            "rules[0].status is 200. Give an HTTP status of an error",
        ),
        (
            [{"kind": "error", "operation": "*", "code": "a\nb"}],
            "rules[0].code is 'a\\nb'. Give an error code of letters, digits and dots",
        ),
        (
            [{"kind": "error", "operation": "*", "message": "\x00"}],
            "rules[0].message is '\\x00'. Give a text of 1 to 1024 characters.",
        ),
        (
            [{"kind": "quota", "resource": "gpus", "limit": 1}],
            "rules[0].resource is 'gpus'. Give an instance type of training jobs, or tuning-jobs.",
        ),
        (
            [{"kind": "quota", "resource": "ml.m5.lage", "limit": 1}],
            "or tuning-jobs. Is it ml.m5.large?",
        ),
        (
            [{"kind": "training_job_error", "tuning_job": "my_job"}],
            "rules[0].tuning_job is 'my_job'. Give a tuning job's name, of 1 to 32 letters,",
        ),
        (
            [{"kind": "training_job_error"}] * 1001,
            "fault rules. At most 1000 are kept; DELETE clears them.",
        ),
    ],
)
def test_a_bad_rule_is_refused_by_its_field(faulty: Faulty, rules: object, message: str) -> None:
    """One clear error, and the rules in force stay."""
    faulty.put({"kind": "training_job_error", "tuning_job": "nobody"})
    for method in ("PUT", "POST"):
        status, error = faulty.control(method, rules)
        assert (status, error["__type"]) == (400, "ValidationException")
        assert message in error["message"]
    assert faulty.used() == [0]


def test_a_list_shows_each_rule_whole(faulty: Faulty) -> None:
    """POST adds behind what is there; what was left out shows its default."""
    faulty.put({"kind": "quota", "resource": "ml.m5.large", "limit": 0})
    status, answer = faulty.control("POST", [{"kind": "drop_before", "operation": CREATE}])
    assert status == 200
    assert answer == faulty.control("GET")[1]
    assert answer["rules"] == [
        {"kind": "quota", "resource": "ml.m5.large", "limit": 0, "used": 0},
        {
            "kind": "drop_before",
            "operation": CREATE,
            "times": 1,
            "skip": 0,
            "probability": 1,
            "seed": None,
            "used": 0,
        },
    ]


@pytest.mark.parametrize("token", ["", "wrong", "ä"])
def test_the_route_is_closed_without_the_token(faulty: Faulty, token: str) -> None:
    """For every method, before the body is looked at."""
    for method in ("GET", "PUT", "POST", "DELETE"):
        status, error = faulty.control(method, "x", token=token)
        assert (status, error["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Host": "rebound.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_web_page_cannot_set_faults(faulty: Faulty, headers: dict[str, str]) -> None:
    """Not even one that knows the token."""
    status, error = faulty.control("PUT", [], **headers)
    assert (status, error["__type"]) == (403, "AccessDeniedException")


def test_other_methods_and_bodies_are_refused(faulty: Faulty) -> None:
    """Each with a JSON error."""
    assert faulty.control("PATCH", [])[0] == 405
    connection = HTTPConnection(urlsplit(faulty.aws.url).netloc, timeout=DEADLINE_SECONDS)
    connection.request("PUT", "/_local/faults", b"[{", {"X-Fault-Token": faulty.token})
    response = connection.getresponse()
    assert response.status == 400
    assert json.loads(response.read())["__type"] == "SerializationException"


def test_without_the_option_there_is_no_route(start_endpoint: StartEndpoint) -> None:
    """Whatever token is sent."""
    aws, _ = start_endpoint()
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=DEADLINE_SECONDS)
    connection.request("PUT", "/_local/faults", b"[]", {"X-Fault-Token": "None"})
    response = connection.getresponse()
    assert response.status == 404
    assert json.loads(response.read())["__type"] == "ResourceNotFound"


def test_predictions_fail_on_demand_too(faulty: Faulty) -> None:
    """The runtime API's one operation is SageMaker's, and `*` is for it as well."""
    once = Config(retries={"total_max_attempts": 1})
    runtime = faulty.aws.client("sagemaker-runtime", config=once)
    request = {"EndpointName": "any", "ContentType": "text/csv", "Body": b"1,2"}
    for operation in ("InvokeEndpoint", "*"):
        faulty.put({"operation": operation, "kind": "throttle"})
        assert refused(runtime.invoke_endpoint, **request)[:2] == (400, "ThrottlingException")
        faulty.put({"operation": operation, "kind": "drop_before"})
        with pytest.raises(ConnectionClosedError):
            runtime.invoke_endpoint(**request)
