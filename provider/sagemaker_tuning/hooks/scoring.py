"""Score a model package on held-out data by batch transform, however often it was tried before."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.adoption import IDENTITY_TAG, TRY_TAG
from sagemaker_tuning.core.deployments import PackageVersion, container_of
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    QuotaExceeded,
    ScoringFailed,
    TuningJobConflict,
    Violation,
)
from sagemaker_tuning.core.merge_patch import merge_patch
from sagemaker_tuning.core.naming import MAX_GENERATION
from sagemaker_tuning.core.scoring_jobs import ScoringNames, is_within
from sagemaker_tuning.hooks.held_out_data import TransformOutput
from sagemaker_tuning.hooks.model_creation import ModelCreation
from sagemaker_tuning.hooks.services import AwsService
from sagemaker_tuning.hooks.transform_jobs import TransformJobs, is_live

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagemaker_tuning.core.launch_request import LaunchRequest
    from sagemaker_tuning.core.predictions import Predictions
    from sagemaker_tuning.core.scoring import Metric
    from sagemaker_tuning.hooks.held_out_data import HeldOutData
    from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

log = logging.getLogger(__name__)

_TAG_LAG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """What champion and challenger have in common.

    Attributes:
        launch: Which try of which task scores; its document is of no account.
        transform_request: As ``core.scoring_jobs`` gives it.
        model_fields: What is to be other in the requests of CreateModel, by the rules of JSON
            Merge Patch.
        tags: The user's tags for models and jobs, as AWS takes them.
        role_arn: ``ExecutionRoleArn`` of the models.
        data: The held-out data.
        metric: What is computed of the predictions.
    """

    launch: LaunchRequest
    transform_request: Mapping[str, Any]
    model_fields: Mapping[str, Any]
    tags: Sequence[Mapping[str, str]]
    role_arn: str
    data: HeldOutData
    metric: Metric


class Scoring:
    """The scoring of one model package.

    Args:
        hook: Where SageMaker's calls go.
        plan: What all scorings of the task have in common.
        package: Answer of DescribeModelPackage.
        part: ``challenger`` or ``champion``, for messages.
        job_names: Gets the names of all jobs that are this task's, before they are created.

    Attributes:
        arn: ``ModelPackageArn``.
        is_launching: Whether its last look found that a job had to be created.
    """

    def __init__(
        self,
        hook: SageMakerRegistryHook,
        plan: ScoringPlan,
        package: Mapping[str, Any],
        part: str,
        job_names: set[str],
    ) -> None:
        self._hook = hook
        self._s3 = AwsService(hook, "s3")
        self._jobs = TransformJobs(hook)
        self._plan = plan
        self._package = package
        self._part = part
        self.arn = str(package["ModelPackageArn"])
        self._job_names = job_names
        self.is_launching = False

    @cached_property
    def names(self) -> ScoringNames:
        """The names of its model and jobs."""
        launch, request = self._plan.launch, self._plan.transform_request
        version = PackageVersion.of(self.arn)
        contents = (request, self._model, self._plan.data.digest)
        return ScoringNames.of(version, launch.identity, launch.epoch, *contents)

    @property
    def tags(self) -> list[Mapping[str, str]]:
        """The user's tags, and those by which a later try knows its own."""
        return [*self._plan.tags, *self._plan.launch.tags()]

    def look(self) -> TransformOutput | None:
        """Launch the transform job unless it is there; give its output once there is all of it.

        A job of an earlier try that failed, was stopped, or whose output is gone is followed by
        another; that try had its word about it. One of this try is the end of this try.

        Raises:
            ScoringFailed: The job failed or was stopped.
            TuningJobConflict: The job's name is another's.
            QuotaExceeded: The account's quota is 0.
            AwsCallFailed: AWS refuses a call.
        """
        for generation in range(1, MAX_GENERATION + 1):
            name = self.names.job_name(generation)
            job = self._jobs.find(name)
            if job is None:
                self._job_names.add(name)
                self.is_launching = True
                self._launch(name)
                return None
            tags = self._tags(job)
            if tags is None:
                return None
            is_awaited = is_live(job) and self._is_awaited(job, tags)
            self._job_names.add(name)  # not before it is certain that it is no other's
            if is_awaited:
                return None
            is_mine = tags.get(TRY_TAG) == self._plan.launch.try_id
            if is_mine or not self._plan.launch.is_first_try:
                output = self._output(job, is_mine=is_mine)
                if output is not None:
                    return output
            log.info("%s is of an earlier try, and has no output: the next follows", name)
        msg = f"{MAX_GENERATION} transform jobs of this task have ended; clear it to go on"
        raise TuningJobConflict(msg)

    def read(self, output: TransformOutput) -> Predictions:
        """Read what the model predicts.

        Raises:
            ScoringFailed: Something in it is no prediction.
        """
        try:
            return output.read(self._s3, self._plan.data.columns(self._s3))
        except ScoringFailed as error:
            raise self._failed(str(error), is_retried=error.is_retried) from error

    def score(self, predictions: Predictions) -> float:
        """Compute the metric.

        Raises:
            ScoringFailed: It is not defined for these predictions.
        """
        try:
            return self._plan.metric.score(predictions)
        except ScoringFailed as error:
            raise self._failed(str(error)) from error

    def mistakes(self) -> Iterator[Violation]:
        """Find out what AWS would refuse, or what would not end well.

        Raises:
            InvalidTuningRequest: The package has no container that could be served.
        """
        tags = {"Tags": self.tags}
        model, job = self._model_request(), self._transform_request(self.names.job_name(1))
        yield from shapes.violations(job | tags, shapes.input_shape("CreateTransformJob"))
        yield from shapes.violations(model | tags, shapes.input_shape("CreateModel"))
        data, output = self._plan.data.uri, job["TransformOutput"]["S3OutputPath"]
        if is_within(data, output):
            problem = f"{output}/ is among what begins with {data!r}"
            rule = "a place outside of data, or predictions would be taken for data"
            yield Violation("s3_output_path", problem, rule)

    @cached_property
    def _model(self) -> dict[str, Any]:
        request = {"ExecutionRoleArn": self._plan.role_arn, **container_of(self._package)}
        return merge_patch(request, self._plan.model_fields)

    def _model_request(self) -> dict[str, Any]:
        """Give the request of CreateModel without its tags."""
        return {"ModelName": self.names.model_name, **self._model}

    def _transform_request(self, name: str) -> dict[str, Any]:
        """Give the request of CreateTransformJob without its tags."""
        request = dict(self._plan.transform_request)
        place = request["TransformOutput"]["S3OutputPath"].rstrip("/")
        output = {**request["TransformOutput"], "S3OutputPath": f"{place}/{name}"}
        request["TransformOutput"] = output
        return {"TransformJobName": name, "ModelName": self.names.model_name, **request}

    def _launch(self, name: str) -> None:
        model = ModelCreation(
            request=self._model_request(),
            tags=self._plan.tags,
            own_tags={tag["Key"]: tag["Value"] for tag in self._plan.launch.tags()},
            if_exists="reuse",
            is_first_try=False,
            way_out="delete it",
        )
        try:
            model.run(self._hook)
            self._jobs.create(**self._transform_request(name), Tags=self.tags)
        except QuotaExceeded as error:
            if not error.is_retried:
                raise
            log.warning("%s; trying again later", error)
        except AwsCallFailed as error:
            if error.code == "ResourceInUse":
                return  # by whom is seen at the next look
            if error.is_transient:
                raise
            error.add_note(f"so the {self._part} {self.arn} cannot be scored")
            raise
        else:
            log.info("The transform job %s scores the %s %s", name, self._part, self.arn)

    def _tags(self, job: Mapping[str, Any]) -> dict[str, str] | None:
        """Read whose job it is; None if it is so young that its tags may not be there yet."""
        name, identity = job["TransformJobName"], self._plan.launch.identity.digest
        tags = self._hook.list_tags(job["TransformJobArn"])
        if IDENTITY_TAG not in tags and datetime.now(UTC) - job["CreationTime"] < _TAG_LAG:
            return None
        if tags.get(IDENTITY_TAG) != identity:
            msg = f"the transform job {name} was not launched by this task, yet it has its name"
            raise TuningJobConflict(msg)
        return tags

    def _is_awaited(self, job: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether a live job is what this try waits for, and not one that is being stopped."""
        if tags.get(TRY_TAG) == self._plan.launch.try_id:
            return True
        if self._plan.launch.is_first_try:
            msg = (
                f"the transform job {job['TransformJobName']} is {job['TransformJobStatus']}, and "
                "this is the first try of this task instance, so it did not launch it; most likely "
                "another deployment with the same DAG shares this account: give each its own "
                "[sagemaker_tuning] namespace"
            )
            raise TuningJobConflict(msg)
        return bool(job["TransformJobStatus"] == "InProgress")

    def _output(self, job: Mapping[str, Any], *, is_mine: bool) -> TransformOutput | None:
        """Give the output of a job that has ended; None if an earlier try's is not all there."""
        name, status = job["TransformJobName"], job["TransformJobStatus"]
        if status != "Completed":
            if not is_mine:
                return None
            reason = job.get("FailureReason", "no reason given")
            words = self._jobs.last_words(name)
            what = f"its transform job {name} is {status}: {reason}\n{words}"
            raise self._failed(what, is_retried=True)
        uri = job["TransformOutput"]["S3OutputPath"]
        output = TransformOutput.at(self._s3, uri, self._plan.data)
        if not output.missing:
            return output
        if is_mine:
            what = f"its transform job {name} completed without an output of {output.missing[0]}"
            raise self._failed(what, is_retried=True)
        return None

    def _failed(self, what: str, *, is_retried: bool = False) -> ScoringFailed:
        return ScoringFailed(
            f"the {self._part} {self.arn} has no score: {what}", is_retried=is_retried
        )
