"""Delete what of a model package group is no longer needed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.artifacts import Folders, output_folders
from sagemaker_tuning.core.deployments import MODEL_PACKAGE_TAG, PackageVersion
from sagemaker_tuning.core.errors import SageMakerTuningError, TuningJobNotFound
from sagemaker_tuning.core.model_packages import TUNING_JOB, training_job_of
from sagemaker_tuning.core.retention import needed_training_jobs, retention_plan, uris_in
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.hooks.leftovers import delete_log_streams, delete_objects
from sagemaker_tuning.hooks.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.retention import Package, Plan
    from sagemaker_tuning.hooks.deployment import SageMakerDeploymentHook

log = logging.getLogger(__name__)

_MOST_PLANS = 10


@dataclass
class Retention:
    """A model package group of which the newest and what is in use stay.

    Attributes:
        hook: Which account and region.
        group: ``ModelPackageGroupName``.
        endpoint_name: ``EndpointName`` of what serves its packages, beside those that their
            endpoint configurations name; None if nothing does.
        keep: How many of the newest packages stay.
        delete_artifacts: Whether the objects of tuning jobs go.
        delete_log_streams: Whether the log streams of training jobs go.
    """

    hook: SageMakerDeploymentHook
    group: str
    endpoint_name: str | None
    keep: int
    delete_artifacts: bool
    delete_log_streams: bool
    _tuning_jobs: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)

    def run(self, *, dry_run: bool) -> dict[str, Any]:
        """Delete, one package after the other, whatever the rule has no place for.

        What a package is made of goes first and the package last, so that a try that died in
        between leaves it for the next to find. Before each, another look is taken at it and at the
        endpoint; if either has changed, all is thought over again.

        Args:
            dry_run: Delete nothing.

        Returns:
            ``Deleted``, ``Kept`` and ``LeftAlone``.

        Raises:
            AwsCallFailed: A call was refused, or not answered.
            SageMakerTuningError: It cannot be known what is in use, or it changes all the time.
        """
        deleted: list[dict[str, Any]] = []
        for _ in range(_MOST_PLANS):
            packages = self._packages()
            serving = Serving.look(
                self.hook,
                self.group.rpartition("/")[2],
                {each["ModelPackageVersion"]: each for each in packages},
                self.endpoint_name,
            )
            plan = self._plan(packages, serving)
            if dry_run or self._carry_out(plan, packages, serving, deleted):
                _tell(plan)
                return {
                    "Deleted": [_intended(each, serving) for each in plan.gone]
                    if dry_run
                    else deleted,
                    "Kept": [
                        {"ModelPackageArn": arn, "Reasons": list(reasons)}
                        for arn, reasons in plan.kept.items()
                    ],
                    "LeftAlone": [
                        {"ModelPackageArn": arn, "Reason": reason}
                        for arn, reason in plan.left_alone.items()
                    ],
                }
        msg = f"the model packages of {self.group}, or their endpoints, change all the time"
        raise SageMakerTuningError(msg)

    def _packages(self) -> list[dict[str, Any]]:
        summaries = list(self.hook.iter_model_packages(self.group))
        found = (self.hook.find_model_package(each["ModelPackageArn"]) for each in summaries)
        return [package for package in found if package is not None]

    def _plan(self, packages: list[dict[str, Any]], serving: Serving) -> Plan:
        reasons = serving.reasons()
        plan = retention_plan(packages, keep=self.keep, reasons=reasons)
        for package in plan.gone:
            found = [*serving.hindrances(package), *self._running(package)]
            reasons[package["ModelPackageArn"]].extend(found)
        return retention_plan(packages, keep=self.keep, reasons=reasons)

    def _carry_out(
        self,
        plan: Plan,
        packages: list[dict[str, Any]],
        serving: Serving,
        deleted: list[dict[str, Any]],
    ) -> bool:
        """Delete; say whether nothing came between."""
        there = {package["ModelPackageArn"]: package for package in packages}
        for package in plan.gone:
            if self._has_changed(package, serving):
                log.info("%s, or an endpoint, has changed meanwhile", package["ModelPackageArn"])
                return False
            del there[package["ModelPackageArn"]]
            deleted.append(self._delete(package, list(there.values()), serving))
        return True

    def _has_changed(self, package: Package, serving: Serving) -> bool:
        now = self.hook.find_model_package(package["ModelPackageArn"])
        return (
            now is None
            or now.get("ModelApprovalStatus") != package.get("ModelApprovalStatus")
            or serving.has_changed()
        )

    def _delete(
        self, package: Package, others: list[Mapping[str, Any]], serving: Serving
    ) -> dict[str, Any]:
        intended = _intended(package, serving)
        for name in intended["EndpointConfigNames"]:
            self.hook.delete_endpoint_config(name)
        needed = [uri for other in others for uri in uris_in(dict(other))]
        needed += [*serving.uris(), *self._of_models(package, intended)]
        objects, log_streams = self._delete_leftovers(package, needed)
        self.hook.delete_model_package(package["ModelPackageArn"])
        result = {**intended, "Objects": objects, "LogStreams": log_streams}
        log.info(
            "Deleted: %s, model %s, endpoint configurations %s, %d objects, %d log streams",
            *(result["ModelPackageArn"], result["ModelName"]),
            *(result["EndpointConfigNames"], objects, log_streams),
        )
        return result

    def _of_models(self, package: Package, intended: dict[str, Any]) -> list[str]:
        """Delete the model of a package; give what models that stay still need.

        They are one of its name that is not ours, and one that was created of the training job
        itself, whose name it has.
        """
        arn = package["ModelPackageArn"]
        needed: list[str] = []
        model = self.hook.find_model(intended["ModelName"])
        if model is not None and self._is_of(model, arn):
            self.hook.delete_model(model["ModelName"])
        else:
            intended["ModelName"] = None
            needed += uris_in(model)
        name = str(training_job_of(package)).rpartition("/")[2]
        return [*needed, *uris_in(self.hook.find_model(name))]

    def _is_of(self, model: Mapping[str, Any], arn: str) -> bool:
        tag = self.hook.list_tags(model["ModelArn"]).get(MODEL_PACKAGE_TAG, "")
        if tag.lower() == arn.lower():
            return True
        name = model["ModelName"]
        log.warning("The model %s stays: its tags do not say that it is of %s", name, arn)
        return False

    def _delete_leftovers(self, package: Package, needed: list[str]) -> tuple[int, int]:
        """Give how many objects and log streams of the package's tuning job went."""
        tuning_job = self._tuning_job(package)
        if tuning_job is None:
            return 0, 0
        summaries = self.hook.iter_training_jobs(tuning_job["HyperParameterTuningJobName"])
        names = frozenset(summary["TrainingJobName"] for summary in summaries)
        names -= needed_training_jobs(tuning_job, names, needed)
        objects = log_streams = 0
        if self.delete_artifacts:
            for bucket, folders in output_folders(tuning_job, names):
                objects += delete_objects(self.hook, bucket, folders)
        if self.delete_log_streams and names:
            log_streams = delete_log_streams(self.hook, Folders("", names))
        return objects, log_streams

    def _running(self, package: Package) -> list[str]:
        """Say why a tuning job's objects cannot be deleted yet; empty if they can."""
        tuning_job = self._tuning_job(package)
        if tuning_job is None:
            return []
        snapshot = Snapshot.from_description(tuning_job)
        return [] if snapshot.is_ended else [f"its tuning job {snapshot.name} is {snapshot.status}"]

    def _tuning_job(self, package: Package) -> Mapping[str, Any] | None:
        """Describe the tuning job that a package is of; None if nothing of it is to go."""
        arn = package["CustomerMetadataProperties"].get(TUNING_JOB)
        if arn is None or not (self.delete_artifacts or self.delete_log_streams):
            return None
        if arn not in self._tuning_jobs:
            try:
                self._tuning_jobs[arn] = self.hook.describe_tuning_job(arn)
            except TuningJobNotFound as error:
                log.info("%s: nothing can be told to be its", error)
                self._tuning_jobs[arn] = None
        return self._tuning_jobs[arn]


def _intended(package: Package, serving: Serving) -> dict[str, Any]:
    arn = package["ModelPackageArn"]
    return {
        "ModelPackageArn": arn,
        "EndpointConfigNames": [config.name for config in serving.configs_of(arn)],
        "ModelName": PackageVersion.of(arn).model_name,
    }


def _tell(plan: Plan) -> None:
    for arn, reasons in plan.kept.items():
        log.info("Kept: %s (%s)", arn, "; ".join(reasons))
    for arn, reason in plan.left_alone.items():
        log.info("Left alone, not registered by this provider: %s (%s)", arn, reason)
