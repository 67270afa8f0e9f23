"""``sagemaker-tuning list`` beside a real Airflow."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.contract.aws import Aws
from tests.contract.examples import LIMITS, changed, endless, example, rows
from tests.integration.waiting import DEADLINE_SECONDS, until

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack


def _list(stack: Stack, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-c", "from sagemaker_tuning.cli import main; exit(main())"]
    done = subprocess.run(
        [*command, "list", *options],
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


@pytest.fixture
def running(stack: Stack, airflow: AirflowApi) -> dict[str, str]:
    """Give the tuning job of a deferred task, of one that did not wait, and nobody's."""
    aws = Aws(stack.endpoint_url)
    request = endless(example(aws.upload(rows(400, seed=1), rows(200, seed=2))))
    # Three such jobs at once leave Airflow something of the machine.
    request = changed(request, *LIMITS, "MaxParallelTrainingJobs", value=1)
    conf = {
        "tuning_job_config": request["HyperParameterTuningJobConfig"],
        "training_job_definition": request["TrainingJobDefinition"],
    }
    until(
        lambda: all(map(airflow.has_dag, ("tune_from_conf", "launch_from_conf"))),
        "Airflow reads both DAGs",
    )
    waiting = airflow.trigger("tune_from_conf", conf)
    launched = airflow.trigger("launch_from_conf", conf)
    until(
        lambda: airflow.task_instances("tune_from_conf", waiting)[0]["state"] == "deferred",
        "a task waits",
    )
    until(
        lambda: airflow.dag_run("launch_from_conf", launched)["state"] == "success",
        "a task that does not wait is done",
    )
    return {"waiting": waiting, "launched": launched, "nobody's": aws.create(request)}


def test_only_what_nobody_waits_for_is_an_orphan(stack: Stack, running: dict[str, str]) -> None:
    """It is told with its task's state, and stopped if asked to; the others are left alone."""
    status, listed = _list(stack)
    assert status == 1
    live, orphan = sorted(listed.splitlines())
    assert live.startswith("live tune-from-conf-")
    assert f"run {running['waiting']} is deferred" in live
    assert orphan.startswith("orphan launch-from-conf-")
    assert f"run {running['launched']} is success, the run is success" in orphan
    assert _list(stack, "--orphans") == (1, orphan)
    assert _list(stack, "--orphans", "--stop") == (0, orphan.replace("orphan", "stopped", 1))
    assert _list(stack) == (0, live)
    sagemaker = Aws(stack.endpoint_url).sagemaker
    names = {
        job["HyperParameterTuningJobName"]
        for job in sagemaker.list_hyper_parameter_tuning_jobs(StatusEquals="InProgress")[
            "HyperParameterTuningJobSummaries"
        ]
    }
    assert names == {live.split()[1].rstrip(":"), running["nobody's"]}
    for name in names:
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
