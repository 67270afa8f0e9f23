"""Fields beside the documents, documents without some, and the name that is there at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import TuningJobFailed
from sagemaker_tuning.operators.tuning_job import SageMakerStopTuningJobOperator
from tests.operators.task import (
    FakeTaskInstance,
    context,
    status_of,
    tuning_operator,
    tuning_request,
)


def _job(client: Any, result: dict[str, Any]) -> dict[str, Any]:
    name = result["HyperParameterTuningJobName"]
    answer: dict[str, Any] = client.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return answer


@pytest.mark.parametrize("as_text", [False, True])
def test_additional_fields_have_the_last_word(client: Any, *, as_text: bool) -> None:
    """They are merged at their depth, typed like the rest, and null takes away."""
    text = """{
        "HyperParameterTuningJobConfig": {"RandomSeed": null, "Strategy": "Bayesian"},
        "TrainingJobDefinition": {"StaticHyperParameters": {"num_round": 2}}
    }"""
    fields = {
        "HyperParameterTuningJobConfig": {"RandomSeed": None, "Strategy": "Bayesian"},
        "TrainingJobDefinition": {"StaticHyperParameters": {"num_round": 2}},
    }
    operator = tuning_operator(additional_fields=text if as_text else fields)
    job = _job(client, operator.execute(context()))
    assert "RandomSeed" not in job["HyperParameterTuningJobConfig"]
    assert job["HyperParameterTuningJobConfig"]["Strategy"] == "Bayesian"
    static = job["TrainingJobDefinition"]["StaticHyperParameters"]
    assert (static["num_round"], static["objective"]) == ("2", "binary:logistic")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"TrainingJobDefinitoin": {}}, "TrainingJobDefinitoin"),
        ({"TrainingJobDefinition": {"Role": "x"}}, 'in TrainingJobDefinition: "Role"'),
        ({"HyperParameterTuningJobName": "mine"}, r"Name: 'mine': the operator's tuning_job_name"),
        ([1], "additional_fields"),
        ('{"a": ', "additional_fields"),
    ],
)
def test_what_is_no_field_is_refused(client: Any, fields: Any, path: str) -> None:
    """Nothing is launched, and the error names it."""
    before = client.list_hyper_parameter_tuning_jobs()
    with pytest.raises(AirflowFailException, match=path):
        tuning_operator(additional_fields=fields).execute(context())
    after = client.list_hyper_parameter_tuning_jobs()
    assert after["HyperParameterTuningJobSummaries"] == before["HyperParameterTuningJobSummaries"]


def test_none_in_a_document_is_as_not_given(client: Any) -> None:
    """So an optional field may be a template that renders to None."""
    request = tuning_request(RandomSeed=None, TrainingJobEarlyStoppingType=None)
    request["training_job_definition"]["InputDataConfig"][0]["CompressionType"] = None
    job = _job(client, tuning_operator(request).execute(context()))
    assert "RandomSeed" not in job["HyperParameterTuningJobConfig"]


def test_the_name_is_there_from_the_launch_on(client: Any) -> None:
    """Of a job that failed it is what a later task, a teardown for one, knows it by."""
    ti = FakeTaskInstance(max_tries=1)
    with pytest.raises(TuningJobFailed, match="is Failed"):
        tuning_operator(tuning_request(data="text"), retries=1).execute(context(ti))
    name = ti.xcoms["HyperParameterTuningJobName"]
    assert status_of(client, name) == "Failed"
    # Airflow clears XComs before a retry, which launches none after one that failed so.
    again = replace(ti, try_number=2, id=uuid.uuid4(), xcoms={})
    with pytest.raises(AirflowFailException, match="would fail again"):
        tuning_operator(tuning_request(data="text"), retries=1).execute(context(again))
    assert again.xcoms["HyperParameterTuningJobName"] == name


@pytest.mark.parametrize("name", [None, ""])
def test_no_tuning_job_is_none_to_stop(name: str | None) -> None:
    """A teardown does not fail because there is nothing to tear down."""
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).execute(context())
