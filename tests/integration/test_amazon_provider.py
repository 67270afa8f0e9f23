"""The amazon provider's own operators and sensor, unmodified, on the local endpoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.contract.aws import Aws
from tests.contract.examples import example, rows
from tests.contract.serving import artifact_of, invoke, plain_predictions

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

DAG_ID = "amazon_provider"
_DEADLINE_SECONDS = 600
ROWS = np.random.default_rng(5).normal(size=(3, 5)).round(6)


def test_its_operators_come_to_predictions(stack: Stack, airflow: AirflowApi) -> None:
    """Tune, wait, create a model, deploy it: the endpoint predicts as the artifact does."""
    aws = Aws(stack.endpoint_url)
    request = example(aws.upload(rows(400, seed=1), rows(200, seed=2)))
    name = request["HyperParameterTuningJobName"]

    assert _run(airflow, {"request": request}) == "success"

    expected = plain_predictions(aws, artifact_of(aws, aws.describe(name)), ROWS)
    body = "\n".join(",".join(map(str, row)) for row in ROWS)
    answer = invoke(aws, name, body)["Body"].replace("\n", ",").strip(",")
    assert [float(value) for value in answer.split(",")] == pytest.approx(expected)


def _run(airflow: AirflowApi, conf: dict[str, object]) -> str:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not airflow.has_dag(DAG_ID):
        assert time.monotonic() < deadline, f"Airflow has not read {DAG_ID}"
        time.sleep(0.3)
    run_id = airflow.trigger(DAG_ID, conf)
    while (state := airflow.dag_run(DAG_ID, run_id)["state"]) not in {"success", "failed"}:
        assert time.monotonic() < deadline, f"{run_id} is still {state}"
        time.sleep(0.3)
    return str(state)
