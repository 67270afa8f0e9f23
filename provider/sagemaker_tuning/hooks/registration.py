"""Register a training job's model, or find it registered, however often it was tried before."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential

from sagemaker_tuning.core.adoption import TRY_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, SageMakerTuningError
from sagemaker_tuning.core.registration import (
    client_token,
    package_differences,
    statistics,
    statistics_uri,
)
from sagemaker_tuning.hooks.objects import object_of, put_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

log = logging.getLogger(__name__)

_LOOKS = 10
"""In about a minute: a package that Create has named, and Describe never knows, was deleted."""
_MOST_GENERATIONS = 10
_OVER = frozenset({"Failed", "Deleting"})


@dataclass(frozen=True, slots=True)
class Registration:
    """A model package that is wanted.

    Attributes:
        training_job: Answer of DescribeTrainingJob, of a job that has an artifact.
        request: The request of CreateModelPackage, without a token.
        try_id: Of the try of the task; among the request's metadata.
        sleep: Waits between looks.
    """

    training_job: Mapping[str, Any]
    request: Mapping[str, Any]
    try_id: str
    sleep: Callable[[float], None] = field(default=time.sleep)

    def run(self, hook: SageMakerRegistryHook) -> dict[str, Any]:
        """Describe the model package that is there in the end.

        It may not be ready yet, or have failed in this very try. One that failed in an earlier
        try, or is being deleted, is followed by the next.

        Raises:
            AwsCallFailed: A call was refused, or not answered.
        """
        hook.ensure_model_package_group(self._group)
        packages = hook.packages_of_training_job(self._group, self.training_job)
        standing = self._standing(packages)
        if standing is not None:
            return standing
        self._write_statistics(hook)
        return self._create(hook, first_generation=len(packages))

    @property
    def _group(self) -> str:
        return str(self.request["ModelPackageGroupName"])

    @property
    def _statistics_uri(self) -> str | None:
        quality = self.request.get("ModelMetrics", {}).get("ModelQuality", {})
        uri: str | None = quality.get("Statistics", {}).get("S3Uri")
        return uri

    def _write_statistics(self, hook: SageMakerRegistryHook) -> None:
        """Have the metrics there before what says that they are."""
        uri, content = statistics_uri(self.training_job), statistics(self.training_job)
        if content is not None and uri == self._statistics_uri:
            put_object(hook, *object_of(uri, "OutputDataConfig.S3OutputPath"), content)

    def _create(self, hook: SageMakerRegistryHook, first_generation: int) -> dict[str, Any]:
        arn = ""
        for generation in range(first_generation, first_generation + _MOST_GENERATIONS):
            token = client_token(self._group, self.training_job, generation)
            try:
                arn = hook.create_model_package({**self.request, "ClientToken": token})
            except AwsCallFailed:
                # Perhaps it was carried out all the same, or another run was faster.
                standing = self._standing(
                    hook.packages_of_training_job(self._group, self.training_job)
                )
                if standing is None:
                    raise
                return standing
            package = self._seen(hook, arn)
            if package is not None and not self._is_over(package):
                return package
            # AWS knows the token, of a package that is no more.
        msg = (
            f"{_MOST_GENERATIONS} model packages of {self.training_job['TrainingJobName']} were "
            f"created and are gone, the last of them {arn}: find out who deletes them"
        )
        raise SageMakerTuningError(msg)

    def _seen(self, hook: SageMakerRegistryHook, arn: str) -> dict[str, Any] | None:
        look = Retrying(
            stop=stop_after_attempt(_LOOKS),
            wait=wait_exponential(multiplier=0.5, max=8),
            retry=retry_if_result(lambda found: found is None),
            retry_error_callback=lambda _: None,
            sleep=self.sleep,
        )
        package: dict[str, Any] | None = look(hook.find_model_package, arn)
        return package

    def _standing(self, packages: list[dict[str, Any]]) -> dict[str, Any] | None:
        package = next((each for each in packages if not self._is_over(each)), None)
        if package is not None and self._try_of(package) != self.try_id:
            self._tell(package)
        return package

    def _is_over(self, package: Mapping[str, Any]) -> bool:
        """Whether there has to be another one; not if this try has just failed to make it."""
        return package["ModelPackageStatus"] in _OVER and self._try_of(package) != self.try_id

    def _try_of(self, package: Mapping[str, Any]) -> str | None:
        metadata: Mapping[str, str] = package.get("CustomerMetadataProperties", {})
        return metadata.get(TRY_TAG)

    def _tell(self, package: Mapping[str, Any]) -> None:
        arn = package["ModelPackageArn"]
        log.info("The model package %s of this training job is there already", arn)
        differences = package_differences(self.request, package)
        if differences:
            log.warning(
                "It was registered with other values of %s; a version stays as it was registered: "
                "to have another one, delete it first",
                ", ".join(differences),
            )
