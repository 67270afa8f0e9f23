"""The rules within one training job definition."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from sagemaker_tuning.local.definition import OBJECTIVE_METRIC, Definition
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.training import toolkit
from sagemaker_tuning.local.training.algorithms import (
    Algorithm,
    Algorithms,
    BuiltInAlgorithm,
    UnknownAlgorithmError,
)
from sagemaker_tuning.local.training.container import DEFAULT_CHECKPOINT_PATH, OPT_ML
from sagemaker_tuning.local.training.metrics import MetricScraper
from sagemaker_tuning.local.training.programs import Script
from sagemaker_tuning.local.wire import Document

_MOST_HYPERPARAMETERS = 100
_DATA_TYPES = ("S3Prefix", "ManifestFile")
# What every file system takes.
_LOCAL_PATH = re.compile(rf"(?=.{{1,512}}$){OPT_ML}(/+[ -.0-~]{{1,255}})+/*")


def check(definition: Definition, algorithms: Algorithms) -> Algorithm:
    """Refuses a definition that no training job can be made of.

    Returns:
        What its training jobs run.

    Raises:
        ApiError: ValidationException for the first rule that is broken.
    """
    algorithm = _algorithm(definition, algorithms)
    if algorithm.built_in is None:
        _own_metrics(definition)
    else:
        _built_in_metrics(definition, algorithm.built_in)
    _resources(definition.document)
    _spot(definition.document)
    _channels(definition.document)
    _checkpoints(definition.document)
    output = definition.document["OutputDataConfig"]["S3OutputPath"]
    _require_s3(output, "OutputDataConfig.S3OutputPath")
    return algorithm


def check_names(definition: Definition, algorithm: Algorithm, tunable: Sequence[str]) -> None:
    """Refuses ranges of hyperparameters that the algorithm cannot tune, and too many names.

    As on AWS, a built-in algorithm's ranges are its own in script mode too; values and static
    hyperparameters are the program's to check:
    https://github.com/aws/sagemaker-python-sdk/issues/2226

    Raises:
        ApiError: ValidationException.
    """
    if algorithm.built_in is not None:
        _tunable(definition, algorithm.built_in, tunable)
    static = definition.document.get("StaticHyperParameters", {})
    both = sorted(set(static) & set(tunable))
    if both:
        raise validation_error(
            f"The hyperparameter {both[0]} is in StaticHyperParameters and in the parameter"
            " ranges. Give it a value or a range."
        )
    names = {*static, *tunable, "_tuning_objective_metric"}
    if len(names) > _MOST_HYPERPARAMETERS:
        raise validation_error(
            f"The training job definition has {len(names)} hyperparameters, static and tunable"
            f" and _tuning_objective_metric together. It can have {_MOST_HYPERPARAMETERS}."
        )


def _algorithm(definition: Definition, algorithms: Algorithms) -> Algorithm:
    specification = definition.document["AlgorithmSpecification"]
    if "AlgorithmName" in specification or not definition.image:
        raise validation_error(
            "AlgorithmSpecification needs a TrainingImage. The local SageMaker endpoint does not"
            " have algorithm resources."
        )
    if specification["TrainingInputMode"] == "Pipe":
        raise _unsupported("AlgorithmSpecification.TrainingInputMode", "Pipe", "File or FastFile")
    try:
        algorithm = algorithms.find(definition.image, definition.static_hyperparameters)
    except UnknownAlgorithmError as error:
        raise validation_error(
            f"AlgorithmSpecification.TrainingImage cannot be used: {error}."
        ) from error
    static = definition.static_hyperparameters
    if isinstance(algorithm.program, Script) and toolkit.SUBMIT_DIRECTORY not in static:
        raise validation_error(
            f"StaticHyperParameters has {toolkit.PROGRAM} and no {toolkit.SUBMIT_DIRECTORY}."
            " Script mode needs both; the second is the s3:// URI of a tar.gz archive."
        )
    return algorithm


def _tunable(definition: Definition, algorithm: BuiltInAlgorithm, names: Sequence[str]) -> None:
    for name in names:
        if name not in algorithm.tunable:
            raise validation_error(
                f"The hyperparameter name, [{name}], in the parameter ranges isn't that of a"
                f" tunable hyperparameter of the [{definition.image}] algorithm. Choose from"
                f" [{', '.join(sorted(algorithm.tunable))}]."
            )


def _own_metrics(definition: Definition) -> None:
    """The request defines the metrics, and the objective must be one of them."""
    metrics = definition.document["AlgorithmSpecification"].get("MetricDefinitions", [])
    for number, metric in enumerate(metrics, start=1):
        path = f"AlgorithmSpecification.MetricDefinitions.{number}"
        try:
            MetricScraper([metric])
        except ValueError as error:
            raise validation_error(f"{path}.Regex cannot be used: {error}.") from error
    names = [metric["Name"] for metric in metrics]
    for number, name in enumerate(names, start=1):
        path = f"AlgorithmSpecification.MetricDefinitions.{number}.Name"
        if names.count(name) > 1:
            raise validation_error(f"{path} {name} is not unique among the metric definitions.")
        if name == OBJECTIVE_METRIC != definition.metric_name:
            raise validation_error(
                f"{path} {name} is the name under which the objective's definition is listed once"
                " more. Choose another one."
            )
    if definition.metric_name not in names:
        raise validation_error(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric"
            " in the metric definitions."
        )


def _built_in_metrics(definition: Definition, algorithm: BuiltInAlgorithm) -> None:
    """Built-in algorithms bring their metrics, and the objective must be one of them."""
    name, kind = definition.metric_name, definition.objective["Type"]
    if definition.document["AlgorithmSpecification"].get("MetricDefinitions"):
        raise validation_error(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please"
            " retry the request without specifying metric definitions."
        )
    if not algorithm.emits(name):
        raise validation_error(
            f"The objective metric, [{name}], that you specified isn't valid for the"
            f" [{definition.image}] algorithm. Choose a valid objective metric:"
            f" [{', '.join(sorted(algorithm.directions))}]."
        )
    if algorithm.direction(name) != kind:
        raise validation_error(
            f"The objective metric type, [{kind}], that you specified for objective metric,"
            f" [{name}], isn't valid for the [{definition.image}] algorithm. Choose a valid"
            " objective metric type."
        )


def _resources(document: Document) -> None:
    own, tuning = (
        document.get("ResourceConfig"),
        document.get("HyperParameterTuningResourceConfig"),
    )
    if (own is None) == (tuning is None):
        found = "neither of them" if own is None else "both of them"
        raise validation_error(
            "Provide either ResourceConfig or HyperParameterTuningResourceConfig. The training job"
            f" definition has {found}."
        )
    if tuning is None:
        return
    single = {"InstanceType", "InstanceCount", "VolumeSizeInGB"} & tuning.keys()
    if "InstanceConfigs" in tuning and single:
        raise validation_error(
            f"HyperParameterTuningResourceConfig has InstanceConfigs and"
            f" {', '.join(sorted(single))}. Provide one or the other."
        )
    if "InstanceConfigs" not in tuning and not {"InstanceType", "InstanceCount"} <= single:
        raise validation_error(
            "HyperParameterTuningResourceConfig needs InstanceConfigs, or InstanceType and"
            " InstanceCount."
        )


def _spot(document: Document) -> None:
    stopping = document["StoppingCondition"]
    wait, run = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds", 0)
    if not document.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise validation_error(
                "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining"
                " is set to true"
            )
    elif wait is None or wait < run:
        raise validation_error(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to"
            " MaxRuntimeInSeconds when EnableManagedSpotTraining is set to true. It is"
            f" {'missing' if wait is None else wait}, MaxRuntimeInSeconds is {run or 'missing'}."
        )


def _channels(document: Document) -> None:
    channels = document.get("InputDataConfig", [])
    names = [channel["ChannelName"] for channel in channels]
    for number, channel in enumerate(channels, start=1):
        path = f"InputDataConfig.{number}"
        if names.count(channel["ChannelName"]) > 1:
            raise validation_error(
                f"{path}.ChannelName {channel['ChannelName']} is not unique among the channels."
            )
        if channel["ChannelName"] in {".", ".."}:
            raise validation_error(f"{path}.ChannelName {channel['ChannelName']} is not a name.")
        if channel.get("InputMode") == "Pipe":
            raise _unsupported(f"{path}.InputMode", "Pipe", "File or FastFile")
        sources = list(channel["DataSource"])
        if sources != ["S3DataSource"]:
            raise _unsupported(f"{path}.DataSource", ", ".join(sources) or "none", "S3DataSource")
        source = channel["DataSource"]["S3DataSource"]
        if source["S3DataType"] not in _DATA_TYPES:
            raise _unsupported(f"{path}.S3DataType", source["S3DataType"], " or ".join(_DATA_TYPES))
        if source.get("AttributeNames"):
            raise _unsupported(f"{path}.AttributeNames", "of any name", "channels without it")
        _require_plain(channel, path)
        _require_s3(source["S3Uri"], f"{path}.S3Uri")


def _checkpoints(document: Document) -> None:
    if "CheckpointConfig" not in document:
        return
    config = document["CheckpointConfig"]
    _require_s3(config["S3Uri"], "CheckpointConfig.S3Uri")
    local = config.get("LocalPath", DEFAULT_CHECKPOINT_PATH)
    path = PurePosixPath(local)
    reserved = path == PurePosixPath(OPT_ML) or path.is_relative_to(f"{OPT_ML}/input")
    if reserved or ".." in path.parts or not _LOCAL_PATH.fullmatch(local):
        raise _unsupported(
            "CheckpointConfig.LocalPath",
            local,
            f"a path below {OPT_ML}, such as {DEFAULT_CHECKPOINT_PATH}, in printable ASCII and not"
            f" below {OPT_ML}/input",
        )


def _require_plain(channel: Document, path: str) -> None:
    """Objects come as files: what is for Pipe input mode only is refused, as that mode is."""
    for name in ("CompressionType", "RecordWrapperType"):
        value = channel.get(name, "None")
        if value != "None":
            raise _unsupported(f"{path}.{name}", value, "None")
    if "ShuffleConfig" in channel:
        seed = channel["ShuffleConfig"]["Seed"]
        raise _unsupported(f"{path}.ShuffleConfig", f"with Seed {seed}", "channels without it")


def _require_s3(uri: str, path: str) -> None:
    if not re.fullmatch(r"s3://[^/]+.*", uri):
        raise _unsupported(path, uri, "a URI that begins s3://BUCKET")


def _unsupported(path: str, value: str, supported: str) -> Exception:
    return validation_error(
        f"The local SageMaker endpoint does not support {path} {value}; use {supported}."
    )
