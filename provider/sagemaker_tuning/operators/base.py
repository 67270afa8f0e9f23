"""What the operators and sensors share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import yaml

from sagemaker_tuning._compat import AirflowFailException, conf
from sagemaker_tuning.core.errors import (
    InvalidTuningRequest,
    SageMakerTuningError,
    TuningJobEnded,
    TuningJobFailed,
    TuningJobStopped,
    Violation,
)
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.training_jobs import failure_digest
from sagemaker_tuning.triggers.watcher import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class ConnectionMixin:
    """The connection of an operator, for a wait that happens elsewhere."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @property
    def connection_arguments(self) -> dict[str, Any]:
        """Give the four arguments by which Airflow names a connection to AWS."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    @property
    def connection(self) -> Connection:
        """Give the same as one value."""
        return Connection.of(**self.connection_arguments)


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


def raise_unless_completed(hook: SageMakerTuningHook, description: dict[str, Any]) -> None:
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
    digest = failure_digest(hook.iter_training_jobs(snapshot.name))
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
