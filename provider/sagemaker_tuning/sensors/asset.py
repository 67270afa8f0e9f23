"""The first task of a DAG that new data triggers: one run for a burst of arrivals."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import Asset, AssetAlias, BaseOperator

from sagemaker_tuning._compat import (
    AirflowFailException,
    AirflowSkipException,
    asset_events_since,
    first_start,
    is_server_fault,
    with_first_start,
)
from sagemaker_tuning.core.debounce import Arrival, Debounce, Decision, Superseded, WaitUntil
from sagemaker_tuning.operators.base import SHORTEST_DEFERRAL, time_left
from sagemaker_tuning.triggers import pauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

_GRACE = timedelta(seconds=2)
"""An event's time is from before it can be read by others."""
_MOST_LOOKS_BACK = 12
"""Each goes back twice as far as the one before."""


class AssetDebounceSensor(BaseOperator):
    """Let one run go on for a burst of an asset's events; skip the runs of the others.

    The first task of a DAG whose ``schedule`` has the asset. A burst is over when ``quiet`` has
    passed without another event, or ``max_wait`` since its first one. The run of its first event
    waits for that, deferred, and goes on; the runs that its other events trigger are skipped at
    once, and so is what is downstream of them. For a stream of events that never ends, one run
    goes on in every ``max_wait``. A run without events of the asset, triggered by hand or by
    another asset, goes on at once.

    Nothing is kept: Airflow is asked which events there were, and which runs they have triggered.
    So it decides alike whatever is retried or cleared, in whichever order runs execute and however
    many do at once. Airflow itself leaves events without a run, those that come after a run could
    have been made and before it was; they belong to a burst as all others do, and if they are one
    of their own, the next run that starts goes on for them.

    https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/asset-scheduling.html

    Args:
        asset: What the DAG is scheduled on, or an alias of it.
        quiet: Above 0, as a ``timedelta``, or as seconds where it is a template.
        max_wait: Likewise; ``quiet`` or more.

    Returns:
        When the newest event was registered that the run is for, in ISO 8601; None if it is for
        none.

    Raises:
        AirflowSkipException: Another run is for the same burst; the message says which.
        AirflowFailException: ``quiet`` or ``max_wait`` is no time, once rendered.

    Example:
        >>> AssetDebounceSensor(
        ...     task_id="burst_is_over",
        ...     asset=Asset("s3://bucket/churn/train/"),
        ...     quiet=timedelta(minutes=10),
        ...     max_wait=timedelta(hours=2),
        ... )
        <Task(AssetDebounceSensor): burst_is_over>
    """

    template_fields: Sequence[str] = ("quiet", "max_wait")
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        asset: Asset | AssetAlias,
        quiet: timedelta | str,
        max_wait: timedelta | str,
        **kwargs: Any,
    ) -> None:
        kwargs["inlets"] = [asset, *(kwargs.get("inlets") or ())]
        super().__init__(**kwargs)
        self.asset = asset
        self.quiet = quiet
        self.max_wait = max_wait
        if isinstance(quiet, timedelta) and isinstance(max_wait, timedelta):
            Debounce(quiet, max_wait)

    def execute(self, context: Context) -> str | None:
        """Look at the asset's events, and wait for the end of the burst."""
        triggering = context["triggering_asset_events"].get(self.asset) or ()
        own = [event.timestamp for event in triggering]
        if not own:
            self.log.info("no event of %s has triggered this run: it goes on", self.asset.name)
            return None
        debounce = self._debounce()
        while isinstance(decision := self._look(context, debounce, min(own)), WaitUntil):
            moment = decision.moment + _GRACE
            left = moment - datetime.now(UTC)
            if left > SHORTEST_DEFERRAL:
                self._defer(context, moment)
            time.sleep(max(0, left.total_seconds()))
        if isinstance(decision, Superseded):
            raise AirflowSkipException(decision.reason)
        self.log.info("the burst is over: its newest event is of %s", decision.until)
        return decision.until.isoformat()

    def _look(self, context: Context, debounce: Debounce, first: datetime) -> Decision:
        try:
            arrivals = self._arrivals(context, debounce, first)
        except Exception as error:
            if not is_server_fault(error):
                raise
            # Airflow cannot list events while a run that one has triggered is queued.
            self.log.warning("the events cannot be read, looking again later: %s", error)
            return WaitUntil(datetime.now(UTC) + SHORTEST_DEFERRAL)
        run = context["dag_run"]
        decision = debounce.decide(
            arrivals,
            run.run_id,
            started=run.start_date or run.run_after,
            now=datetime.now(UTC) - _GRACE,
        )
        if isinstance(decision, WaitUntil):
            self.log.info("the burst is over at %s unless more arrives", decision.moment)
        return decision

    def execute_again(self, context: Context, event: Any = None) -> str | None:  # noqa: ARG002 -- Airflow calls it so
        """Look again after a wait: more may have arrived."""
        return self.execute(context)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Go on after the deferred wait."""
        left = with_first_start(context, next_kwargs)
        return super().resume_execution(next_method, left, context)

    def _defer(self, context: Context, moment: datetime) -> NoReturn:
        self.defer(
            trigger=pauses.DateTimeTrigger(moment=moment),
            method_name="execute_again",
            kwargs=first_start(context),
            timeout=time_left(self.execution_timeout, context),
        )

    def _debounce(self) -> Debounce:
        try:
            return Debounce(_duration(self.quiet), _duration(self.max_wait))
        except (ValueError, OverflowError) as error:
            msg = f"quiet {self.quiet!r} and max_wait {self.max_wait!r}: {error}"
            raise AirflowFailException(msg) from error

    def _arrivals(self, context: Context, debounce: Debounce, moment: datetime) -> list[Arrival]:
        """Read events from the beginning of the burst of a moment up to now."""
        back = debounce.quiet + debounce.max_wait
        for _ in range(_MOST_LOOKS_BACK):
            since = moment - back
            events = asset_events_since(context, self.asset, since)
            arrivals = [_arrival(event, context["dag_run"].dag_id) for event in events]
            if debounce.is_whole(arrivals, since, moment):
                break
            back *= 2
        return arrivals


def _arrival(event: Any, dag_id: str) -> Arrival:
    run_id = next((run.run_id for run in event.created_dagruns if run.dag_id == dag_id), None)
    return Arrival(event.timestamp, event.id, run_id)


def _duration(value: timedelta | str) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=float(value))
