"""Operators that wait for what AWS does in minutes, and can be run again at any moment."""

from __future__ import annotations

import time
from abc import abstractmethod
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sagemaker_tuning._compat import (
    AirflowTaskTimeout,
    TaskDeferralTimeout,
    first_start,
    with_first_start,
)
from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.operators.aws import CallsAws
from sagemaker_tuning.operators.base import (
    SHORTEST_DEFERRAL,
    elapsed,
    errors_for_airflow,
    time_left,
)
from sagemaker_tuning.triggers import pauses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

_FIRST_LOOKS = (0.5, 0.5, 1, 1, 2, 2, 4)
"""Seconds between the first looks: what takes no longer is not worth leaving the worker for."""


class WaitsByLooking(CallsAws):
    """An operator that does its work in steps, each of which finds what earlier ones did.

    The steps are taken in the worker for some seconds, then, if it is ``deferrable``, one after
    each deferred pause. Nothing is kept between them: names follow from the task instance, and AWS
    is asked. So a retry, a Clear and a resumed wait are one and the same.
    """

    deferrable: bool
    poll_interval: float

    @abstractmethod
    def step(self, context: Context) -> dict[str, Any] | None:
        """Go on as far as possible; give the result, or None to be called again after a pause.

        Raises:
            SageMakerTuningError: It cannot be done; but for throttling and outages, which are
                logged and waited out.
        """

    def give_up(self, context: Context) -> None:
        """Stop what is still running: ``execution_timeout`` has passed."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Take steps until one has the result."""
        with self._giving_up_when_over(context):
            for seconds in _FIRST_LOOKS:
                result = self._step(context)
                if result is not None:
                    return result
                time.sleep(min(seconds, self.poll_interval))
            return self.execute_again(context)

    def execute_again(self, context: Context, event: Any = None) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Take a step after a pause, and pause again if it has no result."""
        while True:
            result = self._step(context)
            if result is not None:
                return result
            if self.deferrable:
                self._pause(context)
            time.sleep(self.poll_interval)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Go on after a deferred pause."""
        with self._giving_up_when_over(context):
            return super().resume_execution(
                next_method, with_first_start(context, next_kwargs), context
            )

    def pause_trigger(self, context: Context, pause: timedelta) -> BaseTrigger:  # noqa: ARG002 -- for what a subclass has to stop
        """Give what the pause is spent in; a subclass may want to know when it is killed."""
        return pauses.TimeDeltaTrigger(pause)

    @contextmanager
    def _giving_up_when_over(self, context: Context) -> Iterator[None]:
        """Give up when the time is over, by Airflow's alarm in a worker or while deferred."""
        try:
            yield
        except (AirflowTaskTimeout, TaskDeferralTimeout):
            self.give_up(context)
            raise

    def _step(self, context: Context) -> dict[str, Any] | None:
        with errors_for_airflow():
            limit = self.execution_timeout
            if limit is not None and elapsed(context) > limit:
                msg = f"execution_timeout {limit} has passed"
                raise TaskDeferralTimeout(msg)
            try:
                return self.step(context)
            except AwsCallFailed as error:
                if not error.is_transient:
                    raise
                self.log.warning("%s; looking again", error)
                return None

    def _pause(self, context: Context) -> None:
        pause = max(timedelta(seconds=self.poll_interval), SHORTEST_DEFERRAL)
        self.defer(
            trigger=self.pause_trigger(context, pause),
            method_name="execute_again",
            kwargs=first_start(context),
            timeout=time_left(self.execution_timeout, context),
        )
