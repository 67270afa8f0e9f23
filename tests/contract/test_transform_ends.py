"""How transform jobs end: stopped, with their predictor, with the endpoint; never not at all."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from tests.contract import processes, serving
from tests.contract.aws import Aws, Document, poll
from tests.contract.conftest import StartEndpoint
from tests.contract.transforming import (
    LOG_GROUP,
    RECORD,
    ended,
    output,
    place,
    put,
    records,
    refusal,
    request,
    run,
)

# A request for each of them takes many seconds.
MANY = RECORD * 200_000
MOST_RUNNING = 4


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture(scope="module")
def model(aws: Aws, uri: str) -> str:
    return serving.create_model(aws, uri)


@pytest.fixture
def endless(aws: Aws, model: str, bucket: str) -> Document:
    """A job that goes on until it is stopped."""
    data = place(bucket)
    put(aws, f"{data}part.csv", MANY)
    return request(model, data, BatchStrategy="SingleRecord")


def has_begun(aws: Aws, name: str) -> Document:
    return poll(
        lambda: aws.sagemaker.describe_transform_job(TransformJobName=name),
        lambda job: "TransformStartTime" in job,
    )


def answering(aws: Aws, name: str) -> Document:
    """A job as soon as its model is loaded, which is when it writes its first line."""
    has_begun(aws, name)
    logs = aws.client("logs")

    def streams() -> Document:
        if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
            return {"logStreams": []}
        found: Document = logs.describe_log_streams(
            logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/"
        )
        return found

    poll(streams, lambda found: any("lastEventTimestamp" in one for one in found["logStreams"]))
    return has_begun(aws, name)


def stop(aws: Aws, name: str) -> Document:
    """Stops a job; gives it once it has ended."""
    aws.sagemaker.stop_transform_job(TransformJobName=name)
    return ended(aws, name)


def outputs(aws: Aws, asked: Document) -> list[str]:
    """The keys of all output objects."""
    bucket, _, prefix = asked["TransformOutput"]["S3OutputPath"][5:].partition("/")
    found = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", ())]


def test_a_stopped_job_leaves_no_output(aws: Aws, endless: Document) -> None:
    """Not even of an object that was done; a second stop is refused."""
    data = endless["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    put(aws, f"{data}a.csv", RECORD)
    name = endless["TransformJobName"]
    aws.sagemaker.create_transform_job(**endless)
    has_begun(aws, name)
    job = stop(aws, name)
    assert job["TransformJobStatus"] == "Stopped"
    assert job["TransformEndTime"] >= job["TransformStartTime"]
    assert "FailureReason" not in job
    assert outputs(aws, endless) == []
    message = refusal(aws.sagemaker.stop_transform_job, TransformJobName=name)
    assert message == "The request was rejected because the transform job is in status Stopped."


def test_further_jobs_wait_and_can_be_stopped_as_they_do(aws: Aws, endless: Document) -> None:
    """One that has not begun is stopped at once; one that waits begins when another has ended."""
    names = [f"{endless['TransformJobName']}-{number}" for number in range(MOST_RUNNING + 2)]
    for name in names:
        aws.sagemaker.create_transform_job(**{**endless, "TransformJobName": name})
    for name in names[:MOST_RUNNING]:
        has_begun(aws, name)
    waiting, last = names[MOST_RUNNING:]
    job = stop(aws, waiting)
    assert (job["TransformJobStatus"], "TransformStartTime" in job) == ("Stopped", False)
    stop(aws, names[0])
    has_begun(aws, last)
    for name in (*names[1:MOST_RUNNING], last):
        assert stop(aws, name)["TransformJobStatus"] == "Stopped"


def test_a_job_goes_on_when_its_model_is_deleted(aws: Aws, uri: str, bucket: str) -> None:
    """As on AWS; it has had the model since it was created."""
    model, data = serving.create_model(aws, uri), place(bucket)
    put(aws, f"{data}part.csv", RECORD)
    asked = request(model, data)
    aws.sagemaker.create_transform_job(**asked)
    aws.sagemaker.delete_model(ModelName=model)
    assert ended(aws, asked["TransformJobName"])["TransformJobStatus"] == "Completed"


def received(sqs: Any, queue: str) -> list[Document]:
    """The next events in a queue; there must be one within the deadline."""
    messages = poll(
        lambda: sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10),
        lambda answer: "Messages" in answer,
    )["Messages"]
    for each in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(each["Body"]) for each in messages]


def test_changes_of_state_are_events(aws: Aws, model: str, bucket: str) -> None:
    """A rule on the default bus gets each with the documented detail."""
    data = place(bucket)
    put(aws, f"{data}part.csv", RECORD)
    asked = request(model, data, Tags=[{"Key": "team", "Value": "retraining"}])
    name, sqs, events = asked["TransformJobName"], aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"detail-type": ["SageMaker Transform Job State Change"]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    found: list[Document] = []
    try:
        job = run(aws, asked)
        while len(found) < 2:
            found += received(sqs, queue)
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)
    details = [event["detail"] for event in found]
    assert [each["TransformJobStatus"] for each in details] == ["InProgress", "Completed"]
    assert found[-1]["resources"] == [job["TransformJobArn"]]
    assert details[-1]["ModelName"] == model
    assert details[-1]["Tags"] == {"team": "retraining"}
    assert "_Container" not in details[-1]


def trained(aws: Aws) -> tuple[str, str, str]:
    """A bucket of a new endpoint, and an artifact with its model."""
    rows = np.arange(50, dtype=np.float32).reshape(10, 5)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, rows[:, 0]), 2)
    bucket = aws.upload("", "")
    uri = serving.put(aws, bucket, serving.archive(**{"xgboost-model": bytes(booster.save_raw())}))
    return bucket, uri, serving.create_model(aws, uri)


def predictor(process: subprocess.Popen[str]) -> int:
    """The one process of an endpoint that has a model."""
    found = {
        pid
        for pid in processes.wait_for(processes.children, process.pid, 2)
        if b"serving.predictor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }
    (pid,) = found
    return pid


def test_a_job_outlives_the_endpoint(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """Killed while it runs, it is run again from its start by the next one over the data."""
    aws, process = start_endpoint("--data-dir", str(tmp_path / "data"))
    bucket, uri, model = trained(aws)
    data = place(bucket)
    text, features = records(5_000, seed=5)
    put(aws, f"{data}part.csv", text)
    asked = request(
        model, data, BatchStrategy="SingleRecord", DataProcessing={"InputFilter": "$[1:]"}
    )
    name = asked["TransformJobName"]
    aws.sagemaker.create_transform_job(**asked)
    begun = answering(aws, name)
    started = processes.descendants(process.pid)
    process.kill()
    process.wait()
    processes.wait_until_gone(started)
    again, _ = start_endpoint("--data-dir", str(tmp_path / "data"))
    job = ended(again, name)
    assert job["TransformJobStatus"] == "Completed"
    assert job["TransformStartTime"] == begun["TransformStartTime"]
    found = [float(line) for line in output(again, asked, "part.csv").splitlines()]
    assert found == pytest.approx(serving.plain_predictions(again, uri, features))


def test_a_predictor_that_is_lost(start_endpoint: StartEndpoint) -> None:
    """Is started again and asked again, as often as the request allows; then the job has failed."""
    aws, process = start_endpoint()
    bucket, _, model = trained(aws)
    data = place(bucket)
    put(aws, f"{data}part.csv", MANY[: len(MANY) // 40])
    for retries, status in ((3, "Completed"), (0, "Failed")):
        client = {"InvocationsMaxRetries": retries}
        asked = request(model, data, BatchStrategy="SingleRecord", ModelClientConfig=client)
        name = asked["TransformJobName"]
        aws.sagemaker.create_transform_job(**asked)
        answering(aws, name)
        os.kill(predictor(process), signal.SIGKILL)
        job = ended(aws, name)
        assert job["TransformJobStatus"] == status
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert len(output(aws, asked, "part.csv").splitlines()) == 5_000
