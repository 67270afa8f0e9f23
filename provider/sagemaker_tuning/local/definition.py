"""Training job definitions: one view of `TrainingJobDefinition` and `TrainingJobDefinitions`.

Alone, a definition's objective and ranges stand in the tuning job's config; in a list, each has
its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_tuning.local.training.algorithms import (
    BUILT_IN_ALONE,
    Algorithm,
    Algorithms,
)
from sagemaker_tuning.local.wire import Document

OBJECTIVE_METRIC = "ObjectiveMetric"
"""The name under which AWS lists the objective's regular expression once more."""

NUMERIC_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges")
CATEGORICAL_RANGES = "CategoricalParameterRanges"


@dataclass(frozen=True)
class Definition:
    """What a training job is made of."""

    document: Document
    objective: Mapping[str, Any]
    ranges: Document

    @property
    def name(self) -> str | None:
        """`DefinitionName`, which only definitions in a list must have."""
        return self.document.get("DefinitionName")

    @property
    def image(self) -> str:
        """The training image; empty where an algorithm is named instead."""
        image: str = self.document["AlgorithmSpecification"].get("TrainingImage", "")
        return image

    @property
    def static_hyperparameters(self) -> Mapping[str, str]:
        """`StaticHyperParameters`, which may be empty."""
        found: Mapping[str, str] = self.document.get("StaticHyperParameters", {})
        return found

    @property
    def input_mode(self) -> str:
        """How channels without an `InputMode` of their own get their data."""
        mode: str = self.document["AlgorithmSpecification"]["TrainingInputMode"]
        return mode

    @property
    def channels(self) -> list[Document]:
        """`InputDataConfig`, which may be empty."""
        return list(self.document.get("InputDataConfig", ()))

    @property
    def metrics(self) -> list[Document]:
        """The metric definitions; complete once the definition is."""
        return list(self.document["AlgorithmSpecification"]["MetricDefinitions"])

    @property
    def metric_name(self) -> str:
        """The objective metric's name."""
        name: str = self.objective["MetricName"]
        return name

    @property
    def maximize(self) -> bool:
        """Whether a higher objective metric is better."""
        return bool(self.objective["Type"] == "Maximize")


def definitions(request: Document) -> list[Definition]:
    """The definitions of a Create request that has an objective and ranges for each."""
    config = request["HyperParameterTuningJobConfig"]
    if "TrainingJobDefinition" in request:
        objective = config["HyperParameterTuningJobObjective"]
        return [Definition(request["TrainingJobDefinition"], objective, config["ParameterRanges"])]
    return [
        Definition(document, document["TuningObjective"], document["HyperParameterRanges"])
        for document in request["TrainingJobDefinitions"]
    ]


def definition_of(tuning_job: Document, training_job: Document) -> Definition:
    """The definition that a training job of the tuning job was made from."""
    name = training_job.get("TrainingJobDefinitionName")
    return next(each for each in definitions(tuning_job) if each.name == name)


def complete(request: Document, algorithms: Algorithms = BUILT_IN_ALONE) -> None:
    """Adds to a Create request, in place, what AWS adds and Describe shows.

    Raises:
        UnknownAlgorithmError: nothing runs for a training image.
    """
    for definition in definitions(request):
        _complete_ranges(definition.ranges)
        document = definition.document
        document.setdefault("StaticHyperParameters", {})["_tuning_objective_metric"] = (
            definition.metric_name
        )
        _complete_metrics(
            definition, algorithms.find(definition.image, definition.static_hyperparameters)
        )
        for channel in definition.channels:
            channel.setdefault("CompressionType", "None")
            channel.setdefault("RecordWrapperType", "None")
            channel["DataSource"]["S3DataSource"].setdefault(
                "S3DataDistributionType", "FullyReplicated"
            )
        _complete_resources(document)
        for flag in (
            "EnableNetworkIsolation",
            "EnableInterContainerTrafficEncryption",
            "EnableManagedSpotTraining",
        ):
            document.setdefault(flag, False)
    if "TrainingJobDefinition" in request:
        # The SageMaker SDK's attach reads it; recorded definitions in a list do not have it.
        request["TrainingJobDefinition"]["OutputDataConfig"].setdefault("KmsKeyId", "")


def _complete_ranges(ranges: Document) -> None:
    ranges.setdefault(CATEGORICAL_RANGES, [])
    for name in NUMERIC_RANGES:
        for item in ranges.setdefault(name, []):
            item.setdefault("ScalingType", "Auto")


def _complete_metrics(definition: Definition, algorithm: Algorithm) -> None:
    specification = definition.document["AlgorithmSpecification"]
    if algorithm.built_in is None:
        metrics = [dict(metric) for metric in specification["MetricDefinitions"]]
    else:
        metrics = algorithm.built_in.metrics(definition.metric_name)
    objective = next(m for m in metrics if m["Name"] == definition.metric_name)
    if definition.metric_name != OBJECTIVE_METRIC:
        metrics.append({"Name": OBJECTIVE_METRIC, "Regex": objective["Regex"]})
    specification["MetricDefinitions"] = metrics


def _complete_resources(document: Document) -> None:
    """Training jobs have a `ResourceConfig`, whichever of the two the request has."""
    tuning_resources = document.get("HyperParameterTuningResourceConfig")
    if tuning_resources is None:
        return
    instances = tuning_resources.get("InstanceConfigs", [tuning_resources])[0]
    document["ResourceConfig"] = {
        name: instances[name]
        for name in ("InstanceType", "InstanceCount", "VolumeSizeInGB")
        if name in instances
    }
    # One key for whichever of the instances.
    if "VolumeKmsKeyId" in tuning_resources:
        document["ResourceConfig"]["VolumeKmsKeyId"] = tuning_resources["VolumeKmsKeyId"]
