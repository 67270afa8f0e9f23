"""Rules about what the training jobs run on, and for how long.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEFINITION = f"{parts.API}HyperParameterTrainingJobDefinition.html"
_STOPPING = f"{parts.API}StoppingCondition.html"
_SPOT = f"{parts.GUIDE}model-managed-spot-training.html"
_TUNING = "HyperParameterTuningResourceConfig"
_TUNING_PAGE = f"{parts.API}{_TUNING}.html"
_INSTANCES = (
    (_TUNING, "InstanceConfigs", ("InstanceType", "InstanceCount", "VolumeSizeInGB"), _TUNING_PAGE),
    (
        "ResourceConfig",
        "InstancePreferences",
        ("InstanceType", "InstanceGroups", "InstancePlacementConfig"),
        f"{parts.API}ResourceConfig.html",
    ),
)
"""Lists of instances to choose from, the fields for a single kind, and the page that says so."""
_LONGEST_TRAINING_SECONDS = 28 * 24 * 60 * 60
_ENVIRONMENT_VARIABLES = 48


def one_resource_config(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Either ``ResourceConfig`` or ``HyperParameterTuningResourceConfig``."""
    for path, definition in parts.definitions(request):
        given = [
            key
            for key in ("ResourceConfig", "HyperParameterTuningResourceConfig")
            if definition.get(key)
        ]
        if len(given) != 1:
            yield Violation(
                f"{path}.ResourceConfig",
                "given together with HyperParameterTuningResourceConfig" if given else "missing",
                f"give either ResourceConfig or HyperParameterTuningResourceConfig ({_DEFINITION})",
            )


def instances_are_chosen(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A list of instances to choose from excludes the fields for one kind of instance."""
    for path, definition in parts.definitions(request):
        for config, listed, single, page in _INSTANCES:
            given = parts.mapping(definition, config)
            for field in single if given.get(listed) else ():
                if given.get(field):
                    yield Violation(
                        f"{path}.{config}.{field}",
                        f"{given[field]!r}, given together with {listed}",
                        f"either {listed} or {', '.join(single)} ({page})",
                    )
        spot = definition.get("EnableManagedSpotTraining")
        if spot is True and parts.items(definition, "ResourceConfig", "InstancePreferences"):
            yield Violation(
                f"{path}.EnableManagedSpotTraining",
                "True, given together with ResourceConfig.InstancePreferences",
                f"either of them ({parts.API}ResourceConfig.html)",
            )
        tuning = parts.mapping(definition, _TUNING)
        if tuning and not tuning.get("InstanceConfigs") and not tuning.get("InstanceType"):
            rule = f"give it with InstanceCount, or InstanceConfigs ({_TUNING_PAGE})"
            yield Violation(f"{path}.{_TUNING}.InstanceType", "missing", rule)


def spot_training_may_wait(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """Managed spot training, and it alone, has a time to wait: at least the time to run."""
    for path, definition in parts.definitions(request):
        stopping = definition.get("StoppingCondition")
        is_spot = definition.get("EnableManagedSpotTraining")
        if not isinstance(stopping, dict) or is_template(is_spot):
            continue
        where = f"{path}.StoppingCondition.MaxWaitTimeInSeconds"
        wait, run = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds")
        if is_spot is True and wait is None:
            yield Violation(where, "missing", f"required with EnableManagedSpotTraining ({_SPOT})")
        if not is_spot and wait is not None:
            yield Violation(
                where,
                f"{wait!r} without EnableManagedSpotTraining",
                f"only supported when EnableManagedSpotTraining is set to true ({_SPOT})",
            )
        longest, shortest = parts.integer(wait), parts.integer(run)
        if is_spot is True and longest and shortest and longest < shortest:
            yield Violation(
                where,
                f"{longest} is less than MaxRuntimeInSeconds {shortest}",
                f"equal to or greater than MaxRuntimeInSeconds ({_STOPPING})",
            )
        if is_spot is True and not definition.get("CheckpointConfig"):
            yield Advice(
                f"{path}.CheckpointConfig",
                "missing, with EnableManagedSpotTraining",
                f"without checkpoints an interrupted training job starts over ({_SPOT})",
            )


def runtime_is_within_limit(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A training job runs for 28 days at most."""
    for path, definition in parts.definitions(request):
        seconds = parts.integer(
            parts.lookup(definition, "StoppingCondition", "MaxRuntimeInSeconds")
        )
        if seconds is not None and seconds > _LONGEST_TRAINING_SECONDS:
            yield Violation(
                f"{path}.StoppingCondition.MaxRuntimeInSeconds",
                str(seconds),
                f"at most {_LONGEST_TRAINING_SECONDS}, which is 28 days ({_STOPPING})",
            )


def file_systems_are_in_a_vpc(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Training data on Amazon EFS or FSx is reached through the training job's VPC."""
    for path, definition in parts.definitions(request):
        for index, channel in enumerate(parts.items(definition, "InputDataConfig")):
            if parts.mapping(channel, "DataSource", "FileSystemDataSource") and not definition.get(
                "VpcConfig"
            ):
                yield Violation(
                    f"{path}.VpcConfig",
                    f"missing, with a file system in InputDataConfig[{index}]",
                    f"the VPC of the file system ({parts.GUIDE}model-access-training-data.html)",
                )


def environments_are_within_limit(request: Mapping[str, Any]) -> Iterator[Violation]:
    """All training job definitions together have 48 environment variables at most."""
    found = [
        environment
        for _, definition in parts.definitions(request)
        if (environment := parts.mapping(definition, "Environment"))
    ]
    count = sum(map(len, found))
    if len(found) > 1 and count > _ENVIRONMENT_VARIABLES and not hides(found):
        yield Violation(
            "TrainingJobDefinitions",
            f"{count} environment variables in all definitions",
            f"at most {_ENVIRONMENT_VARIABLES} in the tuning job ({_DEFINITION})",
        )
