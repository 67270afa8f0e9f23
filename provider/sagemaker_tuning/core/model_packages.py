"""Model packages: versions of a group in SageMaker's model registry.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.tags import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

ApprovalStatus = Literal["Approved", "Rejected", "PendingManualApproval"]
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html"""

METRIC_NAME = f"{PREFIX}objective_metric"
METRIC_TYPE = f"{PREFIX}objective_type"
METRIC_VALUE = f"{PREFIX}objective_value"
TRAINING_JOB = f"{PREFIX}training_job"
TUNING_JOB = f"{PREFIX}tuning_job"

_LONGEST_TEXT = 1024
_NOT_IN_A_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class PackageObjective:
    """The objective metric of the training job that a model package is of.

    Attributes:
        metric_name: ``MetricName``.
        type: ``Maximize`` or ``Minimize``.
        value: The metric's final value; None where there was none, or no finite one.
    """

    metric_name: str
    type: str
    value: float | None


def objective_of(package: Mapping[str, Any]) -> PackageObjective | None:
    """Give what a model package was tuned for; None where nobody wrote that into its metadata.

    Args:
        package: Answer of DescribeModelPackage.
    """
    metadata = package.get("CustomerMetadataProperties", {})
    name, kind = metadata.get(METRIC_NAME), metadata.get(METRIC_TYPE)
    if not name or not kind:
        return None
    value = metadata.get(METRIC_VALUE)
    return PackageObjective(name, kind, None if value is None else float(value))


def training_job_of(package: Mapping[str, Any]) -> str | None:
    """Give the ARN of the training job that a model package is of; None if it is not ours.

    Args:
        package: Answer of DescribeModelPackage.
    """
    arn: str | None = package.get("CustomerMetadataProperties", {}).get(TRAINING_JOB)
    return arn


def age_key(package: Mapping[str, Any]) -> tuple[Any, int]:
    """Give what versions of a group are ordered by, the oldest first.

    Args:
        package: Answer of DescribeModelPackage, or a summary of List.
    """
    return package["CreationTime"], package.get("ModelPackageVersion", 0)


def failure_of(package: Mapping[str, Any]) -> str:
    """Say why a model package failed: which validation, and what AWS says of it."""
    details = package.get("ModelPackageStatusDetails", {})
    items = [*details.get("ValidationStatuses", ()), *details.get("ImageScanStatuses", ())]
    reasons = [
        f"{item['Name']}: {item.get('FailureReason', 'no reason given')}"
        for item in items
        if item["Status"] == "Failed"
    ]
    return "; ".join(reasons) or "AWS says no more"


def description_text(text: str) -> str:
    """Give a text as descriptions take it: one line, of at most 1024 characters.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html
    """
    line = _NOT_IN_A_LINE.sub(" ", text).strip()
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1].rstrip() + "…"


def check_approval_status(value: object, path: str = "approval_status") -> None:
    """Refuse what is no approval status.

    Raises:
        InvalidTuningRequest: It is none.
    """
    if value not in get_args(ApprovalStatus):
        rule = "one of " + ", ".join(get_args(ApprovalStatus))
        raise InvalidTuningRequest([Violation(path, repr(value), rule)])
