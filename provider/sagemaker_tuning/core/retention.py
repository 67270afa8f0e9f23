"""What of a model package group is kept, and what goes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.artifacts import output_folders
from sagemaker_tuning.core.deployments import PackageVersion
from sagemaker_tuning.core.model_packages import TRAINING_JOB, age_key, training_job_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Package = Mapping[str, Any]

_USABLE = "Completed"
_UNFINISHED = frozenset({"Pending", "InProgress"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the model packages of a group.

    Attributes:
        kept: Reasons, one or more, by ``ModelPackageArn``; newest first.
        gone: Answers of DescribeModelPackage; oldest first.
        left_alone: The reason, by the ``ModelPackageArn`` of what this provider did not make.
    """

    kept: Mapping[str, Sequence[str]]
    gone: Sequence[Package]
    left_alone: Mapping[str, str]


def retention_plan(
    packages: Iterable[Package], *, keep: int, reasons: Mapping[str, Sequence[str]]
) -> Plan:
    """Apply the rule of ``SageMakerApplyRetentionOperator``.

    Args:
        packages: Answers of DescribeModelPackage: all of the group.
        keep: How many of the newest are kept, 1 or more.
        reasons: Why further ones are kept, by ``ModelPackageArn``.
    """
    newest_first = sorted(packages, key=age_key, reverse=True)
    ours = [package for package in newest_first if is_ours(package)]
    by_rule = _reasons(newest_first, ours, keep)
    kept = {
        arn: [*by_rule[arn], *reasons.get(arn, ())]
        for arn in (package["ModelPackageArn"] for package in ours)
        if by_rule[arn] or reasons.get(arn)
    }
    return Plan(
        kept=kept,
        gone=[package for package in reversed(ours) if package["ModelPackageArn"] not in kept],
        left_alone={
            package["ModelPackageArn"]: f"CustomerMetadataProperties has no {TRAINING_JOB}"
            for package in newest_first
            if not is_ours(package)
        },
    )


def _reasons(
    newest_first: Sequence[Package], ours: Sequence[Package], keep: int
) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    usable = [each for each in ours if each["ModelPackageStatus"] in _UNFINISHED | {_USABLE}]
    for package in usable[:keep]:
        found[package["ModelPackageArn"]].append(f"one of the newest {keep}")
    champion = next(filter(_is_approved, newest_first), None)
    if champion is not None:
        found[champion["ModelPackageArn"]].append("the champion: the newest that is approved")
    for package in usable:
        is_pending = package.get("ModelApprovalStatus") == "PendingManualApproval"
        if is_pending and (champion is None or age_key(package) > age_key(champion)):
            found[package["ModelPackageArn"]].append("waits for approval, newer than the champion")
        if package["ModelPackageStatus"] in _UNFINISHED:
            found[package["ModelPackageArn"]].append("AWS is not done with it")
    return found


def is_ours(package: Package) -> bool:
    """Whether this provider registered a model package."""
    version = PackageVersion.find(package["ModelPackageArn"])
    return version is not None and training_job_of(package) is not None


def _is_approved(package: Package) -> bool:
    status = package["ModelPackageStatus"], package.get("ModelApprovalStatus")
    return status == (_USABLE, "Approved")


def uris_in(document: object) -> Iterator[str]:
    """Give every S3 URI that stands anywhere in a document, such as a model or a package."""
    if isinstance(document, str) and document.startswith("s3://"):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from uris_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from uris_in(value)


def needed_training_jobs(
    tuning_job: Mapping[str, Any], names: Collection[str], uris: Iterable[str]
) -> frozenset[str]:
    """Give the training jobs of a tuning job that any of the URIs lies in the folder of.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        names: Of all of its training jobs.
        uris: Of what others need.
    """
    places = [
        f"s3://{bucket}/{folders.place}" for bucket, folders in output_folders(tuning_job, names)
    ]
    return frozenset(
        name
        for uri in uris
        for place in places
        if uri.startswith(place) and (name := uri.removeprefix(place).partition("/")[0]) in names
    )
