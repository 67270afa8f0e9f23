"""The sensor of bursts, with what Airflow tells a task of an asset's events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sagemaker_tuning.sensors.asset import AssetDebounceSensor

if TYPE_CHECKING:
    from airflow.sdk import Context

DATA = Asset("s3://bucket/churn/")
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)
QUIET = timedelta(minutes=10)
DAG = "retrain"


class Only(list[tuple[Any, Any]]):
    """A mapping by assets, which older versions of Airflow cannot hash."""

    def __getitem__(self, asset: Any) -> Any:
        found = [value for key, value in self if key == asset]
        if not found:
            raise KeyError(asset)
        return found[0]

    def get(self, asset: Any) -> Any:
        return self[asset] if self else None


def event(number: int, moment: datetime, *run_ids: str, dag_id: str = DAG) -> Any:
    """Give an event that has triggered runs of a DAG."""
    runs = [SimpleNamespace(dag_id=dag_id, run_id=run_id) for run_id in run_ids]
    return SimpleNamespace(id=number, timestamp=moment, created_dagruns=runs)


@dataclass
class Events(list[Any]):
    """An asset's events as newer versions of Airflow give them to a task."""

    events: list[Any]
    asked: list[str] = field(default_factory=list)

    def after(self, moment: str) -> list[Any]:
        self.asked.append(moment)
        return [each for each in self.events if each.timestamp >= datetime.fromisoformat(moment)]


def context(events: Any, run_id: str, asset: Any = DATA, started: datetime = NOW) -> Context:
    """Give what a task of a run sees, which some of the events have triggered."""
    known = events.events if isinstance(events, Events) else events
    own = [e for e in known if any(run.run_id == run_id for run in e.created_dagruns)]
    document = {
        "ti": SimpleNamespace(start_date=started),
        "dag_run": SimpleNamespace(
            dag_id=DAG, run_id=run_id, start_date=started, run_after=started
        ),
        "triggering_asset_events": Only([(asset, own)] if own else []),
        "inlet_events": Only([(asset, events)]),
    }
    return cast("Context", document)


def sensor(**kwargs: Any) -> AssetDebounceSensor:
    given: dict[str, Any] = {"asset": DATA, "quiet": QUIET, "max_wait": timedelta(hours=1)}
    arguments = given | kwargs
    return AssetDebounceSensor(task_id="burst_is_over", **arguments)


@pytest.mark.parametrize("kind", [Events, list])
@pytest.mark.parametrize("asset", [DATA, AssetAlias("new-data")])
def test_one_run_of_a_burst_goes_on(kind: type, asset: Any) -> None:
    """Whether or not Airflow gives a part of the events alone; other DAGs' runs do not count."""
    events = [
        event(1, LONG_AGO, "other", dag_id="other"),
        event(2, LONG_AGO + timedelta(minutes=30), "old"),
        event(3, LONG_AGO + timedelta(minutes=35), "new"),
    ]
    task = sensor(asset=asset)
    assert task.execute(context(kind(events), "old", asset)) == events[2].timestamp.isoformat()
    with pytest.raises(AirflowSkipException, match="is for the run old"):
        task.execute(context(kind(events), "new", asset))
    assert task.inlets == [asset]


def test_the_wait_ends_when_the_burst_can_grow_no_more() -> None:
    """Deferred until then, by Airflow's own trigger, and looked again."""
    events = Events([event(1, NOW - timedelta(minutes=1), "run")])
    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute(context(events, "run"))
    trigger = deferred.value.trigger
    assert isinstance(trigger, DateTimeTrigger)
    over = NOW + timedelta(minutes=9)
    assert over < trigger.moment < over + timedelta(seconds=10)  # an event shows a little late
    events.events.append(event(2, NOW, "second"))
    with pytest.raises(TaskDeferred) as again:
        sensor().resume_execution("execute_again", deferred.value.kwargs, context(events, "run"))
    assert isinstance(again.value.trigger, DateTimeTrigger)
    assert again.value.trigger.moment - trigger.moment == timedelta(minutes=1)


def test_a_short_wait_is_not_worth_leaving_the_worker_for() -> None:
    """Airflow may take a task that is resumed within seconds for one that has failed."""
    moment = datetime.now(UTC)
    events = Events([event(1, moment, "run")])
    task = sensor(quiet=timedelta(seconds=0.1))
    assert task.execute(context(events, "run")) == moment.isoformat()
    assert datetime.now(UTC) - moment > timedelta(seconds=0.1)


def test_a_run_without_events_of_the_asset_goes_on_at_once() -> None:
    """It was triggered by hand, and nobody is asked."""
    events = Events([event(1, NOW, "run")])
    assert sensor().execute(context(events, "manual")) is None
    assert not events.asked


def test_it_is_looked_back_until_a_burst_begins() -> None:
    """A stream of events as long as it likes: bursts are cut alike by each of their runs."""
    step = timedelta(minutes=9)
    moments = [LONG_AGO + step * number for number in range(60)]
    events = [event(number, moment, f"run {number}") for number, moment in enumerate(moments)]
    going = []
    for number in range(60):
        try:
            sensor().execute(context(Events(events), f"run {number}"))
        except AirflowSkipException:
            continue
        going.append(number)
    assert going == [*range(0, 60, 7)]  # the eighth is 63 minutes after the first
    asked = Events(events)
    sensor().execute(context(asked, "run 0"))
    assert len(asked.asked) == 1


def test_airflow_that_cannot_answer_is_asked_later() -> None:
    """It fails at the question as long as one of the runs is queued; other errors are errors."""

    class Failing(list[Any]):
        def __init__(self, status: int) -> None:
            super().__init__()
            self.status = status

        def after(self, _: str) -> None:
            error = ErrorResponse(
                error=ErrorType.API_SERVER_ERROR, detail={"status_code": self.status}
            )
            raise AirflowRuntimeError(error)

    whole = context([event(1, NOW, "run")], "run")
    whole["inlet_events"] = cast("Any", Only([(DATA, Failing(500))]))
    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute(whole)
    assert deferred.value.method_name == "execute_again"
    whole["inlet_events"] = cast("Any", Only([(DATA, Failing(404))]))
    with pytest.raises(AirflowRuntimeError):
        sensor().execute(whole)


def test_times_may_be_templates() -> None:
    """Which render to seconds; what is no time is told, and a retry would not help."""
    events = [event(1, LONG_AGO, "run")]
    assert sensor(quiet="1.5", max_wait="60").execute(context(events, "run")) is not None
    for quiet in ("soon", "0", "nan", "61"):
        with pytest.raises(AirflowFailException, match="quiet"):
            sensor(quiet=quiet, max_wait="60").execute(context(events, "run"))
    with pytest.raises(ValueError, match="max_wait"):
        sensor(max_wait=timedelta(minutes=1))
