"""The DAG templates, as the demo runs them: a module for each, with its `PIPELINE`."""

import importlib
from typing import TYPE_CHECKING

from demo import sagemaker
from demo.errors import DemoError
from demo.place import Place

if TYPE_CHECKING:
    from demo.pipelines.pipeline import Pipeline

DEFAULT = "tune_and_create_model"
DAG_IDS = (
    DEFAULT,
    "tune_from_ui",
    "tune_many",
    "retrain_on_schedule",
    "retrain_on_new_data",
)


def named(dag_id: str) -> "Pipeline":
    """Give the pipeline of a DAG.

    Its module is imported only now: scikit-learn, which makes its data, takes seconds to import.

    Raises:
        DemoError: No template is called so.
    """
    if dag_id not in DAG_IDS:
        raise DemoError(f"DAG={dag_id} is none of the templates: {', '.join(DAG_IDS)}")
    found: Pipeline = importlib.import_module(f"{__name__}.{dag_id}").PIPELINE
    return found


def seed_all(place: Place) -> None:
    """Upload the data of every template, so that each can be triggered in a browser."""
    seed_endpoint(place.endpoint_url)


def seed_endpoint(url: str) -> None:
    """Upload the data of every template to an endpoint."""
    s3 = sagemaker.client(url, "s3")
    for dag_id in DAG_IDS:
        named(dag_id).seed(s3)
