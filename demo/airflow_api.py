"""The part of Airflow's REST API that following one DAG run takes.

https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html
"""

from http import HTTPStatus
from typing import Any

import httpx

_TIMEOUT_SECONDS = 30
_MOST_TASKS = 100
"""That Airflow gives at once; no template has as many."""

# Components that a deployment may lack answer null; a stack has all of them.
_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class AirflowApi:
    """A client of an Airflow that asks for no login, or where `log_in` comes first.

    Every method raises `httpx.HTTPError` when Airflow does not answer or refuses.
    """

    def __init__(self, url: str) -> None:
        # A proxy of the environment has no way to this machine's loopback interface.
        self._http = httpx.Client(
            base_url=f"{url}/api/v2", trust_env=False, timeout=_TIMEOUT_SECONDS
        )
        self._tokens = f"{url}/auth/token"

    def log_in(self, username: str, password: str) -> None:
        """Have all further calls made by a user."""
        body = {"username": username, "password": password}
        answer = self._http.post(self._tokens, json=body).raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def is_healthy(self) -> bool:
        """Whether the database, scheduler, triggerer and DAG processor are all healthy."""
        health = self._get("/monitor/health")
        return all((health.get(name) or {}).get("status") == "healthy" for name in _COMPONENTS)

    def version(self) -> str:
        """Airflow's version, such as 3.3.2."""
        return str(self._get("/version")["version"])

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG has been read from its file and can be run."""
        return self._http.get(f"/dags/{dag_id}").status_code == HTTPStatus.OK

    def import_errors(self) -> list[dict[str, Any]]:
        """The DAG files that could not be read: `filename`, `stack_trace`; empty when all could."""
        errors: list[dict[str, Any]] = self._get("/importErrors")["import_errors"]
        return errors

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run with the DAG's default params, less what `conf` sets; its run id."""
        body = {"logical_date": None, "conf": conf or {}}
        answer = self._http.post(f"/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def dag_run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """The run: `state` (queued, running, success, failed), `start_date`, `end_date`, ..."""
        return self._get(f"/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's tasks: `task_id`, `state`, `try_number`, `start_date`, `end_date`, ..."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit={_MOST_TASKS}"
        tasks: list[dict[str, Any]] = self._get(path)["task_instances"]
        return tasks

    def result(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Any:
        """What the task returned (its XCom `return_value`), or None if it did not yet."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self._http.get(path, params={"stringify": False, "map_index": map_index})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return answer.raise_for_status().json()["value"]

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The DAG's runs, oldest first: `dag_run_id`, `state`, ..."""
        answer = self._get(f"/dags/{dag_id}/dagRuns?order_by=run_after&limit={_MOST_TASKS}")
        runs: list[dict[str, Any]] = answer["dag_runs"]
        return runs

    def unpause(self, dag_id: str) -> None:
        """Have the DAG run by its schedule."""
        self._http.patch(f"/dags/{dag_id}", json={"is_paused": False}).raise_for_status()

    def approve(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Say yes to what a task asks a person."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        body = {"chosen_options": ["Approve"], "params_input": {}}
        self._http.patch(path, json=body).raise_for_status()

    def set_variable(self, key: str, value: str) -> None:
        """Set a Variable, whether there is one or not."""
        entity = {"key": key, "value": value}
        action = {"action": "create", "action_on_existence": "overwrite", "entities": [entity]}
        self._http.patch("/variables", json={"actions": [action]}).raise_for_status()

    def create_asset_event(self, name: str) -> None:
        """Say that an asset of that name, which a DAG has, has been updated."""
        (asset,) = self._get(f"/assets?name_pattern={name}")["assets"]
        body = {"asset_id": asset["id"], "extra": {}}
        self._http.post("/assets/events", json=body).raise_for_status()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make any other call; empty where the answer is."""
        answer = self._http.request(method, path, json=body).raise_for_status()
        document: dict[str, Any] = answer.json() if answer.content else {}
        return document

    def _get(self, path: str) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(path).raise_for_status().json()
        return body
