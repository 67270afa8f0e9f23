"""Every difference between the supported versions of Airflow and of its amazon provider.

Airflow 3.0.6 to 3.3; amazon provider 9.12 and later.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

try:
    from airflow.sdk.configuration import conf
except ImportError:  # before 3.2
    from airflow.configuration import conf

try:
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowOptionalProviderFeatureException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralTimeout,
        TaskDeferred,
    )
except ImportError:  # before 3.1
    from airflow.exceptions import (  # type: ignore[no-redef, attr-defined]
        AirflowException,
        AirflowFailException,
        AirflowOptionalProviderFeatureException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralTimeout,
        TaskDeferred,
    )

from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType

try:
    from airflow.sdk._shared.secrets_masker import redact
except ImportError:  # before 3.1
    from airflow.sdk.execution_time.secrets_masker import redact  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from airflow.sdk import Asset, AssetAlias, Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from airflow.triggers.base import BaseTrigger

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "TaskDeferralTimeout",
    "TaskDeferred",
    "approval_operator",
    "asset_events_since",
    "conf",
    "first_start",
    "has_to_kill",
    "import_dags",
    "is_server_fault",
    "is_still_deferred",
    "with_first_start",
    "without_secrets",
]


_FIRST_START = "first_start"
_DEEPER_THAN_ANY_REQUEST = 100


def first_start(context: Context) -> dict[str, str]:
    """Give the ``kwargs`` of a deferral for ``with_first_start``."""
    return {_FIRST_START: context["ti"].start_date.isoformat()}


def with_first_start(context: Context, next_kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Have the task instance's ``start_date`` be its first start, its deferred waits included.

    Newer versions of Airflow see to that; in 3.0 it is the time of the latest resumption.

    Args:
        context: Of a task that is resumed.
        next_kwargs: What Airflow resumes it with.

    Returns:
        What is left of them for the method that is resumed.
    """
    left = dict(next_kwargs or {})
    if started := left.pop(_FIRST_START, None):
        context["ti"].start_date = datetime.fromisoformat(started)
    return left


def without_secrets(document: Any) -> Any:
    """Give a document with what Airflow masks in logs masked, for where it masks nothing."""
    return redact(document, max_depth=_DEEPER_THAN_ANY_REQUEST)


def has_to_kill(trigger: BaseTrigger) -> bool:
    """Tell whether a trigger that is cancelled has to call its own ``on_kill``.

    Airflow does it since 3.3, but for a trigger whose time is over: its task is resumed, and
    sees to that itself.
    """
    from airflow.triggers import base  # noqa: PLC0415 -- slow to import, and no DAG file needs it

    if hasattr(base.BaseTrigger, "on_kill"):
        return False
    ends_at: datetime | None = getattr(trigger, "timeout_after", None)
    if ends_at is None:
        return True
    return (ends_at if ends_at.tzinfo else ends_at.replace(tzinfo=UTC)) > datetime.now(UTC)


def is_still_deferred(ti: RuntimeTaskInstanceProtocol) -> bool:
    """Ask Airflow whether a task instance is deferred at this moment.

    Blocks on Airflow's API: call it from a triggerer's loop through ``sync_to_async`` only.
    """
    # Not on ti itself: what a triggerer hands to its triggers is no RuntimeTaskInstance.
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance  # noqa: PLC0415

    states = RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=ti.map_index
    )
    return "deferred" in states.get(ti.run_id, {}).values()


def asset_events_since(
    context: Context, asset: Asset | AssetAlias, since: datetime
) -> Sequence[Any]:
    """Give the events of one of the task's inlets from a moment on.

    Before 3.1, Airflow gives all that there are, at once.
    """
    events = context["inlet_events"][asset]
    if hasattr(events, "after"):
        return list(events.after(since.isoformat()))
    return [event for event in events if event.timestamp >= since]


def is_server_fault(error: Exception) -> bool:
    """Whether Airflow's own API has failed at a task's question."""
    return (
        isinstance(error, AirflowRuntimeError)
        and error.error.error == ErrorType.API_SERVER_ERROR
        and (error.error.detail or {}).get("status_code", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def import_dags(file: Path) -> tuple[list[Any], str | None]:
    """Import a DAG file as Airflow does; give its DAGs, and the last line of what went wrong."""
    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 -- for one command alone
    except ImportError:  # before 3.2
        from airflow.models.dagbag import DagBag  # type: ignore[no-redef]  # noqa: PLC0415
    bag = DagBag(str(file), collect_dags=False)
    found = bag.process_file(str(file), only_if_updated=False, safe_mode=False)  # type: ignore[no-untyped-call]
    lines = [error.strip().splitlines()[-1] for error in bag.import_errors.values()]
    return list(found or ()), lines[0] if lines else None


def approval_operator() -> Callable[..., Any]:
    """Give what makes a task of Airflow's own that asks a person, and goes where the answer leads.

    Its ``response_timeout`` is how long to wait for the answer. The standard provider of 3.1's time
    takes the ``execution_timeout`` for that.

    Raises:
        AirflowOptionalProviderFeatureException: Airflow is older than 3.1, or its standard provider
            of that time.
    """
    try:
        from airflow.providers.standard.operators.hitl import (  # noqa: PLC0415 -- not everywhere
            HITLBranchOperator,
            HITLOperator,
        )
    except (ImportError, AirflowOptionalProviderFeatureException) as error:
        msg = "the approval of a person needs Airflow 3.1 or later, with its standard provider"
        raise AirflowOptionalProviderFeatureException(msg) from error
    if "response_timeout" in inspect.signature(HITLOperator.__init__).parameters:
        return HITLBranchOperator

    def of_its_time(*, response_timeout: timedelta, **arguments: Any) -> HITLBranchOperator:
        return HITLBranchOperator(execution_timeout=response_timeout, **arguments)

    return of_its_time
