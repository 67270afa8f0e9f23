"""Every difference between the supported versions of Airflow and of its amazon provider.

Airflow 3.0.6 to 3.3; amazon provider 9.12 and later.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

try:
    from airflow.sdk.configuration import conf
except ImportError:  # before 3.2
    from airflow.configuration import conf

try:
    from airflow.sdk.exceptions import (
        AirflowFailException,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralTimeout,
        TaskDeferred,
    )
except ImportError:  # before 3.1
    from airflow.exceptions import (  # type: ignore[no-redef]
        AirflowFailException,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralTimeout,
        TaskDeferred,
    )

from airflow.triggers.base import BaseTrigger

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

__all__ = [
    "AirflowFailException",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "TaskDeferralTimeout",
    "TaskDeferred",
    "conf",
    "has_to_kill",
    "is_still_deferred",
]


def has_to_kill(trigger: BaseTrigger) -> bool:
    """Tell whether a trigger that is cancelled has to call its own ``on_kill``.

    Airflow does it since 3.3, but for a trigger whose time is over: its task is resumed, and
    sees to that itself.
    """
    if hasattr(BaseTrigger, "on_kill"):
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
