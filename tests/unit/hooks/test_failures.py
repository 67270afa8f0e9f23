"""What is looked up of failed training jobs, and what happens when AWS does not let us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.hooks.failures import LOG_GROUP, LogTails, explain_failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

Document = dict[str, Any]
_JOB = "churn-001-0a1b2c3d"


def _logs() -> Any:
    return boto3.client(
        "logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def _streams(*names: str) -> Document:
    return {"logStreams": [{"logStreamName": f"{_JOB}/{name}"} for name in names]}


def _page(*messages: str, token: str = "b/1", start: int = 0) -> Document:  # noqa: S107 -- a page's
    events = [{"timestamp": start + n, "message": said} for n, said in enumerate(messages)]
    return {"events": events, "nextBackwardToken": token}


def _asked(stream: str, **more: str) -> Document:
    request = {"logGroupName": LOG_GROUP, "logStreamName": f"{_JOB}/{stream}", "limit": 50}
    return request | {"startFromHead": False} | more


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    """A client that checks each request against the service model, and answers as told."""
    with Stubber(_logs()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_the_last_attempt_of_a_retried_job_is_read(stubber: Stubber) -> None:
    """The retry's stream is the newer one, whatever the order."""
    stubber.add_response(
        "describe_log_streams",
        _streams("algo-1-1700000200", "algo-1-1700000100"),
        {"logGroupName": LOG_GROUP, "logStreamNamePrefix": f"{_JOB}/"},
    )
    stubber.add_response("get_log_events", _page("a", "b"), _asked("algo-1-1700000200"))
    assert LogTails(stubber.client).read(_JOB, 10) == ["a", "b"]


def test_lines_of_two_instances_are_one_log(stubber: Stubber) -> None:
    """They are in the order of time, and say whose they are; a third host is not asked."""
    stubber.add_response("describe_log_streams", _streams("algo-10-1", "algo-2-1", "algo-1-1"))
    stubber.add_response("get_log_events", _page("a", "c", start=0), _asked("algo-1-1"))
    stubber.add_response("get_log_events", _page("b", start=1), _asked("algo-2-1"))
    assert LogTails(stubber.client).read(_JOB, 2) == ["algo-1: c", "algo-2: b"]


def test_empty_pages_are_not_the_end(stubber: Stubber) -> None:
    """CloudWatch may answer with a page without events though there are some before it."""
    stubber.add_response("describe_log_streams", _streams("algo-1-1"))
    stubber.add_response("get_log_events", _page(token="b/1"), _asked("algo-1-1"))
    stubber.add_response(
        "get_log_events", _page("a", token="b/2"), _asked("algo-1-1", nextToken="b/1")
    )
    assert LogTails(stubber.client).read(_JOB, 10) == ["a"]


def test_a_log_without_end_is_given_up(stubber: Stubber) -> None:
    """At most three pages are asked for, and none twice."""
    stubber.add_response("describe_log_streams", _streams("algo-1-1"))
    for token in ("b/1", "b/2", "b/3"):
        stubber.add_response("get_log_events", _page(token=token))
    assert LogTails(stubber.client).read(_JOB, 10) == []
    stubber.add_response("describe_log_streams", _streams("algo-1-1"))
    for _ in range(2):
        stubber.add_response("get_log_events", _page(token="b/1"))
    assert LogTails(stubber.client).read(_JOB, 10) == []


def test_a_slow_log_is_not_read_on(stubber: Stubber) -> None:
    """After half a minute in all no page more is asked for."""
    stubber.add_response("describe_log_streams", _streams("algo-1-1"))
    stubber.add_response("get_log_events", _page(token="b/1"))
    seconds = iter([0.0, 30.0])
    assert LogTails(stubber.client, seconds.__next__).read(_JOB, 10) == []


def test_a_job_that_never_started_has_no_log(stubber: Stubber) -> None:
    """No stream, no lines, no error."""
    stubber.add_response("describe_log_streams", _streams())
    assert LogTails(stubber.client).read(_JOB, 10) == []


class FakeSession:
    """Gives the logs client that a test has prepared."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, **_: Any) -> Any:
        assert service == "logs"
        return self._client


class FakeHook:
    """The hook as far as failures are looked up by it, on AWS."""

    is_local = False

    def __init__(self, failed: int, logs: Any, error: Exception | None = None) -> None:
        self._failed = failed
        self._error = error
        self._session = FakeSession(logs)
        self.conn = _logs()
        self.conn_config = self
        self.config = Config()
        self.verify = None
        self.given = 0
        self.reasons = ["ClientError: no such data"]

    def iter_training_jobs(self, name: str, status: str) -> Iterator[Document]:
        for number in range(self._failed if status == "Failed" else 0):
            self.given += 1
            training_job = f"{name}-{number:03d}"
            yield {
                "TrainingJobName": training_job,
                "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:1:training-job/{training_job}",
                "TrainingJobStatus": status,
                "FailureReason": self.reasons[number % len(self.reasons)],
            }
        if self._error is not None:
            raise self._error

    def get_session(self, **_: Any) -> FakeSession:
        return self._session

    def get_service_endpoint_url(self, **_: Any) -> None:
        return None


def _explained(hook: FakeHook) -> list[str]:
    return explain_failures(cast("SageMakerTuningHook", hook), "churn").splitlines()


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"]
)
def test_logs_that_cannot_be_read_are_one_note(stubber: Stubber, code: str) -> None:
    """Reason, names and page are told all the same, and the log group is asked for once."""
    stubber.add_client_error("describe_log_streams", code, "no")
    head, page, note = _explained(FakeHook(2, stubber.client))
    assert head == "2 × ClientError: no such data (churn-000, churn-001)"
    assert page.endswith("region=us-east-1#/jobs/churn-000")
    assert note == f"(no log lines: DescribeLogStreams was refused: {code}: no)"


def test_what_was_listed_before_an_error_is_told() -> None:
    """A List that is throttled at last hides nothing that it gave before."""
    error = AwsCallFailed("ListTrainingJobsForHyperParameterTuningJob was refused: Rate exceeded")
    lines = _explained(FakeHook(2, None, error))
    assert lines[0].startswith("2 × ClientError: no such data")
    assert "Rate exceeded" in lines[2]


def test_an_error_of_any_kind_hides_nothing() -> None:
    """What explains a failure never raises one of its own, and tells what it has."""
    lines = _explained(FakeHook(2, logs=None))
    assert lines[0].startswith("2 × ")
    assert lines[2] == "(no log lines: AttributeError)"
    (line,) = _explained(FakeHook(2, None, RuntimeError("anything")))
    assert line == "(why training jobs failed could not be found out: RuntimeError)"


def test_ten_thousand_failures_are_not_all_listed(stubber: Stubber) -> None:
    """The List is bounded, and the digest says so."""
    stubber.add_response("describe_log_streams", _streams())
    hook = FakeHook(10_000, stubber.client)
    lines = _explained(hook)
    assert hook.given == 1000
    assert lines[0].startswith("1000 × ")
    assert lines[2] == "(the first 1000 failed ones)"


def test_slow_logs_do_not_hold_a_failure_up(stubber: Stubber) -> None:
    """Of the second reason no log is asked for; the digest says why it has none."""
    hook = FakeHook(2, stubber.client)
    hook.reasons = ["ClientError: no such data", "AlgorithmError: no such column"]
    stubber.add_response("describe_log_streams", _streams())
    seconds = iter([0.0, 1.0, 31.0])
    digest = explain_failures(cast("SageMakerTuningHook", hook), "churn", seconds.__next__)
    assert "AlgorithmError: no such column" in digest
    assert digest.endswith("(no more log lines: CloudWatch Logs is slow)")
