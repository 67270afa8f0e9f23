"""New data for `retrain_on_new_data`, and what its runs came to."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from dags import retrain_on_new_data as template
from demo import sagemaker as endpoint
from tests.integration.waiting import until

if TYPE_CHECKING:
    from demo.stack import Stack

DAG_ID = template.dag.dag_id
QUIET_SECONDS = 30
"""Longer than a burst's events are apart on a machine that is busy."""
BUCKET, PREFIX = re.fullmatch("s3://([^/]+)/(.+)", template.DATA).groups()  # type: ignore[union-attr]
_LIVE = {"queued", "running"}


@dataclass(frozen=True)
class NewData:
    """The template in a running Airflow, and its data."""

    stack: Stack

    def client(self, service: str) -> Any:
        """Give a boto3 client of the endpoint."""
        return endpoint.client(self.stack.endpoint_url, service)

    def empty(self) -> None:
        """Have no data but what is uploaded from now on; the bucket is made if it is not there."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/").get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=item["Key"])

    def upload(self, name: str, channel: str = "train", rows: int = 200) -> None:
        """Put a file with two features, one of which tells the label, into the bucket."""
        dice = random.Random(name)  # noqa: S311 -- data, not secrets
        lines = []
        for _ in range(rows):
            signal, noise = dice.gauss(0, 1), dice.gauss(0, 1)
            lines.append(f"{int(signal + dice.gauss(0, 1) > 0)},{signal:.4f},{noise:.4f}\n")
        self.client("s3").put_object(
            Bucket=BUCKET, Key=f"{PREFIX}/{channel}/{name}.csv", Body="".join(lines).encode()
        )

    def tell(self, count: int) -> None:
        """Register events of the asset, as a program outside of Airflow does."""
        asset_id = until(self._asset_id, "Airflow knows the asset")
        for _ in range(count):
            self._post("/assets/events", {"asset_id": asset_id})

    def runs(self) -> list[dict[str, Any]]:
        """Give the runs, oldest first."""
        answer = self._get(f"/dags/{DAG_ID}/dagRuns", order_by="run_after")
        runs: list[dict[str, Any]] = answer["dag_runs"]
        return runs

    def idle_runs(self) -> list[dict[str, Any]]:
        """Wait until Airflow has nothing left to run; give the runs, oldest first."""
        return until(self._idle_runs, "all runs have ended")

    def went_on(self) -> list[str]:
        """Give the ids of the runs that did more than to be skipped, oldest first."""
        tasks = {run["dag_run_id"]: self._states(run["dag_run_id"]) for run in self.idle_runs()}
        assert all(states <= {"success"} or states <= {"skipped"} for states in tasks.values())
        return [run_id for run_id, states in tasks.items() if "success" in states]

    def set_quiet(self, seconds: int) -> None:
        """Set the Variable, as a person does in Airflow's UI."""
        variable = {"key": "retrain_quiet_seconds", "value": str(seconds)}
        action = {"action": "create", "action_on_existence": "overwrite", "entities": [variable]}
        self._http().patch("/variables", json={"actions": [action]}).raise_for_status()

    def _asset_id(self) -> int | None:
        assets = self._get("/assets", uri_pattern=PREFIX)["assets"]
        return next((asset["id"] for asset in assets), None)

    def _idle_runs(self) -> list[dict[str, Any]]:
        if self._has_queued_events():  # asked first: runs are made of them
            return []
        runs = self.runs()
        return [] if any(run["state"] in _LIVE for run in runs) else runs

    def _has_queued_events(self) -> bool:
        answer = self._http().get(f"/dags/{DAG_ID}/assets/queuedEvents")
        return answer.is_success and bool(answer.json()["queued_events"])

    def _states(self, run_id: str) -> set[str]:
        return {str(task["state"]) for task in self.stack.api.task_instances(DAG_ID, run_id)}

    def _get(self, path: str, **params: str) -> Any:
        return self._http().get(path, params=params).raise_for_status().json()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._http().post(path, json=body).raise_for_status()

    def _http(self) -> httpx.Client:
        url = f"{self.stack.airflow_url}/api/v2"
        return httpx.Client(base_url=url, trust_env=False, timeout=60)
