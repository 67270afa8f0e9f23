"""Sensors on a tuning job: its status, and its status counters."""

from __future__ import annotations

import abc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from sagemaker_tuning._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    first_start,
    with_first_start,
)
from sagemaker_tuning.core.counters import CountersCondition
from sagemaker_tuning.core.errors import AwsCallFailed, CountersOutOfReach
from sagemaker_tuning.core.progress import progress_key, progress_line
from sagemaker_tuning.core.references import TuningJobReference
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.tuning_job import tuning_job_result
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import (
    DEFAULT_POLL_INTERVAL,
    OnStopped,
    check_choice,
    connection_arguments,
    default_deferrable,
    errors_for_airflow,
    raise_unless_completed,
    raise_wait_error,
    time_left,
)
from sagemaker_tuning.triggers import tuning_job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import Context


class _TuningJobSensor(CallsAws, BaseSensorOperator, abc.ABC):
    """A look at a tuning job, again and again, in a worker or in the triggerer."""

    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        deferrable: bool | None = None,
        poke_interval: float = DEFAULT_POLL_INTERVAL,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, multiple_outputs=multiple_outputs, **kwargs)
        if self.poke_interval <= 0:
            msg = f"poke_interval is {poke_interval!r}: give seconds, above 0"
            raise ValueError(msg)
        self.tuning_job_name = tuning_job_name
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self._said: object = None

    @abc.abstractmethod
    def _is_done(self, description: dict[str, Any], snapshot: Snapshot) -> bool:
        """Decide by one look; raises what ends the wait badly."""

    @property
    def _counters(self) -> dict[str, Any] | None:
        return None

    def execute(self, context: Context) -> Any:
        """Look once, then wait for what is not there yet."""
        if not self.deferrable:
            return super().execute(context)
        with self._skipping():
            done = self.poke(context)
        if isinstance(done, PokeReturnValue):
            return done.xcom_value
        reference = TuningJobReference.of(self.tuning_job_name)
        trigger = tuning_job.SageMakerTuningJobTrigger(
            tuning_job_name=reference.name,
            tuning_job_arn=reference.arn,
            counters=self._counters,
            poll_interval=self.poke_interval,
            **connection_arguments(self),
        )
        limit = self.execution_timeout if self._is_execution_timeout_first else self._timeout
        self.defer(
            trigger=trigger,
            method_name="execute_complete",
            kwargs=first_start(context),
            timeout=time_left(limit, context),
        )
        return None

    @property
    def _timeout(self) -> timedelta:
        return timedelta(seconds=self.timeout)

    @property
    def _is_execution_timeout_first(self) -> bool:
        """Whether a deferred wait ends by it, which Airflow itself does not see to."""
        return self.execution_timeout is not None and self.execution_timeout < self._timeout

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Go on after the deferred wait."""
        next_kwargs = with_first_start(context, next_kwargs)
        with self._skipping():
            try:
                return super().resume_execution(next_method, next_kwargs, context)
            except AirflowSensorTimeout as error:
                if not self._is_execution_timeout_first:
                    raise
                msg = f"execution_timeout {self.execution_timeout} has passed"
                raise AirflowTaskTimeout(msg) from error

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Decide by what ended the deferred wait."""
        with self._skipping():
            with errors_for_airflow():
                raise_wait_error(event)
            return self._resume(context, event)

    @contextmanager
    def _skipping(self) -> Iterator[None]:
        """Skip on the failures on which Airflow's own loop of a sensor would."""
        try:
            yield
        except (AirflowFailException, AirflowSensorTimeout, AirflowTaskTimeout) as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        except AirflowSkipException:
            raise
        except Exception as error:
            if self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise

    def _resume(self, context: Context, event: dict[str, Any]) -> Any:  # noqa: ARG002 -- the other sensor needs it
        return self.execute(context)

    def poke(self, context: Context) -> bool | PokeReturnValue:  # noqa: ARG002 -- Airflow calls it so
        """Look once."""
        with errors_for_airflow():
            try:
                description = self.hook.describe_tuning_job(self.tuning_job_name)
            except AwsCallFailed as error:
                if not error.is_transient:
                    raise
                self.log.warning("%s; looking again later", error)
                if error.is_credential:
                    vars(self).pop("hook", None)  # built anew, with what the connection says then
                return False
            snapshot = Snapshot.from_description(description)
            if progress_key(snapshot) != self._said:
                self._said = progress_key(snapshot)
                self.log.info(progress_line(snapshot, datetime.now(UTC)))
            if not self._is_done(description, snapshot):
                return False
        return PokeReturnValue(is_done=True, xcom_value=tuning_job_result(description))


class SageMakerTuningJobSensor(_TuningJobSensor):
    """Wait until a tuning job has completed, and say how far it is whenever that changes.

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, of a job launched by whomever.
        on_stopped: What a tuning job is that was stopped, by whomever: a failure (``fail``), or as
            good as a completed one if it has a best training job (``accept_best``).
        deferrable: Wait without a worker slot, in the triggerer.
        poke_interval: Seconds between two looks, above 0.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        As ``SageMakerCreateTuningJobOperator``.

    Raises:
        TuningJobFailed: The tuning job failed; the message says which training jobs failed why.
        TuningJobStopped: It was stopped.
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses the call; throttling and faults of the service are waited out.

    Example:
        >>> SageMakerTuningJobSensor(
        ...     task_id="wait", tuning_job_name="{{ params.tuning_job_name }}", deferrable=True
        ... )
        <Task(SageMakerTuningJobSensor): wait>
    """

    template_fields: Sequence[str] = aws_template_fields("tuning_job_name")

    def __init__(self, *, on_stopped: OnStopped = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_choice("on_stopped", on_stopped, OnStopped)
        self.on_stopped = on_stopped

    def _is_done(self, description: dict[str, Any], snapshot: Snapshot) -> bool:
        if snapshot.is_ended:
            raise_unless_completed(self.hook, description, self.on_stopped)
        return snapshot.is_ended


class SageMakerTrainingJobCountersSensor(_TuningJobSensor):
    """Wait until the status counters of a tuning job have reached a condition.

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, of a job launched by whomever.
        counters: Counters to reach together, such as ``{"Completed": 5}``: names of
            ``TrainingJobStatusCounters`` (Completed, InProgress, RetryableError,
            NonRetryableError, Stopped) or ``ObjectiveStatusCounters`` (Succeeded, Pending,
            Failed), each 1 or more.
        deferrable: Wait without a worker slot, in the triggerer.
        poke_interval: Seconds between two looks, above 0.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        As ``SageMakerCreateTuningJobOperator``.

    Raises:
        AirflowFailException: The condition is no condition (``InvalidTuningRequest``), or can no
            longer be met (``CountersOutOfReach``): told at once, not when the tuning job ends.
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses the call; throttling and faults of the service are waited out.

    Example:
        >>> SageMakerTrainingJobCountersSensor(
        ...     task_id="five_results",
        ...     tuning_job_name="{{ params.tuning_job_name }}",
        ...     counters={"Completed": 5},
        ... )
        <Task(SageMakerTrainingJobCountersSensor): five_results>
    """

    template_fields: Sequence[str] = aws_template_fields("tuning_job_name", "counters")
    template_fields_renderers: ClassVar[dict[str, str]] = {"counters": "json"}

    def __init__(self, *, counters: Mapping[str, int | str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.counters = counters

    @property
    def _counters(self) -> dict[str, Any]:
        # Templates render to strings.
        return {
            name: int(count) if isinstance(count, str) and count.isdecimal() else count
            for name, count in self.counters.items()
        }

    def _is_done(self, description: dict[str, Any], snapshot: Snapshot) -> bool:  # noqa: ARG002 -- the other sensor needs it
        condition = CountersCondition.from_mapping(self._counters)
        self._check_reach(condition.out_of_reach(snapshot))
        return condition.is_met(snapshot)

    def _resume(self, context: Context, event: dict[str, Any]) -> Any:  # noqa: ARG002 -- the other sensor needs it
        # Not by another look: what was reached, such as three running, may have passed since.
        with errors_for_airflow():
            self._check_reach(event["OutOfReach"])
        return event["TuningJob"]

    def _check_reach(self, reason: str | None) -> None:
        if reason is not None:
            wanted = ", ".join(f"{name} {count}" for name, count in self._counters.items())
            msg = f"{self.tuning_job_name} can no longer reach {wanted}: {reason}"
            raise CountersOutOfReach(msg)
