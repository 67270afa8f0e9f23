"""What the operators and sensors share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import yaml

from sagemaker_tuning._compat import AirflowFailException, conf
from sagemaker_tuning.core import errors
from sagemaker_tuning.core.errors import (
    InvalidTuningRequest,
    SageMakerTuningError,
    TuningJobEnded,
    TuningJobFailed,
    TuningJobStopped,
    Violation,
)
from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.providers.amazon.aws.utils.mixins import AwsBaseHookMixin

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

DEFAULT_POLL_INTERVAL = 30.0
"""Seconds. AWS publishes no rate for DescribeHyperParameterTuningJob; two a minute are welcome."""


def default_deferrable() -> bool:
    """Airflow's own setting ``[operators] default_deferrable``."""
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


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


def connection_arguments(task: AwsBaseHookMixin[SageMakerTuningHook]) -> dict[str, Any]:
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


def as_document(value: Any, path: str) -> Any:
    """Give a document argument as a document: a string is JSON or YAML.

    Raises:
        InvalidTuningRequest: The string is neither.
    """
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as error:
        problem = f"neither JSON nor YAML: {error}"
        raise InvalidTuningRequest([Violation(path, problem, "a JSON or YAML document")]) from error


def raise_unless_completed(hook: SageMakerTuningHook, description: Mapping[str, Any]) -> None:
    """Say why a tuning job that has ended did not complete.

    Raises:
        TuningJobFailed: With the failed training jobs grouped by reason.
        TuningJobStopped: Likewise.
        TuningJobEnded: It is being deleted.
    """
    snapshot = Snapshot.from_description(description)
    if snapshot.status == "Completed":
        return
    kinds: dict[str, type[TuningJobEnded]] = {
        "Failed": TuningJobFailed,
        "Stopped": TuningJobStopped,
    }
    digest = hook.failure_digest(snapshot.name)
    counters = snapshot.counters
    lines = [
        f"the tuning job {snapshot.name} is {snapshot.status}"
        + (f": {snapshot.failure_reason}" if snapshot.failure_reason else ""),
        f"{counters.completed} training jobs completed, {counters.stopped} were stopped, "
        f"{counters.failed} failed" + (":" if digest else ""),
        *digest.splitlines(),
    ]
    raise kinds.get(snapshot.status, TuningJobEnded)(
        "\n".join(lines),
        status=snapshot.status,
        failure_reason=snapshot.failure_reason,
        counters=counters,
        digest=digest,
    )
