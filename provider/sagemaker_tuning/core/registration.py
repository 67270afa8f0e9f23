"""A version of a model package group from a training job."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.model_event import final_objective
from sagemaker_tuning.core.model_packages import (
    METRIC_NAME,
    METRIC_TYPE,
    METRIC_VALUE,
    description_text,
)
from sagemaker_tuning.core.models import lineage_tags
from sagemaker_tuning.core.requests import differing_paths
from sagemaker_tuning.core.tags import identity_tags, tag_value
from sagemaker_tuning.core.training_jobs import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.naming import LaunchIdentity

_TOKEN_LENGTH = 32
_NOT_TO_GIVE = {
    "ModelPackageGroupName": ("a second name", "give model_package_group_name"),
    "ModelPackageName": ("not of a version of a group", "leave it out"),
    "ClientToken": ("follows from the training job, so that it is registered once", "leave it out"),
}
_CHANGING = frozenset({"CustomerMetadataProperties", "ModelApprovalStatus"})
"""What differs by run, or by what has become of the package."""


def package_request(
    request: Mapping[str, Any],
    more: Mapping[str, Any],
    metadata: Mapping[str, str],
    training_job: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the whole request of CreateModelPackage, without a token.

    Args:
        request: What follows from a task's arguments.
        more: What the user adds; it wins.
        metadata: ``package_metadata``, which nothing takes the place of.
        training_job: Answer of DescribeTrainingJob, whose final metrics are the model metrics.

    Raises:
        InvalidTuningRequest: AWS would refuse it, or ``more`` has what must follow from the rest.
    """
    wanted = {**request, **more}
    if isinstance(wanted.get("ModelPackageDescription"), str):
        wanted["ModelPackageDescription"] = description_text(wanted["ModelPackageDescription"])
    own = more.get("CustomerMetadataProperties", {})
    if isinstance(own, dict):
        wanted["CustomerMetadataProperties"] = {**own, **metadata}
    if statistics(training_job) is not None and "ModelMetrics" not in more:
        source = {"ContentType": "application/json", "S3Uri": statistics_uri(training_job)}
        wanted["ModelMetrics"] = {"ModelQuality": {"Statistics": source}}
    shape = shapes.input_shape("CreateModelPackage")
    wanted = dict(shapes.to_model_types(wanted, shape))
    mistakes = [
        *(
            Violation(f"additional_fields.{key}", *_NOT_TO_GIVE[key])
            for key in _NOT_TO_GIVE
            if key in more
        ),
        *shapes.violations(wanted, shape),
    ]
    if mistakes:
        raise InvalidTuningRequest(mistakes)
    return wanted


def package_metadata(
    training_job: Mapping[str, Any], objective_type: str | None, identity: LaunchIdentity
) -> dict[str, str]:
    """Give the ``CustomerMetadataProperties`` that say what a package is of, and who made it.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html

    Args:
        training_job: Answer of DescribeTrainingJob.
        objective_type: ``Maximize`` or ``Minimize``; None where nobody knows.
        identity: Whose launch it is.
    """
    name, value = final_objective(training_job)
    objective = {
        METRIC_NAME: name,
        METRIC_TYPE: objective_type,
        METRIC_VALUE: None if finite(value) is None else repr(value),
    }
    metadata = {**identity_tags(identity), **lineage_tags(training_job), **objective}
    return {key: tag_value(value) for key, value in metadata.items() if value}


def objective_type(tuning_job: Mapping[str, Any], metric_name: str) -> str | None:
    """Give what a tuning job does to its objective metric; None if that is not its objective.

    Args:
        tuning_job: Answer of DescribeHyperParameterTuningJob.
        metric_name: The objective metric of one of its training jobs.
    """
    config = tuning_job["HyperParameterTuningJobConfig"]
    objectives = [
        config.get("HyperParameterTuningJobObjective"),
        *(each.get("TuningObjective") for each in tuning_job.get("TrainingJobDefinitions", ())),
    ]
    types = {each["Type"] for each in objectives if each and each["MetricName"] == metric_name}
    return types.pop() if len(types) == 1 else None


def statistics_uri(training_job: Mapping[str, Any]) -> str:
    """Give where a training job's final metrics are kept: below its own folder in S3."""
    path = training_job["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{path}/{training_job['TrainingJobName']}/model-quality/statistics.json"


def statistics(training_job: Mapping[str, Any]) -> bytes | None:
    """Give a training job's final metrics as a model quality report; None if it has none.

    A report groups metrics, each with its value and standard deviation.
    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
    """
    metrics = {
        metric["MetricName"]: {"value": finite(metric["Value"]), "standard_deviation": "NaN"}
        for metric in training_job.get("FinalMetricDataList", ())
        if metric.get("Value") is not None
    }
    if not metrics:
        return None
    return json.dumps({"training_job_metrics": metrics}, indent=2, sort_keys=True).encode()


def client_token(group: str, training_job: Mapping[str, Any], generation: int) -> str:
    """Give the token by which AWS knows a request that it has carried out already.

    Args:
        group: ``ModelPackageGroupName``, or its ARN.
        training_job: Answer of DescribeTrainingJob.
        generation: 0 for the first package of this training job; more where earlier ones have
            failed, or were deleted.
    """
    created = training_job["CreationTime"].timestamp()
    name = group.rpartition("/")[2].lower()
    parts = [name, training_job["TrainingJobArn"], created, generation]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_TOKEN_LENGTH]


def package_differences(request: Mapping[str, Any], package: Mapping[str, Any]) -> list[str]:
    """List the paths of a request whose value an existing package does not have.

    Args:
        request: Of CreateModelPackage.
        package: Answer of DescribeModelPackage.
    """
    wanted = {key: value for key, value in request.items() if key not in _CHANGING}
    # A group may be given by its ARN, and is the same in any case.
    wanted.pop("ModelPackageGroupName", None)
    return differing_paths(_comparable(wanted), _comparable(package))


def _comparable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Index the containers, to which AWS adds."""
    specification = document.get("InferenceSpecification", {})
    containers = dict(enumerate(specification.get("Containers", ())))
    return {**document, "InferenceSpecification": {**specification, "Containers": containers}}
