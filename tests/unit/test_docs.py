"""What the docs cite is there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks import sagemaker as amazon_hooks
from airflow.providers.amazon.aws.operators import sagemaker as amazon_operators
from airflow.sdk import DAG, task
from airflow.serialization.serialized_objects import DagSerialization

from sagemaker_tuning.operators import model, training_job, tuning_job

_ROOT = Path(__file__).parents[2]
_PAGES = (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md")))


def test_every_test_that_a_page_cites_is_there() -> None:
    """A renamed or deleted test is noticed by its page."""
    defined = {
        name
        for file in (_ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)
    }
    for page in _PAGES:
        # A file's name is followed by its suffix.
        cited = set(re.findall(r"`(test_\w+)`", page.read_text()))
        assert cited <= defined, page


def test_every_link_to_a_file_leads_to_one() -> None:
    """Links between the pages, and to the code."""
    for page in _PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


_EXAMPLES = [
    pytest.param(example, id=f"{page.name}-{number}")
    for page in (_ROOT / "README.md", _ROOT / "docs" / "migrating.md")
    for number, example in enumerate(
        re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    )
]


@pytest.mark.parametrize("example", _EXAMPLES)
def test_an_example_of_a_page_is_a_dag(example: str, request_document: dict[str, Any]) -> None:
    """Given the two documents, it makes tasks that depend on each other, and Airflow stores it."""
    names = {
        "timedelta": timedelta,
        "task": task,
        "tuning_job_config": request_document["HyperParameterTuningJobConfig"],
        "training_job_definition": request_document["TrainingJobDefinition"],
    }
    for module in (amazon_hooks, amazon_operators, model, training_job, tuning_job):
        names |= {name: each for name, each in vars(module).items() if name.startswith("SageMaker")}
    with DAG("example", schedule=None) as dag:
        exec(example, names)  # noqa: S102 -- our own pages
    assert len(dag.tasks) == 3
    assert len(dag.roots) == 1
    assert DagSerialization.to_dict(dag)
