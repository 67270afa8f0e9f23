"""S3's own events: EventBridge, an SQS queue, Airflow's AssetWatcher, the run."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from demo.stack import DAGS, Stack
from tests.integration.new_data import BUCKET, DAG_ID, PREFIX, QUIET_SECONDS, NewData
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_QUEUE = "new-data"
_ACCOUNT_ID = "123456789012"
_PATTERN = {
    "source": ["aws.s3"],
    "detail-type": ["Object Created"],
    "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": f"{PREFIX}/train/"}]}},
}


@pytest.fixture
def new_data(tmp_path: Path) -> Iterator[NewData]:
    """A stack whose template looks at a queue; it gets the template once there is the queue."""
    dags = tmp_path / "dags"
    dags.mkdir()
    stack = Stack(tmp_path / "stack", dags=dags)
    stack.environment |= {
        "AIRFLOW_VAR_RETRAIN_QUIET_SECONDS": str(QUIET_SECONDS),
        "RETRAIN_QUEUE_URL": f"{stack.endpoint_url}/{_ACCOUNT_ID}/{_QUEUE}",
    }
    with stack:
        stack.start()
        data = NewData(stack)
        _send_events(data)
        shutil.copy(DAGS / f"{DAG_ID}.py", dags)
        until(lambda: stack.api.has_dag(DAG_ID), f"Airflow reads {DAG_ID}")
        yield data


def _send_events(data: NewData) -> None:
    """Have S3 send its events to the queue, as the template's documentation says."""
    s3, events, sqs = (data.client(service) for service in ("s3", "events", "sqs"))
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    events.put_rule(Name=_QUEUE, EventPattern=json.dumps(_PATTERN))
    events.put_targets(
        Rule=_QUEUE, Targets=[{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]
    )


def test_objects_that_are_put_are_a_run(new_data: NewData) -> None:
    """Three files in a burst: one run trains on all of them, and nobody told Airflow."""
    new_data.upload("held-out", "validation")
    for name in ("first", "second", "third"):
        new_data.upload(name)
    (run_id,) = until(new_data.went_on, "a run went on")
    registered: Any = new_data.stack.api.result(DAG_ID, run_id, "tune_and_register.register")
    assert registered["ModelApprovalStatus"] == "PendingManualApproval"
