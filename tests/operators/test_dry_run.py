"""A dry run, against the endpoint: everything but the launch."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from airflow.sdk.log import mask_secret

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException
from tests.operators.task import (
    FakeTaskInstance,
    context,
    tuning_operator,
    tuning_request,
)


@pytest.mark.parametrize("switch", [True, "true", " True "])
def test_a_dry_run_says_what_would_be_launched_and_launches_nothing(
    client: Any, switch: Any
) -> None:
    """The task is skipped, and with it what follows; the request and its cost are XComs."""
    name = f"dry-{uuid.uuid4().hex[:8]}"
    ti = FakeTaskInstance()
    operator = tuning_operator(
        dry_run=switch,
        tuning_job_name=name,
        check_inputs=True,
        hourly_rates={"ml.m5.large": 6},
    )
    with pytest.raises(AirflowSkipException, match="nothing was launched"):
        operator.execute(context(ti))
    request = ti.xcoms["Request"]
    assert request["HyperParameterTuningJobName"] == name
    assert request["HyperParameterTuningJobConfig"] == tuning_request()["tuning_job_config"]
    assert ti.xcoms["EstimatedCost"]["AtMost"] == 3
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert listed["HyperParameterTuningJobSummaries"] == []


@pytest.mark.parametrize("switch", [False, "false", "False", "", "None", None])
def test_a_dry_run_may_be_switched_off(switch: Any) -> None:
    """As the trigger form renders it."""
    result = tuning_operator(dry_run=switch).execute(context())
    assert result["HyperParameterTuningJobStatus"] == "Completed"


def test_a_dry_run_refuses_what_a_launch_would() -> None:
    """The request, its inputs and its cost."""
    request = tuning_request(data="no-such-folder")
    operator = tuning_operator(
        request, dry_run=True, check_inputs=True, hourly_rates={}, max_cost="{{ params.limit }}"
    )
    operator.max_cost, operator.hourly_rates = "1", {"ml.m5.large": 6}
    with pytest.raises(AirflowFailException) as refused:
        operator.execute(context())
    assert "max_cost: 1 is less than the estimate" in str(refused.value)
    assert "no-such-folder" in str(refused.value)


def test_a_switch_that_is_neither_on_nor_off_is_refused() -> None:
    """It is not taken for the launch that it may have been meant to prevent."""
    with pytest.raises(AirflowFailException, match="dry_run: 'maybe': true or false"):
        tuning_operator(dry_run="maybe").execute(context())


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    """What Airflow masks in logs, XCom does not show either."""
    secret = f"hush-{uuid.uuid4()}"
    mask_secret(secret)
    request = tuning_request()
    request["training_job_definition"]["Environment"] = {"LICENCE": secret, "MODE": "fast"}
    ti = FakeTaskInstance()
    with pytest.raises(AirflowSkipException):
        tuning_operator(request, dry_run=True).execute(context(ti))
    shown = ti.xcoms["Request"]["TrainingJobDefinition"]["Environment"]
    assert shown == {"LICENCE": "***", "MODE": "fast"}
    said = capsys.readouterr().out
    assert '"MODE": "fast"' in said
    assert secret not in said


def test_a_dry_run_refuses_what_this_boto3_cannot_send() -> None:
    """A field that it does not know, which may be too new or no field at all."""
    operator = tuning_operator(dry_run=True, additional_fields={"TooNew": 1})
    with pytest.raises(AirflowFailException, match=r'cannot be sent: Unknown parameter.*"TooNew"'):
        operator.execute(context())
