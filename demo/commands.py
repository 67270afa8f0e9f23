"""`make demo`, `make up` and `make down`."""

import time
from pathlib import Path

from demo import console, home, pipelines, report, stack
from demo.errors import DemoError
from demo.stack import Stack
from demo.timings import Stretches

# A demo that ended well leaves its run in the database, for `make up` to show.
_FINISHED = "finished"


def demo(
    folder: Path, dag_id: str, airflow_port: int, endpoint_port: int, stretches: Stretches
) -> None:
    """Run a pipeline on a stack of its own, and say where the time went.

    Args:
        folder: The demo's; emptied first.
        dag_id: The pipeline's.
        airflow_port: 0 takes any free one.
        endpoint_port: 0 takes any free one.
        stretches: The times of what came before, to be shown with the others.

    Raises:
        DemoError: It could not be done; nothing is left running.
    """
    pipeline = pipelines.named(dag_id)
    with home.locked(folder):
        if kept := home.kept(folder):
            raise DemoError(
                f"`make up` left a stack running, {kept.airflow_url}; `make down` first"
            )
        home.clear(folder)
        with Stack(folder, airflow_port=airflow_port, endpoint_port=endpoint_port) as here:
            begin = time.monotonic()
            _start(here)
            stretches.append(("start Airflow and the endpoint", time.monotonic() - begin))
            begin = time.monotonic()
            pipelines.seed_all(here)
            stretches.append(("upload sample data", time.monotonic() - begin))
            pipeline.drive(here, stretches)
            begin = time.monotonic()
        stretches.append(("stop them", time.monotonic() - begin))
        (folder / _FINISHED).touch()
    console.heading("Where the time went")
    console.rows(report.timings(stretches))
    console.heading("To look at it in a browser: make up")


def up(folder: Path, airflow_port: int, endpoint_port: int) -> None:
    """Leave a stack running; with the run of the last demo in it, if that ended well.

    Raises:
        DemoError: It could not be started; nothing is left running.
    """
    with home.locked(folder):
        if kept := home.kept(folder):
            console.line(f"Already running: {kept.airflow_url} (stop it with: make down)")
            return
        if not (folder / _FINISHED).exists():
            home.clear(folder)
        with Stack(folder, airflow_port=airflow_port, endpoint_port=endpoint_port) as here:
            _start(here)
            pipelines.seed_all(here)
            here.keep()
    dag = f"{here.airflow_url}/dags/{pipelines.DEFAULT}"
    console.heading(f"Open {dag} and press Trigger. To stop it: make down")


def down(folder: Path) -> None:
    """Stop what `up` left running, or what a killed command left behind."""
    with home.locked(folder):
        kept = home.kept(folder)
        if kept:
            stack.stop(kept, folder)
    console.line("Stopped." if kept else "Nothing is running.")


def seed(endpoint_url: str) -> None:
    """Upload the sample data of every template to an endpoint that runs already.

    Raises:
        DemoError: No endpoint is named: samples are not for an account of AWS.
    """
    if not endpoint_url:
        raise DemoError("AWS_ENDPOINT_URL names no local SageMaker endpoint")
    pipelines.seed_endpoint(endpoint_url)
    console.line("The templates' sample data are there.")


def _start(here: Stack) -> None:
    console.line("Starting Airflow and a local SageMaker endpoint")
    here.start()
    console.rows(
        [
            [f"Airflow {here.api.version()}", here.airflow_url],
            ["SageMaker endpoint", here.endpoint_url],
            ["logs and data", str(here.home)],
        ]
    )
