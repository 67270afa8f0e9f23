"""Runs that learn from those before them, against the local endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.operators.warm_start import SageMakerFindWarmStartParentsOperator
from tests.operators.task import FakeTaskInstance, tuning_operator, tuning_request

if TYPE_CHECKING:
    from airflow.sdk import Context

Document = dict[str, Any]


@dataclass
class FakeDagRun:
    """A DAG run as far as our operators look at it."""

    run_id: str
    start_date: datetime | None = field(default_factory=lambda: datetime.now(UTC))
    run_after: datetime = field(default_factory=lambda: datetime.now(UTC))


def _context(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Context:
    ti = FakeTaskInstance(task_id=task_id, dag_id=dag_id, run_id=run_id, map_index=map_index)
    return cast("Context", {"ti": ti, "dag_run": FakeDagRun(run_id)})


def find(
    dag_id: str, run_id: str, request: Document | None = None, map_index: int = -1, **kwargs: Any
) -> Document:
    operator = SageMakerFindWarmStartParentsOperator(
        task_id="find", **(tuning_request() | (request or {})), **kwargs
    )
    found: Document = operator.execute(_context(dag_id, run_id, "find", map_index))
    return found


def tune(
    dag_id: str,
    run_id: str,
    found: Document | None = None,
    request: Document | None = None,
    map_index: int = -1,
) -> str:
    """Run a tuning job to its end, with what was found; give its name."""
    warm_start_config = found and found.get("WarmStartConfig")
    operator = tuning_operator(request, warm_start_config=warm_start_config)
    result = operator.execute(_context(dag_id, run_id, "tune", map_index))
    return str(result["HyperParameterTuningJobName"])


def test_each_run_learns_from_those_before(client: Any) -> None:
    """The first starts cold, the second from the first, the third from both, newest first."""
    dag_id = "weekly"
    first_found = find(dag_id, "run 1")
    assert first_found == {"Parents": [], "Refused": []}
    first = tune(dag_id, "run 1", first_found)
    second_found = find(dag_id, "run 2")
    assert second_found["Parents"] == [first]
    second = tune(dag_id, "run 2", second_found)
    third = tune(dag_id, "run 3", find(dag_id, "run 3"))
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=third)
    assert described["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": second},
            {"HyperParameterTuningJobName": first},
        ],
        "WarmStartType": "TransferLearning",
    }
    # A Clear of the second run finds what it found: not its own job, and not the third's, which is
    # known by when it ran only if run ids say so.
    assert first in find(dag_id, "run 2")["Parents"]
    assert second not in find(dag_id, "run 2")["Parents"]
    assert find(dag_id, "run 4", max_parents=1)["Parents"] == [third]


def test_what_does_not_fit_is_a_cold_start_with_its_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another objective metric: nothing is launched with a parent that AWS would refuse."""
    dag_id = "changed"
    parent = tune(dag_id, "run 1")
    objective = {"MetricName": "validation:error", "Type": "Minimize"}
    request = tuning_request(HyperParameterTuningJobObjective=objective)
    found = find(dag_id, "run 2", request)
    reasons = [
        "objective metric was validation:auc, is validation:error now",
        "objective's type was Maximize, is Minimize now",
    ]
    assert found == {
        "Parents": [],
        "Refused": [{"HyperParameterTuningJobName": parent, "Reasons": reasons}],
    }
    assert f"cold start: {parent}: {'; '.join(reasons)}" in capsys.readouterr().out
    tune(dag_id, "run 2", found, request)


def test_what_others_launched_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another deployment's, DAG's, task's or map index's job is neither parent nor refused."""
    dag_id = "shared"
    nothing: Document = {"Parents": [], "Refused": []}
    monkeypatch.setenv("AIRFLOW__SAGEMAKER_TUNING__NAMESPACE", "production")
    mine = tune(dag_id, "run 1", map_index=1)
    assert find(dag_id, "run 2", map_index=1)["Parents"] == [mine]
    assert find(dag_id, "run 2", map_index=1, tuning_task_id="tune")["Parents"] == [mine]
    assert find(dag_id, "run 2", map_index=1, tuning_task_id="other") == nothing
    assert find(dag_id, "run 2", map_index=0) == nothing
    assert find("share", "run 2", map_index=1) == nothing
    monkeypatch.setenv("AIRFLOW__SAGEMAKER_TUNING__NAMESPACE", "development")
    assert find(dag_id, "run 2", map_index=1) == nothing


def test_a_run_of_an_old_week_learns_nothing_from_newer_ones() -> None:
    """By the moments that the run ids say; and the run's own tuning job is no parent either."""
    dag_id = "backfilled"
    weeks = [f"scheduled__2026-01-{day:02}T00:00:00+00:00" for day in (5, 12, 19)]
    newest = tune(dag_id, weeks[2])
    found = find(dag_id, weeks[1])
    (refused,) = found["Refused"]
    assert refused["HyperParameterTuningJobName"] == newest
    assert "later time" in refused["Reasons"][0]
    old = tune(dag_id, weeks[1], found)
    assert find(dag_id, weeks[2])["Parents"] == [old]
    assert find(dag_id, weeks[0])["Parents"] == []


def test_names_of_ones_own_are_found_by_what_they_have_in_common() -> None:
    """Where ``tuning_job_name`` is given, ``name_contains`` says what to look for."""
    request = tuning_request() | {"tuning_job_name": "MyChurn-1"}
    name = tune("named", "run 1", request=request)
    assert name == "MyChurn-1"
    assert find("named", "run 2")["Parents"] == []
    assert find("named", "run 2", name_contains="MyChurn")["Parents"] == [name]


def test_none_is_as_not_given_as_it_is_at_the_launch() -> None:
    """The documents are the same ones, lists in them included."""
    request = tuning_request(RandomSeed=None)
    request["training_job_definition"]["InputDataConfig"][0]["CompressionType"] = None
    assert find("with none", "run 1", request) == {"Parents": [], "Refused": []}


def test_a_bad_document_is_told_with_all_its_mistakes() -> None:
    """When the DAG is parsed, and when what templates hid is known."""
    request = tuning_request(Strategy=["Bayesian"])
    with pytest.raises(InvalidTuningRequest, match="1 mistake"):
        find("bad", "run 1", request)
    operator = SageMakerFindWarmStartParentsOperator(task_id="find", **tuning_request())
    operator.tuning_job_config = "Strategy: [1]"
    operator.training_job_definition = "None"  # as a template makes it of nothing
    with pytest.raises(AirflowFailException, match="TrainingJobDefinition: missing"):
        operator.execute(_context("bad", "run 1", "find"))


@pytest.mark.parametrize(
    "wrong", [{"max_parents": 0}, {"max_parents": 6}, {"max_training_jobs": 0}]
)
def test_numbers_out_of_range_are_told_when_the_dag_is_parsed(wrong: Document) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="give"):
        SageMakerFindWarmStartParentsOperator(task_id="find", **tuning_request(), **wrong)


@pytest.mark.parametrize("nothing", ["None", "", "null", None])
def test_no_warm_start_may_be_a_text(client: Any, nothing: str | None) -> None:
    """What a template makes of None is a start without parents."""
    operator = tuning_operator(warm_start_config="{{ parents }}")
    operator.warm_start_config = nothing
    name = operator.execute(_context("text", f"run {nothing}", "tune"))[
        "HyperParameterTuningJobName"
    ]
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert "WarmStartConfig" not in described
