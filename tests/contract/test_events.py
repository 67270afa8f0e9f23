"""State changes of jobs as EventBridge rules deliver them to SQS queues."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import DEADLINE_SECONDS, REGION, Aws, Document
from tests.contract.examples import DEFINITION, changed, endless, example

TUNING = "SageMaker HyperParameter Tuning Job State Change"
TRAINING = "SageMaker Training Job State Change"
ACCOUNT = "123456789012"

Subscribe = Callable[..., "Queue"]


class Queue:
    """An SQS queue that a rule sends to."""

    def __init__(self, aws: Aws) -> None:
        self._sqs = aws.client("sqs")
        self.name = f"events-{uuid.uuid4().hex[:12]}"
        self.url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        self.events: list[Document] = []

    def receive(self) -> None:
        """Takes in what is there."""
        messages = self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages", ())
        for message in messages:
            self.events.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def until(self, seen: Callable[[Document], bool]) -> list[Document]:
        """All events received, as soon as one of them is the one waited for."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(seen(event) for event in self.events):
            assert time.monotonic() < deadline, f"still waiting after {self.events}"
            self.receive()
            time.sleep(0.02)
        return self.events


@pytest.fixture
def subscribe(aws: Aws) -> Iterator[Subscribe]:
    """Gives a queue with a rule's events; the rules end with the test."""
    events = aws.client("events")
    rules: list[str] = []

    def made(pattern: Document, *targets: Document, state: str = "ENABLED") -> Queue:
        queue = Queue(aws)
        rules.append(queue.name)
        events.put_rule(Name=queue.name, EventPattern=json.dumps(pattern), State=state)
        events.put_targets(Rule=queue.name, Targets=[*targets, {"Id": "queue", "Arn": queue.arn}])
        return queue

    yield made
    for name in rules:
        ids = [each["Id"] for each in events.list_targets_by_rule(Rule=name)["Targets"]]
        events.remove_targets(Rule=name, Ids=ids)
        events.delete_rule(Name=name)


def ends(event: Document) -> bool:
    """Whether a tuning job's event is its last."""
    status = event["detail"].get("HyperParameterTuningJobStatus")
    return status in {"Completed", "Failed", "Stopped"}


def test_a_tuning_jobs_changes_come_once_each_and_in_order(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """From the first event to the last, with the documented detail, counters as they change."""
    request = {**request_document, "Tags": [{"Key": "team", "Value": "retraining"}]}
    name = request["HyperParameterTuningJobName"]
    queue = subscribe({"source": ["aws.sagemaker"], "detail-type": [TUNING]})
    job = aws.run(request)
    events = queue.until(ends)
    details = [event["detail"] for event in events]

    states = [
        (detail["HyperParameterTuningJobStatus"], *detail["TrainingJobStatusCounters"].values())
        for detail in details
    ]
    assert len(set(states)) == len(states)
    assert states[0] == ("InProgress", 0, 0, 0, 0, 0)
    assert states[-1] == ("Completed", 4, 0, 0, 0, 0)
    launched = [sum(state[1:]) for state in states]
    assert (launched, launched[-1]) == (sorted(launched), 4)

    last, detail = events[-1], details[-1]
    assert {name: last[name] for name in ("version", "source", "account", "region")} == {
        "version": "0",
        "source": "aws.sagemaker",
        "account": ACCOUNT,
        "region": REGION,
    }
    assert last["resources"] == [job["HyperParameterTuningJobArn"]]
    assert last["time"].endswith("Z")
    assert set(detail) == {
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "TrainingJobDefinition",
        "HyperParameterTuningJobStatus",
        "CreationTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
        "Tags",
    }
    assert detail["HyperParameterTuningJobName"] == name
    assert detail["CreationTime"] == str(round(job["CreationTime"].timestamp() * 1000))
    assert detail["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] == "10"
    assert detail["ObjectiveStatusCounters"] == job["ObjectiveStatusCounters"]
    assert detail["Tags"] == {"team": "retraining"}


def test_a_training_jobs_changes_have_its_whole_description(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """Filtered by status, as users' rules are; a failed one says why."""
    finished = {"detail-type": [TRAINING], "detail": {"TrainingJobStatus": ["Completed", "Failed"]}}
    queue = subscribe({"source": ["aws.sagemaker"], **finished})
    name = aws.run(request_document)["HyperParameterTuningJobName"]
    jobs = {job["TrainingJobName"]: job for job in aws.training_jobs(name)}
    queue.until(lambda _: len(queue.events) == 4)
    assert {event["detail"]["TrainingJobName"] for event in queue.events} == set(jobs)
    for event in queue.events:
        detail = event["detail"]
        described = aws.sagemaker.describe_training_job(TrainingJobName=detail["TrainingJobName"])
        assert event["resources"] == [described["TrainingJobArn"]]
        for member in ("HyperParameters", "RoleArn", "InputDataConfig", "ResourceConfig"):
            assert detail[member] == described[member]
        assert detail["TrainingEndTime"] == str(
            round(described["TrainingEndTime"].timestamp() * 1000)
        )
        assert [each["Status"] for each in detail["SecondaryStatusTransitions"]] == [
            each["Status"] for each in described["SecondaryStatusTransitions"]
        ]

    broken = changed(request_document, DEFINITION, "StaticHyperParameters", "num_round", value="x")
    other = aws.run({**broken, "HyperParameterTuningJobName": f"{name}-x"})
    first = aws.training_jobs(other["HyperParameterTuningJobName"])[0]
    events = queue.until(
        lambda event: event["detail"]["TrainingJobName"] == first["TrainingJobName"]
    )
    assert events[4]["detail"]["FailureReason"].startswith("ClientError:")


def test_a_training_job_in_progress_has_an_event_for_each_status(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """In order, stopping included, and none twice."""
    queue = subscribe({"source": ["aws.sagemaker"]})
    name = aws.create(endless(request_document))
    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 3)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    events = queue.until(ends)
    for job in aws.training_jobs(name):
        states = [
            (event["detail"]["TrainingJobStatus"], event["detail"]["SecondaryStatus"])
            for event in events
            if event["detail"].get("TrainingJobName") == job["TrainingJobName"]
        ]
        assert len(set(states)) == len(states)
        statuses = list(dict.fromkeys(status for status, _ in states))
        assert statuses == ["InProgress", "Stopping", "Stopped"]
    tuning = [
        event["detail"]["HyperParameterTuningJobStatus"]
        for event in events
        if event["detail-type"] == TUNING
    ]
    assert list(dict.fromkeys(tuning)) == ["InProgress", "Stopping", "Stopped"]


def test_rules_that_do_not_want_an_event_do_not_get_it(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """A disabled rule, another source, another job; and a dead target stands in nobody's way."""
    pattern: dict[str, Any] = {"source": ["aws.sagemaker"]}
    gone = {"Id": "gone", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"}
    shaped = Queue(aws)
    transformer = {
        "InputPathsMap": {"status": "$.detail.HyperParameterTuningJobStatus"},
        "InputTemplate": '{"status": "<status>"}',
    }
    queue = subscribe(
        {**pattern, "detail-type": [TUNING]},
        gone,
        {"Id": "shaped", "Arn": shaped.arn, "InputTransformer": transformer},
    )
    others = [
        subscribe(pattern, state="DISABLED"),
        subscribe({"source": ["aws.glue"]}),
        subscribe({**pattern, "detail": {"HyperParameterTuningJobName": ["another"]}}),
    ]
    aws.run(request_document)
    queue.until(ends)
    assert shaped.until(lambda event: event["status"] == "Completed")
    for other in others:
        other.receive()
        assert other.events == []


def test_a_target_is_sent_what_it_asks_for(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """A text of its own, a part of the event, or its template filled in, times as events say.

    A variable for what an event has not is not in the text.
    """
    constant, part, timed = Queue(aws), Queue(aws), Queue(aws)
    rule = subscribe(
        {"detail-type": [TUNING], "detail": {"HyperParameterTuningJobStatus": ["Completed"]}},
        {"Id": "constant", "Arn": constant.arn, "Input": '{"do": "this"}'},
        {"Id": "part", "Arn": part.arn, "InputPath": "$.detail.TrainingJobStatusCounters"},
        {
            "Id": "timed",
            "Arn": timed.arn,
            "InputTransformer": {
                "InputPathsMap": {
                    "moment": "$.time",
                    "reason": "$.detail.FailureReason",
                    "stopped": "$.detail.TrainingJobStatusCounters.Stopped",
                },
                "InputTemplate": '{"time": <moment>, "reason": "<reason>", "stopped": <stopped>,'
                ' "rule": <aws.events.rule-name>}',
            },
        },
    )
    job = aws.run(request_document)
    assert constant.until(bool) == [{"do": "this"}]
    assert part.until(bool) == [job["TrainingJobStatusCounters"]]
    changed_at = job["LastModifiedTime"].astimezone(UTC)
    moment = f"{changed_at:%Y-%m-%dT%H:%M:%SZ}"
    assert timed.until(bool) == [
        {"time": moment, "reason": "", "stopped": 0, "rule": rule.name},
    ]


def test_a_log_group_is_a_target_too(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """What it asks for is a line in a stream of its own."""
    logs = aws.client("logs")
    group = f"/aws/events/{uuid.uuid4().hex[:12]}"
    logs.create_log_group(logGroupName=group)
    queue = subscribe(
        {"detail-type": [TUNING], "detail": {"HyperParameterTuningJobStatus": ["Completed"]}},
        {
            "Id": "log",
            "Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
            "InputTransformer": {
                "InputPathsMap": {"status": "$.detail.HyperParameterTuningJobStatus"},
                "InputTemplate": '{"status": <status>}',
            },
        },
    )
    aws.run(request_document)
    queue.until(bool)  # sent to last
    found = logs.filter_log_events(logGroupName=group)["events"]
    assert [json.loads(each["message"]) for each in found] == [{"status": "Completed"}]


def test_a_target_that_nothing_could_be_sent_to_is_refused(aws: Aws, subscribe: Subscribe) -> None:
    """When it is put, by EventBridge's own service model and in its words."""
    queue = subscribe({"source": ["aws.sagemaker"]})
    target = {"Id": "queue", "Arn": queue.arn, "InputTransformer": {"InputTemplate": '"<x> is"'}}
    with pytest.raises(ClientError, match="contains invalid placeholder x") as caught:
        aws.client("events").put_targets(Rule=queue.name, Targets=[target])
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_another_regions_rules_are_its_own(
    aws: Aws, subscribe: Subscribe, request_document: Document
) -> None:
    """A job in one region is no event in another."""
    queue = subscribe({"source": ["aws.sagemaker"]})
    elsewhere = Aws(aws.url)
    elsewhere.sagemaker = elsewhere.client("sagemaker", region="eu-west-1")
    elsewhere.run(request_document)
    here = aws.run(example(request_document[DEFINITION]["OutputDataConfig"]["S3OutputPath"][5:-7]))
    events = queue.until(ends)
    assert {event["region"] for event in events} == {REGION}
    assert events[-1]["resources"] == [here["HyperParameterTuningJobArn"]]
