"""How a user names an existing tuning job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCE = "hyper-parameter-tuning-job/"


@dataclass(frozen=True, slots=True)
class TuningJobReference:
    """A tuning job's name, and its ARN where the user gave that.

    AWS's calls take the name alone; the ARN also says which account and region is meant.
    """

    name: str
    arn: str | None = None

    @classmethod
    def of(cls, name_or_arn: str) -> Self:
        """Read ``HyperParameterTuningJobName`` or ``…Arn``.

        Raises:
            InvalidTuningRequest: It is empty, or the ARN of something else.
        """
        if not name_or_arn.startswith("arn:"):
            if not name_or_arn:
                raise _not_a_tuning_job(name_or_arn)
            return cls(name_or_arn)
        parts = name_or_arn.split(":", 5)
        resource = parts[-1]
        if parts[2:3] != ["sagemaker"] or not resource.startswith(_RESOURCE):
            raise _not_a_tuning_job(name_or_arn)
        return cls(resource.removeprefix(_RESOURCE), name_or_arn)

    def is_arn_of(self, description: Mapping[str, Any]) -> bool:
        """Whether this job is the one described; a mere name is, of whichever account."""
        arn: str = description["HyperParameterTuningJobArn"]
        return self.arn is None or self.arn.lower() == arn.lower()


def _not_a_tuning_job(given: str) -> InvalidTuningRequest:
    rule = "a tuning job's name, or arn:aws:sagemaker:<region>:<account>:" + _RESOURCE + "<name>"
    return InvalidTuningRequest([Violation("tuning_job_name", repr(given), rule)])
