"""Both sides of the comparison: whose trigger waits, and how it tells what happened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from airflow.triggers.base import TriggerEvent

OURS = "this provider"
AMAZON = "amazon provider"


class Trigger(Protocol):
    """What a triggerer runs."""

    def run(self) -> AsyncIterator[TriggerEvent]:
        """Events; the first one ends the wait."""


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        trigger: Of a tuning job's name, its ARN and the interval in seconds.
        is_look: Whether a log line, by its logger and its text, tells what a look has found.
        is_completed: Whether an event's payload says that the tuning job has completed.
    """

    trigger: Callable[[str, str, int], Trigger]
    is_look: Callable[[str, str], bool]
    is_completed: Callable[[Any], bool]


def load(name: str) -> Side:
    """Import one side's trigger, as a triggerer does before any wait starts."""
    return {OURS: _ours, AMAZON: _amazon}[name]()


def _ours() -> Side:
    from sagemaker_tuning.triggers.tuning_job import (  # noqa: PLC0415 -- not in the other's process
        SageMakerTuningJobTrigger,
    )

    return Side(
        # As SageMakerCreateTuningJobOperator defers.
        lambda name, arn, interval: SageMakerTuningJobTrigger(
            tuning_job_name=name,
            tuning_job_arn=arn,
            poll_interval=interval,
            stop_on_kill=True,
            requires_connection=True,
        ),
        # The progress line.
        lambda _, text: text.startswith("Completed ") or " is Completed" in text,
        lambda payload: (
            payload.get("TuningJob", {}).get("HyperParameterTuningJobStatus") == "Completed"
        ),
    )


def _amazon() -> Side:
    from airflow.providers.amazon.aws.triggers.sagemaker import (  # noqa: PLC0415 -- likewise
        SageMakerTrigger,
    )
    from airflow.providers.amazon.aws.utils import waiter_with_logging  # noqa: PLC0415 -- likewise

    logging.getLogger(waiter_with_logging.__name__).setLevel(logging.INFO)
    return Side(
        # As SageMakerTuningOperator defers; without an end after 480 looks, which is four hours
        # at its default interval.
        lambda name, _, interval: SageMakerTrigger(
            job_name=name, job_type="tuning", waiter_delay=interval, waiter_max_attempts=10_000
        ),
        lambda logger, _: logger == waiter_with_logging.__name__,
        lambda payload: payload.get("status") == "success",
    )
