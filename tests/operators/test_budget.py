"""What a tuning job may cost, against the endpoint: refused, watched, stopped."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from sagemaker_tuning._compat import AirflowFailException, TaskDeferred
from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, TuningJobStopped
from tests.operators.task import (
    FOR_EVER,
    FakeTaskInstance,
    context,
    fire,
    run,
    status_of,
    tuning_operator,
    tuning_request,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Faults

_RATES = {"ml.m5.large": 6}
_DEAR = {"ml.m5.large": 10**6, "ml.not.used": 1}
"""A second of it costs more than 277."""


def _watched(**kwargs: Any) -> dict[str, Any]:
    return {"hourly_rates": _DEAR, "max_cost": 500, "on_ceiling": "watch"} | kwargs


def test_a_request_above_the_limit_is_refused_when_the_dag_is_parsed() -> None:
    """With the formula, beside its other mistakes, and what would be right."""
    with pytest.raises(InvalidTuningRequest) as refused:
        tuning_operator(tuning_request(RandomSeed=-1), hourly_rates=_RATES, max_cost="2.99")
    assert {each.path for each in refused.value.violations} == {
        "HyperParameterTuningJobConfig.RandomSeed",
        "max_cost",
    }
    assert (
        "max_cost: 2.99 is less than the estimate, at most 3.00 = 3 training jobs × 10 min × "
        "1 ml.m5.large × 6: give MaxNumberOfTrainingJobs of at most 2, or "
        "StoppingCondition.MaxRuntimeInSeconds of at most 598, or "
        "ResourceLimits.MaxRuntimeInSeconds of at most 897, or on_ceiling"
    ) in str(refused.value)


def test_a_limit_that_is_rendered_is_kept_at_the_launch(client: Any) -> None:
    """What a template hid is refused when the task runs, and nothing is launched."""
    name = f"dear-{uuid.uuid4().hex[:8]}"
    operator = tuning_operator(
        hourly_rates="{{ var.json.rates }}", max_cost="{{ params.limit }}", tuning_job_name=name
    )
    operator.hourly_rates, operator.max_cost = str(_RATES), "2.5"
    with pytest.raises(AirflowFailException, match=r"max_cost: 2\.5 is less than the estimate"):
        operator.execute(context())
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert listed["HyperParameterTuningJobSummaries"] == []


def test_a_request_without_a_rate_or_rates_is_refused() -> None:
    """No rate is guessed: a limit that cannot be kept is none."""
    with pytest.raises(InvalidTuningRequest, match=r"hourly_rates\['ml.m5.large'\]: missing"):
        tuning_operator(hourly_rates={"ml.c4.xlarge": 1})
    with pytest.raises(InvalidTuningRequest, match="hourly_rates: missing, with max_cost 5"):
        tuning_operator(max_cost=5)


def test_nobody_watches_a_job_that_is_not_waited_for() -> None:
    """So that is no way to keep a limit."""
    with pytest.raises(ValueError, match="nobody watches"):
        tuning_operator(wait_for_completion=False, **_watched())


@pytest.mark.parametrize("deferrable", [False, True])
def test_within_the_limit_the_result_says_what_it_cost(*, deferrable: bool) -> None:
    """The ceiling with its formula, and what was consumed: less, as no job took all its time."""
    operator = tuning_operator(hourly_rates=_RATES, max_cost=3, deferrable=deferrable)
    cost = run(operator, FakeTaskInstance())["EstimatedCost"]
    assert cost["AtMost"] == 3
    assert cost["Formula"] == "3 training jobs × 10 min × 1 ml.m5.large × 6"
    assert 0 < cost["Consumed"] < 1


def test_rates_alone_are_an_estimate(tmp_path: Path) -> None:
    """From a file beside the DAG, mapped task or not, also where nobody waits."""
    (tmp_path / "rates.yaml").write_text(json.dumps({"ml.m5.large": "{{ 2 * 3 }}"}))
    with DAG("rates", template_searchpath=str(tmp_path), schedule=None):
        operator = tuning_operator(hourly_rates="rates.yaml", wait_for_completion=False)
    assert operator.execute(context())["EstimatedCost"]["AtMost"] == 3


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_running_job_that_passes_the_limit_is_stopped(client: Any, *, deferrable: bool) -> None:
    """The task says what was consumed and of what, and is not retried into another such job."""
    name = f"stopped-{uuid.uuid4().hex[:8]}"
    request = tuning_request(rounds=FOR_EVER)
    arguments = _watched(tuning_job_name=name, deferrable=deferrable, stop_on_kill=False)
    ti = FakeTaskInstance()
    with pytest.raises(AirflowFailException, match=r"of max_cost 500\.00 consumed") as failed:
        run(tuning_operator(request, **arguments), ti)
    assert isinstance(failed.value.__cause__, TuningJobStopped)
    assert "estimate" in str(failed.value)
    assert status_of(client, name) == "Stopped"
    # The worker was lost before it could say so: the retry says it, and launches no other.
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    with pytest.raises(AirflowFailException, match=r"of max_cost 500\.00 consumed"):
        tuning_operator(request, retries=1, **arguments).execute(context(retry))
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert len(listed["HyperParameterTuningJobSummaries"]) == 1


def test_no_other_is_launched_while_it_cannot_be_told_what_the_first_has_cost(
    client: Any, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A throttled listing is no leave to spend as much again; a later try can tell."""
    name = f"untold-{uuid.uuid4().hex[:8]}"
    request = tuning_request(rounds=FOR_EVER)
    arguments = _watched(tuning_job_name=name, retries=2)
    ti = FakeTaskInstance(max_tries=2)
    with pytest.raises(AirflowFailException):
        tuning_operator(request, **arguments).execute(context(ti))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    listing = "ListTrainingJobsForHyperParameterTuningJob"
    faults.put({"kind": "throttle", "operation": listing, "times": 1})
    for try_number, error in ((2, AwsCallFailed), (3, AirflowFailException)):
        retry = FakeTaskInstance(run_id=ti.run_id, try_number=try_number, max_tries=2)
        with pytest.raises(error):
            tuning_operator(request, **arguments).execute(context(retry))
    listed = client.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert len(listed["HyperParameterTuningJobSummaries"]) == 1


def test_a_retry_with_a_higher_limit_may_launch_another(client: Any) -> None:
    """The user has seen what it costs."""
    ti = FakeTaskInstance()
    request = tuning_request(rounds=FOR_EVER)
    with pytest.raises(AirflowFailException):
        tuning_operator(request, **_watched()).execute(context(ti))
    retry = FakeTaskInstance(run_id=ti.run_id, try_number=2, max_tries=1)
    again = tuning_operator(request, retries=1, deferrable=True, **_watched(max_cost=10**9))
    with pytest.raises(TaskDeferred) as deferred:
        again.execute(context(retry))
    assert status_of(client, deferred.value.trigger.serialize()[1]["tuning_job_name"]) == (
        "InProgress"
    )


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_best_of_a_job_that_was_stopped_for_its_cost_may_do(*, deferrable: bool) -> None:
    """``accept_best`` takes what the money was spent on."""
    request = tuning_request(jobs=500, rounds=2)
    arguments = _watched(on_stopped="accept_best", deferrable=deferrable, max_cost=1000)
    result = run(tuning_operator(request, **arguments), FakeTaskInstance())
    assert result["HyperParameterTuningJobStatus"] == "Stopped"
    assert result["BestTrainingJob"]["TrainingJobName"]
    assert result["EstimatedCost"]["Consumed"] > 1000


def test_spot_has_a_rate_of_its_own(client: Any) -> None:
    """A job that would be too dear on demand is launched on spot instances."""
    request = tuning_request()
    definition = request["training_job_definition"]
    definition["EnableManagedSpotTraining"] = True
    definition["StoppingCondition"]["MaxWaitTimeInSeconds"] = 86400
    rates = {"ml.m5.large": {"OnDemand": 6, "Spot": "2"}}
    operator = tuning_operator(request, hourly_rates=rates, max_cost=1)
    result = operator.execute(context())
    assert result["EstimatedCost"]["Formula"].endswith("1 ml.m5.large × 2 (Spot)")
    assert status_of(client, result["HyperParameterTuningJobName"]) == "Completed"
    with pytest.raises(InvalidTuningRequest, match=r"at most 3\.00 ="):
        tuning_operator(request, hourly_rates=_RATES, max_cost=1)


def test_each_training_job_costs_by_its_definition() -> None:
    """Only the cheap definition's training jobs run for long: the limit is not passed."""
    request = tuning_request()
    config, single = request["tuning_job_config"], request.pop("training_job_definition")
    objective = config.pop("HyperParameterTuningJobObjective")
    ranges = config.pop("ParameterRanges")
    request["training_job_definitions"] = [
        single
        | {
            "DefinitionName": kind.replace(".", "-"),
            "TuningObjective": objective,
            "HyperParameterRanges": ranges,
            "ResourceConfig": single["ResourceConfig"] | {"InstanceType": kind},
        }
        for kind in ("ml.m5.large", "ml.m5.xlarge")
    ]
    operator = tuning_operator(
        request | {"training_job_definition": None},
        hourly_rates={"ml.m5.large": 6, "ml.m5.xlarge": "12"},
        max_cost=6,
    )
    cost = operator.execute(context())["EstimatedCost"]
    assert cost["Formula"] == "3 training jobs × 10 min × 1 ml.m5.xlarge × 12"
    assert 0 < cost["Consumed"] < 2


def test_a_trigger_stores_little_and_loses_nothing() -> None:
    """The rates of the request alone, and the limit to the last digit."""
    operator = tuning_operator(
        deferrable=True, **_watched(max_cost="12345678901234567890.12345678901234567890")
    )
    ti = FakeTaskInstance()
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context(ti))
    stored = deferred.value.trigger.serialize()[1]["budget"]
    assert stored == {
        "HourlyRates": {"ml.m5.large": {"OnDemand": "1000000"}},
        "MaxCost": "12345678901234567890.12345678901234567890",
    }
    assert deferred.value.kwargs is not None
    assert deferred.value.kwargs["budget"] == stored
    # dag.test() drops the kwargs; the event has it too.
    assert fire(deferred.value.trigger)["Budget"] == stored


def test_what_cannot_be_listed_for_now_does_not_end_the_wait(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Throttled listings are tried again, and the job is watched on."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    listing = "ListTrainingJobsForHyperParameterTuningJob"
    faults.put({"kind": "throttle", "operation": listing, "times": 3})
    with pytest.raises(AirflowFailException, match=r"of max_cost 500\.00 consumed"):
        tuning_operator(tuning_request(rounds=FOR_EVER), **_watched()).execute(context())
    assert capsys.readouterr().out.count("listing the training jobs later") == 3
