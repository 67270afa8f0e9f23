"""The demo knows what to do with each template."""

import pytest

from demo import pipelines
from demo.errors import DemoError
from demo.stack import DAGS


def test_each_template_has_a_pipeline() -> None:
    """What `dags/` holds, the demo can run."""
    assert sorted(pipelines.DAG_IDS) == sorted(path.stem for path in DAGS.glob("*.py"))


@pytest.mark.parametrize("dag_id", pipelines.DAG_IDS)
def test_a_pipeline_is_that_of_its_dag(dag_id: str) -> None:
    """Its module is named after it."""
    assert pipelines.named(dag_id).dag_id == dag_id


def test_there_is_no_other() -> None:
    """The error names those that there are."""
    with pytest.raises(DemoError, match=r"DAG=none is none of the templates: tune_and_create_"):
        pipelines.named("none")
