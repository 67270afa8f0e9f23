"""A deployment whose only DAG is `retrain_on_schedule`, with a topic that hears of its runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo import sagemaker, weeks
from demo.dag_run import wait_for_dag
from demo.stack import CREDENTIALS, DAGS, REGION, Stack
from tests.integration.crashes.deployment import Deployment
from tests.integration.retraining.retraining import DAG_ID, Retraining

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:retraining"
_AIRFLOW = "airflow"
"""The access key id of Airflow's connection, by which the endpoint knows it from the tests."""
_CONNECTION = {
    "conn_type": "aws",
    "login": _AIRFLOW,
    "password": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    "extra": {"region_name": REGION},
}


@pytest.fixture(scope="package")
def retraining(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retraining]:
    """The template as a user edits it, and allowed what is printed that it needs."""
    dags = tmp_path_factory.mktemp("dags")
    template = (DAGS / f"{DAG_ID}.py").read_text(encoding="utf-8")
    edits = {
        'TOPIC_ARN = ""': f'TOPIC_ARN = "{TOPIC_ARN}"',
        "RUN_IS_LATE_AFTER = timedelta(days=4)": "RUN_IS_LATE_AFTER = timedelta(seconds=5)",
    }
    for before, after in edits.items():
        assert template.count(before) == 1
        template = template.replace(before, after)
    (dags / f"{DAG_ID}.py").write_text(template, encoding="utf-8")
    home = tmp_path_factory.mktemp("stack")
    options = ["--faults", "--policy", f"{_AIRFLOW}={_policy(dags / f'{DAG_ID}.py', home)}"]
    connection = {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(_CONNECTION)}
    with Stack(home, dags=dags, endpoint_options=options, environment=connection) as stack:
        stack.start()
        queue_url = _listen(stack.endpoint_url)
        weeks.write(sagemaker.client(stack.endpoint_url, "s3"), weeks.last_monday(), drift=0.0)
        deployment = Deployment(stack, namespace="")
        wait_for_dag(stack, DAG_ID)
        deployment.call("PATCH", f"/dags/{DAG_ID}", {"is_paused": False})
        yield Retraining(deployment, queue_url)


def _listen(endpoint_url: str) -> str:
    """Make the topic, and a queue that is told what the topic is; give the queue's URL."""
    sns, sqs = (sagemaker.client(endpoint_url, service) for service in ("sns", "sqs"))
    assert sns.create_topic(Name=TOPIC_ARN.rpartition(":")[2])["TopicArn"] == TOPIC_ARN
    queue_url: str = sqs.create_queue(QueueName="retraining")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=TOPIC_ARN, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    return queue_url


def _policy(template: Path, home: Path) -> Path:
    """Write what `sagemaker-tuning policy` prints of the template to a file; give its path."""
    command: list[str | Path] = [Path(sys.executable).with_name("sagemaker-tuning"), "policy"]
    command += ["--dag", template, "--role", "airflow"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    path = home / "airflow.json"
    path.write_bytes(printed.stdout)
    return path
