"""What the operators and sensors share."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

from sagemaker_tuning._compat import AirflowFailException, conf
from sagemaker_tuning.core import errors
from sagemaker_tuning.core.errors import (
    SageMakerTuningError,
    TuningJobEnded,
    TuningJobFailed,
    TuningJobStopped,
)
from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import Context

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
    from sagemaker_tuning.operators.aws import CallsAws

OnStopped = Literal["fail", "accept_best"]
"""What a tuning job that was stopped, by whomever, is to its task."""

SHORTEST_DEFERRAL = timedelta(seconds=15)
DEFAULT_POLL_INTERVAL = 30.0
"""Seconds. AWS publishes no rate for DescribeHyperParameterTuningJob; two a minute are welcome."""


def default_deferrable() -> bool:
    """Airflow's own setting ``[operators] default_deferrable``."""
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def check_choice(name: str, value: object, choices: Any) -> None:
    """Refuse a value that is none of a Literal's.

    Raises:
        ValueError: It is none of them.
    """
    if value not in get_args(choices):
        msg = f"{name} is {value!r}: give one of {', '.join(map(repr, get_args(choices)))}"
        raise ValueError(msg)


def time_left(limit: timedelta | None, context: Context) -> timedelta | None:
    """Give what is left of a limit that runs since the task's first start; None for no limit.

    Airflow counts a deferred wait from when it begins, so a wait that is taken up again would
    get all of the time once more.
    """
    if limit is None:
        return None
    left = limit - elapsed(context)
    # Airflow loses a task whose deferred wait is over before its scheduler knows that it began.
    return max(left, SHORTEST_DEFERRAL)


def elapsed(context: Context) -> timedelta:
    """Give the time since this try of the task started, its deferred waits included."""
    return datetime.now(UTC) - context["ti"].start_date


@contextlib.contextmanager
def errors_for_airflow() -> Iterator[None]:
    """Keep Airflow from retrying what would only fail again."""
    try:
        yield
    except SageMakerTuningError as error:
        if error.is_retried:
            raise
        raise AirflowFailException(str(error)) from error


def raise_wait_error(event: Mapping[str, Any]) -> None:
    """Raise again what ended a deferred wait badly, under its own type."""
    if "Error" in event:
        kind = getattr(errors, event["ErrorType"], SageMakerTuningError)
        raise kind(event["Error"])


def connection_arguments(task: CallsAws) -> dict[str, Any]:
    """Give what a wait elsewhere needs to reach the same account and region as this process does.

    The region is the one in use here: the triggerer may have another default.
    """
    return {
        "aws_conn_id": task.aws_conn_id,
        "region_name": task.hook.conn.meta.region_name,
        "verify": task.verify,
        "botocore_config": task.botocore_config,
        "requires_connection": task.hook.has_connection or None,
    }


def raise_unless_completed(
    hook: SageMakerTuningHook, description: Mapping[str, Any], on_stopped: OnStopped
) -> None:
    """Say why a tuning job that has ended did not complete.

    Args:
        hook: For the reasons of the failed training jobs.
        description: Of the tuning job.
        on_stopped: ``accept_best`` takes a stopped job that has a best training job as well.

    Raises:
        TuningJobFailed: With the failed training jobs grouped by reason.
        TuningJobStopped: Likewise.
        TuningJobEnded: It is being deleted.
    """
    snapshot = Snapshot.from_description(description)
    is_accepted = on_stopped == "accept_best" and snapshot.status == "Stopped" and snapshot.best
    if snapshot.status == "Completed" or is_accepted:
        return
    kinds: dict[str, type[TuningJobEnded]] = {
        "Failed": TuningJobFailed,
        "Stopped": TuningJobStopped,
    }
    head = f"the tuning job {snapshot.name} is {snapshot.status}" + (
        f": {snapshot.failure_reason}" if snapshot.failure_reason else ""
    )
    raise _ended_badly(hook, kinds.get(snapshot.status, TuningJobEnded), snapshot, head)


def raise_failed_fast(hook: SageMakerTuningHook, snapshot: Snapshot, limit: int | None) -> NoReturn:
    """Say that too many training jobs failed.

    Raises:
        TuningJobFailed: Never retried, since the same request would fail again.
    """
    stopped = "" if snapshot.is_ended else ", so it was stopped"
    head = (
        f"the tuning job {snapshot.name} is {snapshot.status}: more than fail_fast={limit} "
        "training jobs failed by their request, data or algorithm (NonRetryableError)" + stopped
    )
    error = _ended_badly(hook, TuningJobFailed, snapshot, head)
    error.is_retried = False
    raise error


def raise_over_budget(hook: SageMakerTuningHook, snapshot: Snapshot, spending: str) -> NoReturn:
    """Say that the tuning job cost too much.

    Args:
        hook: For the reasons of the failed training jobs.
        snapshot: Of the tuning job.
        spending: What it has consumed, and of what.

    Raises:
        TuningJobStopped: Never retried: another tuning job would cost as much again.
    """
    head = f"the tuning job {snapshot.name} is {snapshot.status}: {spending}, so it was stopped"
    error = _ended_badly(hook, TuningJobStopped, snapshot, head)
    error.is_retried = False
    raise error


def _ended_badly(
    hook: SageMakerTuningHook, kind: type[TuningJobEnded], snapshot: Snapshot, head: str
) -> TuningJobEnded:
    counters = snapshot.counters
    digest = hook.failure_digest(snapshot.name)
    lines = [
        head,
        f"{counters.completed} training jobs completed, {counters.stopped} were stopped, "
        f"{counters.failed} failed" + (":" if digest else ""),
        *digest.splitlines(),
    ]
    return kind(
        "\n".join(lines),
        tuning_job_name=snapshot.name,
        status=snapshot.status,
        failure_reason=snapshot.failure_reason,
        counters=counters,
        digest=digest,
    )
