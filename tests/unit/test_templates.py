"""The DAG templates: short, explained, and read without a network or an Airflow around."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import airflow
import pytest
from airflow.exceptions import ParamValidationError
from packaging.version import Version

from sagemaker_tuning._compat import import_dags

TEMPLATES = sorted((Path(__file__).parents[2] / "dags").glob("*.py"))
_AIRFLOW = Version(airflow.__version__)
_LONGEST = 150
_RETRAIN_ON_SCHEDULE = next(path for path in TEMPLATES if path.stem == "retrain_on_schedule")
_HAS_APPROVALS = Version("3.1") <= _AIRFLOW
_NEEDS_APPROVALS = pytest.mark.skipif(
    not _HAS_APPROVALS, reason="that retrain_on_schedule is refused there is a test of its own"
)
_NO_APPROVAL = (
    "AirflowOptionalProviderFeatureException: the approval of a person needs Airflow 3.1 or later, "
    "with its standard provider"
)

_READ = """
import socket, sys
from pathlib import Path

def refuse(*arguments, **_):
    raise OSError(f"a template reaches for the network: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

from airflow.serialization import serialized_objects as serialized
from sagemaker_tuning._compat import import_dags

path, dag_id = sys.argv[1:]
dags, problem = import_dags(Path(path))
if problem is not None:
    sys.exit(problem)
assert [dag.dag_id for dag in dags] == [dag_id], dags
dag, = dags
assert dag.doc_md, "it has nothing to show for its doc"
# Which was one class before Airflow 3.2.
getattr(serialized, "DagSerialization", serialized.SerializedDAG).to_dict(dag)
for task in dag.tasks:
    module = type(task).__module__
    assert module.startswith(("sagemaker_tuning.", "airflow.providers.")), (task, module)
"""


@pytest.fixture(autouse=True)
def _takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Airflow give a file more than 30 seconds: the machine may be busy."""
    monkeypatch.setenv("AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT", "0")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_read_in_isolation(path: Path, tmp_path: Path) -> None:
    """It needs no network, has a doc, and consists of operators, ours and other providers'.

    One line says what an older Airflow lacks for it.
    """
    ended = subprocess.run(
        [sys.executable, "-c", _READ, str(path), path.stem],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if path == _RETRAIN_ON_SCHEDULE and not _HAS_APPROVALS:
        assert ended.stderr.splitlines()[-1].endswith(_NO_APPROVAL)
        assert ended.returncode == 1
    else:
        assert ended.returncode == 0, ended.stderr[-2000:]


@_NEEDS_APPROVALS
def test_who_hears_of_a_late_run_and_how_long_a_person_may_take(tmp_path: Path) -> None:
    """Airflow tells of late runs since 3.2; before, the template with a topic does without."""
    text = _RETRAIN_ON_SCHEDULE.read_text("utf-8")
    assert text.count('TOPIC_ARN = ""') == 1
    edited = tmp_path / "edited.py"
    topic = "arn:aws:sns:us-east-1:123456789012:retraining"
    edited.write_text(text.replace('TOPIC_ARN = ""', f'TOPIC_ARN = "{topic}"'), "utf-8")
    (dag,), problem = import_dags(edited)
    assert problem is None
    assert dag.has_on_failure_callback
    assert bool(dag.deadline) == (Version("3.2") <= _AIRFLOW)
    approve = dag.get_task("put_into_service.approve")
    limits = [getattr(approve, name, None) for name in ("response_timeout", "execution_timeout")]
    assert [limit for limit in limits if limit] == [timedelta(days=3)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_short(path: Path) -> None:
    """A person reads it as a whole."""
    assert len(path.read_text("utf-8").splitlines()) < _LONGEST


@pytest.mark.parametrize(
    "name", [pytest.param("retrain_on_schedule", marks=_NEEDS_APPROVALS), "tune_from_ui"]
)
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
