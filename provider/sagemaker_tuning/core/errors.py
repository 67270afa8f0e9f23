"""The errors of this package.

    SageMakerTuningError(Exception)
    ├ InvalidTuningRequest(ValueError)     never retried
    ├ TuningJobConflict                    never retried
    ├ TuningJobNotFound(LookupError)
    ├ TuningJobEnded
    │ ├ TuningJobFailed
    │ └ TuningJobStopped
    ├ CountersOutOfReach                   never retried
    ├ NoCompletedTrainingJob               never retried once the tuning job has ended
    ├ DeploymentFailed                     never retried, but for lack of instances
    ├ PredictionFailed
    ├ TuningJobTimeout(TimeoutError)
    ├ ScoringFailed                        retried if its transform job failed
    └ AwsCallFailed
      └ QuotaExceeded                      never retried if the quota is 0

"Never retried" ones reach Airflow as ``AirflowFailException``, with the error as their cause.
All of them survive pickling: each takes one positional argument, and the rest of its state is
plain attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sagemaker_tuning.core.status import TrainingJobStatusCounters


@dataclass(frozen=True, slots=True)
class Violation:
    """One mistake in a request: where, what is wrong, what would be right.

    Attributes:
        path: The field as one would write it in Python, such as
            ``HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs``.
        problem: What is wrong, with the value.
        rule: What would be right.
    """

    path: str
    problem: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}: {self.rule}"


class SageMakerTuningError(Exception):
    """What was wrong, with the values, and what to do about it."""

    is_retried: bool = True
    """Whether the same task, run once more, could succeed."""


class InvalidTuningRequest(SageMakerTuningError, ValueError):
    """A request that the service would refuse, with every mistake in it."""

    is_retried = False

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(self.violations)

    def __str__(self) -> str:
        count = len(self.violations)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        head += " in the request; nothing was sent to AWS:"
        return "\n".join([head, *(f"  {v}" for v in self.violations)])


class TuningJobConflict(SageMakerTuningError):
    """The name is taken by a tuning job (or model) that is not this task's."""

    is_retried = False


class TuningJobNotFound(SageMakerTuningError, LookupError):
    """No tuning job, training job or model of that name in this account and region."""


class TuningJobEnded(SageMakerTuningError):
    """The tuning job ended, and not as it was wanted.

    Attributes:
        status: ``HyperParameterTuningJobStatus``.
        failure_reason: AWS's ``FailureReason``, if it gave one.
        counters: How many training jobs ended how.
        digest: The failed training jobs grouped by reason, one line or more; may be empty.
        is_retried: False where the same request has failed before and would again.
        tuning_job_name: ``HyperParameterTuningJobName``.
    """

    def __init__(
        self,
        message: str,
        *,
        tuning_job_name: str | None = None,
        status: str | None = None,
        failure_reason: str | None = None,
        counters: TrainingJobStatusCounters | None = None,
        digest: str = "",
        is_retried: bool = True,
    ) -> None:
        super().__init__(message)
        self.is_retried = is_retried
        self.tuning_job_name = tuning_job_name
        self.status = status
        self.failure_reason = failure_reason
        self.counters = counters
        self.digest = digest


class TuningJobFailed(TuningJobEnded):
    """The tuning job's status is Failed."""


class TuningJobStopped(TuningJobEnded):
    """The tuning job was stopped, by this task or by somebody else."""


class CountersOutOfReach(SageMakerTuningError):
    """The status counters that were waited for can no longer be reached."""

    is_retried = False


class NoCompletedTrainingJob(SageMakerTuningError):
    """No training job has an objective metric or an artifact, so there is no best one.

    Attributes:
        is_retried: Whether there may be one later.
        digest: The failed training jobs grouped by reason; empty if none failed.
    """

    def __init__(self, message: str, *, is_retried: bool = False, digest: str = "") -> None:
        super().__init__(message)
        self.is_retried = is_retried
        self.digest = digest


class DeploymentFailed(SageMakerTuningError):
    """AWS could not bring an endpoint to where it was wanted.

    Attributes:
        is_retried: Whether the same deployment may succeed later.
    """

    def __init__(self, message: str, *, is_retried: bool = False) -> None:
        super().__init__(message)
        self.is_retried = is_retried


class PredictionFailed(SageMakerTuningError):
    """An endpoint answered with no prediction, or with what is none."""


class TuningJobTimeout(SageMakerTuningError, TimeoutError):
    """The task's ``execution_timeout`` passed before the tuning job ended."""


class ScoringFailed(SageMakerTuningError):
    """A model package has no score: its transform job failed, or what came of it is none.

    Attributes:
        is_retried: Whether it may have one next time.
    """

    def __init__(self, message: str, *, is_retried: bool = False) -> None:
        super().__init__(message)
        self.is_retried = is_retried


class AwsCallFailed(SageMakerTuningError):
    """AWS refused or did not answer a call.

    Attributes:
        operation: Such as ``CreateHyperParameterTuningJob``.
        code: AWS's error code, or the name of botocore's exception where no answer came.
        request_id: AWS's request id, for its support; None where no answer came.
        is_transient: Whether the same call may succeed later: throttled, a fault of the
            service, expired credentials, a connection that was refused or broke.
        is_ambiguous: Whether the call may have been carried out all the same.
        is_credential: Whether other credentials, looked up anew, may be accepted.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        code: str = "",
        request_id: str | None = None,
        is_transient: bool = False,
        is_ambiguous: bool = False,
        is_credential: bool = False,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.is_transient = is_transient
        self.is_ambiguous = is_ambiguous
        self.is_credential = is_credential


class QuotaExceeded(AwsCallFailed):
    """A service quota of the account has no room for the request, so nothing was launched.

    https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html

    Attributes:
        quota: The quota, 0 or more; None where AWS's message does not say.
    """

    def __init__(self, message: str, *, quota: int | None = None, **of_the_call: Any) -> None:
        super().__init__(message, **of_the_call)
        self.quota = quota
        self.is_retried = quota != 0
