"""The DAG templates: short, explained, and read without a network or an Airflow around."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.exceptions import ParamValidationError

from sagemaker_tuning._compat import import_dags

TEMPLATES = sorted((Path(__file__).parents[2] / "dags").glob("*.py"))
_LONGEST = 150

_READ = """
import socket, sys

def refuse(*arguments, **_):
    raise OSError(f"a template reaches for the network: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

path, dag_id = sys.argv[1:]
bag = DagBag(path)
assert bag.import_errors == {}, bag.import_errors
assert list(bag.dags) == [dag_id], bag.dags
dag = bag.dags[dag_id]
assert dag.doc_md, "it has nothing to show for its doc"
DagSerialization.to_dict(dag)
for task in dag.tasks:
    module = type(task).__module__
    assert module.startswith(("sagemaker_tuning.", "airflow.providers.")), (task, module)
"""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_read_in_isolation(path: Path, tmp_path: Path) -> None:
    """It needs no network, has a doc, and consists of operators, ours and other providers'."""
    ended = subprocess.run(
        [sys.executable, "-c", _READ, str(path), path.stem],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_short(path: Path) -> None:
    """A person reads it as a whole."""
    assert len(path.read_text("utf-8").splitlines()) < _LONGEST


@pytest.mark.parametrize("name", ["retrain_on_schedule", "tune_from_ui"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    """It would be taken for no limit; an empty field is that."""
    path = next(path for path in TEMPLATES if path.stem == name)
    (dag,), problem = import_dags(path)
    assert problem is None
    max_cost = dag.params.get_param("max_cost")
    assert max_cost.resolve() is None
    assert max_cost.resolve(0.5) == 0.5
    with pytest.raises(ParamValidationError):
        max_cost.resolve(0)
