"""SageMaker's model registry: groups of model packages, and their versions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, TuningJobNotFound
from sagemaker_tuning.core.model_packages import (
    age_key,
    check_approval_status,
    description_text,
    training_job_of,
)
from sagemaker_tuning.hooks.model import SageMakerModelHook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

log = logging.getLogger(__name__)

_USABLE = "Completed"
_ABSENT_CODES = frozenset({"ResourceNotFound", "ValidationException"})


class SageMakerRegistryHook(SageMakerModelHook):
    """Models' hook, with the calls about the model registry.

    Wherever a group is asked for, its name does, or its ARN.

    Example:
        >>> from airflow.sdk import task
        >>> @task
        ... def champion(group: str) -> str | None:
        ...     package = SageMakerRegistryHook(region_name="eu-west-1").find_champion(group)
        ...     return package["ModelPackageArn"] if package else None
        >>> arn = champion("churn")
    """

    def find_champion(self, group: str, other_than: str | None = None) -> dict[str, Any] | None:
        """Describe the newest approved model package of a group; None if none is, or no group.

        The newest is the one created last, of several at one time the highest version. One whose
        ``ModelPackageStatus`` is not Completed cannot be deployed, and so is none.

        Args:
            group: ``ModelPackageGroupName``.
            other_than: ``ModelPackageArn`` of one that is not meant.
        """
        approved = list(self.iter_model_packages(group, status="Approved"))
        for summary in sorted(approved, key=age_key, reverse=True):
            if summary["ModelPackageArn"] == other_than:
                continue
            package = self.find_model_package(summary["ModelPackageArn"])
            if (
                package is not None
                and package["ModelPackageStatus"] == _USABLE
                and package.get("ModelApprovalStatus") == "Approved"
            ):
                return package
        return None

    def iter_model_packages(
        self, group: str, status: str | None = None, created_after: datetime | None = None
    ) -> Iterator[dict[str, Any]]:
        """Give the summaries of a group's model packages, newest first; none if it is not there.

        Args:
            group: ``ModelPackageGroupName``.
            status: ``ModelApprovalStatus``; any if not given.
            created_after: A time; any if not given.

        Raises:
            InvalidTuningRequest: That is no group's name.
        """
        request: dict[str, Any] = {
            "ModelPackageGroupName": group,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": 100,
        }
        _require_valid("ListModelPackages", request)
        if status is not None:
            request["ModelApprovalStatus"] = status
        if created_after is not None:
            request["CreationTimeAfter"] = created_after
        try:
            for page in self._pages("ListModelPackages", request):
                yield from page["ModelPackageSummaryList"]
        except AwsCallFailed as error:
            # Whether it was refused because there is no such group, only a look can tell.
            if error.code not in _ABSENT_CODES or self.find_model_package_group(group):
                raise

    def describe_model_package(self, name_or_arn: str) -> dict[str, Any]:
        """Call DescribeModelPackage; a version of a group is known by its ARN alone."""
        request = {"ModelPackageName": name_or_arn}
        _require_valid("DescribeModelPackage", request)
        return self._call("DescribeModelPackage", request)

    def find_model_package(self, name_or_arn: str) -> dict[str, Any] | None:
        """Call DescribeModelPackage; None if there is no such package."""
        try:
            return self.describe_model_package(name_or_arn)
        except TuningJobNotFound:
            return None

    def find_model_package_group(self, name: str) -> dict[str, Any] | None:
        """Call DescribeModelPackageGroup; None if there is no such group."""
        request = {"ModelPackageGroupName": name}
        _require_valid("DescribeModelPackageGroup", request)
        try:
            return self._call("DescribeModelPackageGroup", request)
        except TuningJobNotFound:
            return None

    def ensure_model_package_group(self, name: str) -> None:
        """Have a group of this name: it is created unless it is there, whoever else does so."""
        if self.find_model_package_group(name) is not None:
            return
        request = {"ModelPackageGroupName": name}
        _require_valid("CreateModelPackageGroup", request)
        try:
            self._call("CreateModelPackageGroup", request)
        except AwsCallFailed:
            if self.find_model_package_group(name) is None:
                raise
        else:
            log.info("The model package group %s is created", name)

    def packages_of_training_job(
        self, group: str, training_job: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Describe a group's model packages that were made of a training job, newest first.

        Only those younger than the training job are looked at.

        Args:
            group: ``ModelPackageGroupName``.
            training_job: Answer of DescribeTrainingJob.
        """
        found = []
        created = training_job["CreationTime"]
        for summary in self.iter_model_packages(group, created_after=created):
            package = self.find_model_package(summary["ModelPackageArn"])
            if package and training_job_of(package) == training_job["TrainingJobArn"]:
                found.append(package)
        return found

    def create_model_package(self, request: Mapping[str, Any]) -> str:
        """Call CreateModelPackage; with one ``ClientToken`` it happens once.

        Returns:
            The model package's ARN.
        """
        return str(self._call("CreateModelPackage", request)["ModelPackageArn"])

    def set_approval(self, arn: str, status: str, description: str | None = None) -> dict[str, Any]:
        """Have a model package be approved, rejected or waiting; no call if it is so already.

        Args:
            arn: ``ModelPackageArn``.
            status: ``Approved``, ``Rejected`` or ``PendingManualApproval``.
            description: ``ApprovalDescription``; what is longer than 1024 characters is cut off,
                and lines are joined. The one that is there stays if none is given.

        Returns:
            The model package as it is then.

        Raises:
            InvalidTuningRequest: That is no status, or no model package's ARN.
            TuningJobNotFound: There is no such model package.
        """
        check_approval_status(status)
        wanted = {"ModelApprovalStatus": status}
        if description is not None:
            wanted["ApprovalDescription"] = description_text(description)
        package = self.describe_model_package(arn)
        if _has(package, wanted):
            return package
        request = {"ModelPackageArn": package["ModelPackageArn"], **wanted}
        try:
            self._call("UpdateModelPackage", request)
        except AwsCallFailed:
            # Perhaps it was carried out all the same, or somebody else did it.
            package = self.describe_model_package(arn)
            if not _has(package, wanted):
                raise
            return package
        return {**package, **wanted}


def _has(package: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # An empty description is not shown.
    return all((package.get(key) or "") == value for key, value in wanted.items())


def _require_valid(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse what can be no name: AWS says the same of it as of one that is not there."""
    mistakes = list(shapes.violations(dict(request), shapes.input_shape(operation)))
    if mistakes:
        raise InvalidTuningRequest(mistakes)
