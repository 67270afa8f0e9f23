"""DAG runs of a real Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.waiting import until

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi


def known(airflow: AirflowApi, dag_id: str) -> None:
    """Wait until Airflow has read a DAG."""
    until(lambda: airflow.has_dag(dag_id), f"Airflow reads {dag_id}")


def start(airflow: AirflowApi, dag_id: str, conf: dict[str, Any] | None = None) -> str:
    """Trigger a DAG as soon as Airflow has read it; give the run's id."""
    known(airflow, dag_id)
    return airflow.trigger(dag_id, conf)


def ended(airflow: AirflowApi, dag_id: str, run_id: str) -> str:
    """Wait for a run's end; give its state."""

    def state() -> str:
        found = str(airflow.dag_run(dag_id, run_id)["state"])
        return found if found in {"success", "failed"} else ""

    return until(state, f"{dag_id} ends")


def states(airflow: AirflowApi, dag_id: str, run_id: str) -> dict[str, list[str | None]]:
    """Give the states of a run's tasks, of mapped ones in the order of their map indexes."""
    found: dict[str, list[str | None]] = {}
    tasks = airflow.task_instances(dag_id, run_id)
    for task in sorted(tasks, key=lambda task: task["map_index"]):
        found.setdefault(task["task_id"], []).append(task["state"])
    return found
