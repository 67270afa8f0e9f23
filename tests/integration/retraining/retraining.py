"""The template in a real Airflow: its weeks, and what they leave in AWS."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

from demo import sagemaker
from tests.integration.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.crashes.deployment import Deployment, Document

DAG_ID = "retrain_on_schedule"
NAME = "retrain-on-schedule"
"""Of the model package group, the endpoint, and the prefix in S3."""
_PATIENCE_SECONDS = 600
"""A dozen tasks, two of them with two retries, on a machine that is busy."""
_APPROVAL = "put_into_service.approve"


@dataclass(frozen=True)
class Week:
    """A run of the template.

    Args:
        deployment: Where it runs.
        run_id: Which it is.
    """

    deployment: Deployment
    run_id: str

    @property
    def states(self) -> dict[str, str | None]:
        """Give the state of each task, by the last part of its id."""
        tasks = self.deployment.stack.api.task_instances(DAG_ID, self.run_id)
        return {task["task_id"].rpartition(".")[2]: task["state"] for task in tasks}

    def result(self, task_id: str) -> Any:
        """Give what a task returned."""
        return self.deployment.stack.api.result(DAG_ID, self.run_id, task_id)

    def ended(self, *, answer: str = "") -> str:
        """Wait for the run's end, and give its state.

        Args:
            answer: To be given as often as the approval is asked for, Approve or Reject: an answer
                that comes before Airflow has noted the question has the task retried.
        """
        ends = {"success", "failed"}
        return str(
            until(
                lambda: (state := self._attended(answer)) in ends and state,
                f"{self.run_id} ends",
                seconds=_PATIENCE_SECONDS,
            )
        )

    def _attended(self, answer: str) -> str:
        if answer and self.states.get("approve") in {"awaiting_input", "deferred"}:
            path = f"/dags/{DAG_ID}/dagRuns/{self.run_id}/taskInstances/{_APPROVAL}"
            body = {"chosen_options": [answer], "params_input": {}}
            with contextlib.suppress(httpx.HTTPStatusError):  # it is answered already
                self.deployment.call("PATCH", f"{path}/-1/hitlDetails", body)
        return str(self.deployment.stack.api.dag_run(DAG_ID, self.run_id)["state"])


@dataclass(frozen=True)
class Retraining:
    """The template, unpaused in a deployment of its own.

    Args:
        deployment: Ready, with faults.
        queue_url: Of what hears of the topic.
    """

    deployment: Deployment
    queue_url: str

    def scheduled(self) -> Week:
        """Give the run that Airflow's scheduler has begun by itself."""
        path = f"/dags/{DAG_ID}/dagRuns?run_type=scheduled"
        runs = until(lambda: self.deployment.call("GET", path)["dag_runs"], "the DAG is scheduled")
        return Week(self.deployment, runs[0]["dag_run_id"])

    def begin(self, write: Callable[[Any, datetime], None], **conf: Any) -> Week:
        """Write the data of this moment's date, and trigger a run of it."""
        now = datetime.now(UTC)
        write(self.s3, now)
        conf = {"max_training_jobs": 4} | conf
        body = {"logical_date": None, "run_after": now.isoformat(), "conf": conf}
        run = self.deployment.call("POST", f"/dags/{DAG_ID}/dagRuns", body)
        return Week(self.deployment, run["dag_run_id"])

    @cached_property
    def s3(self) -> Any:
        """A boto3 client."""
        return sagemaker.client(self.deployment.stack.endpoint_url, "s3")

    @property
    def packages(self) -> dict[int, str]:
        """Give the approval status of each version in the registry."""
        answer = self.deployment.sagemaker.list_model_packages(ModelPackageGroupName=NAME)
        return {
            package["ModelPackageVersion"]: package["ModelApprovalStatus"]
            for package in answer["ModelPackageSummaryList"]
        }

    @property
    def served(self) -> int:
        """Give the version that the endpoint serves."""
        aws = self.deployment.sagemaker
        endpoint = aws.describe_endpoint(EndpointName=NAME)
        assert endpoint["EndpointStatus"] == "InService"
        name = endpoint["EndpointConfigName"]
        config = aws.describe_endpoint_config(EndpointConfigName=name)
        tags = aws.list_tags(ResourceArn=config["EndpointConfigArn"])["Tags"]
        values = {tag["Key"]: tag["Value"] for tag in tags}
        return int(values["sagemaker-tuning:model_package"].rpartition("/")[2])

    @property
    def access(self) -> Document:
        """Give what the endpoint says of how the printed policy was used."""
        url = f"{self.deployment.stack.endpoint_url}/_local/access"
        policies: Document = httpx.get(url, trust_env=False).raise_for_status().json()
        return policies

    def messages(self) -> list[str]:
        """Take from the queue what the topic was told."""
        sqs = sagemaker.client(self.deployment.stack.endpoint_url, "sqs")
        found: list[Document] = sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"])["Message"] for message in found]
