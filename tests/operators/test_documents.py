"""Arguments that are documents, against the local endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from airflow.sdk import DAG

from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
)

if TYPE_CHECKING:
    from pathlib import Path


from tests.operators.task import context, tuning_operator, tuning_request


def test_documents_may_be_files_beside_the_dag(tmp_path: Path) -> None:
    """A ``.yaml`` or ``.json`` file is read; a string inside a document never is."""
    request = tuning_request()
    request["training_job_definition"]["StaticHyperParameters"]["note"] = "notes.json"
    (tmp_path / "config.json").write_text(json.dumps(request["tuning_job_config"]))
    with DAG("files", template_searchpath=str(tmp_path), schedule=None):
        operator = SageMakerCreateTuningJobOperator(
            task_id="tune",
            tuning_job_config="config.json",
            training_job_definition=request["training_job_definition"],
        )
    operator.resolve_template_files()
    assert json.loads(str(operator.tuning_job_config)) == request["tuning_job_config"]
    rendered = operator.render_template(operator.training_job_definition, context())
    assert rendered["StaticHyperParameters"]["note"] == "notes.json"


def test_files_serve_mapped_tasks_too(client: Any, tmp_path: Path) -> None:
    """A mapped task, whose files Airflow does not resolve, reads and renders them when it runs."""
    request = tuning_request()
    request["tuning_job_config"]["RandomSeed"] = "{{ ti.try_number }}"
    (tmp_path / "config.yaml").write_text(json.dumps(request["tuning_job_config"]))
    with DAG("mapped", template_searchpath=str(tmp_path), schedule=None):
        operator = tuning_operator(request, tuning_job_config="config.yaml")
    name = operator.execute(context())["HyperParameterTuningJobName"]
    job = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert job["HyperParameterTuningJobConfig"]["RandomSeed"] == 1


def test_a_document_is_not_taken_for_a_file() -> None:
    """YAML whose last line ends in ``.json`` is a document, as its other lines tell."""
    request = tuning_request()
    request["training_job_definition"] = yaml.safe_dump(
        request["training_job_definition"] | {"Environment": {"CONFIG": "s3://bucket/config.json"}},
        sort_keys=False,
    ).rstrip()
    assert request["training_job_definition"].endswith(".json")
    result = tuning_operator(request).execute(context())
    assert result["HyperParameterTuningJobStatus"] == "Completed"
