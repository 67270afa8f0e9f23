"""The parts of Describe's answers that change as jobs go on, and how they change."""

import math
import struct
import time
from collections.abc import Mapping
from typing import Any

from sagemaker_tuning.local.definition import Definition, definition_of
from sagemaker_tuning.local.names import training_job_arn, training_job_name, tuning_job_arn
from sagemaker_tuning.local.wire import Document

TERMINAL = frozenset({"Completed", "Failed", "Stopped"})
"""The statuses in which a job stays."""

_MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}
_FROM_DEFINITION = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
    "Environment",
)
_SUMMARY = (
    "TrainingJobDefinitionName",
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "TunedHyperParameters",
    "FailureReason",
    "FinalHyperParameterTuningJobObjectiveMetric",
    "ObjectiveStatus",
)

_RESTARTED = "Launched instance was unhealthy, replacing it!"
_LARGEST_FLOAT32 = 3.4028234663852886e38


def now() -> float:
    """Epoch seconds, to the millisecond as the API shows them."""
    return round(time.time(), 3)


def new_tuning_job(region: str, name: str) -> Document:
    """What Describe answers beside the request, right after Create."""
    created = now()
    return {
        "HyperParameterTuningJobArn": tuning_job_arn(region, name),
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": created,
        "LastModifiedTime": created,
        "TrainingJobStatusCounters": {
            "Completed": 0,
            "InProgress": 0,
            "RetryableError": 0,
            "NonRetryableError": 0,
            "Stopped": 0,
        },
        "ObjectiveStatusCounters": {"Succeeded": 0, "Pending": 0, "Failed": 0},
        "TuningJobCompletionDetails": {"NumberOfTrainingJobsObjectiveNotImproving": 0},
        "ConsumedResources": {"RuntimeInSeconds": 0},
    }


def touch_tuning_job(progress: Document) -> None:
    """Moves the time of the last change, and the runtime with it as AWS counts it."""
    progress["LastModifiedTime"] = now()
    progress["ConsumedResources"] = {
        "RuntimeInSeconds": int(progress["LastModifiedTime"] - progress["CreationTime"])
    }


def end_tuning_job(progress: Document, status: str, failure_reason: str | None) -> None:
    """Puts a tuning job into a terminal status."""
    touch_tuning_job(progress)
    progress["HyperParameterTuningJobStatus"] = status
    progress["HyperParameterTuningEndTime"] = progress["LastModifiedTime"]
    if failure_reason is not None:
        progress["FailureReason"] = failure_reason


def count_launched(progress: Document) -> None:
    """Counts one more running training job."""
    progress["TrainingJobStatusCounters"]["InProgress"] += 1
    progress["ObjectiveStatusCounters"]["Pending"] += 1


def count_ended(progress: Document, training_job: Document) -> None:
    """Moves an ended training job from the counters of the running ones to where it belongs."""
    statuses, objectives = (
        progress["TrainingJobStatusCounters"],
        progress["ObjectiveStatusCounters"],
    )
    statuses["InProgress"] -= 1
    objectives["Pending"] -= 1
    objectives[training_job["ObjectiveStatus"]] += 1
    status = training_job["TrainingJobStatus"]
    if status != "Failed":
        statuses[status] += 1
    elif is_internal_error(training_job["FailureReason"]):
        statuses["RetryableError"] += 1
    else:
        statuses["NonRetryableError"] += 1


def new_training_job(
    region: str, tuning_job: str, number: int, definition: Definition, tuned: Mapping[str, str]
) -> Document:
    """A training job's own part of Describe; the definition's part is its tuning job's."""
    name = training_job_name(tuning_job, number)
    document: Document = {
        "TrainingJobName": name,
        "TrainingJobArn": training_job_arn(region, name),
        "TuningJobName": tuning_job,
        "TuningJobArn": tuning_job_arn(region, tuning_job),
        "TunedHyperParameters": dict(tuned),
        "CreationTime": now(),
        "ModelArtifacts": {"S3ModelArtifacts": model_artifacts(definition, name)},
        "SecondaryStatusTransitions": [],
        "ObjectiveStatus": "Pending",
    }
    if definition.name is not None:
        document["TrainingJobDefinitionName"] = definition.name
    advance(document, "InProgress", "Starting")
    return document


def advance(document: Document, status: str, secondary_status: str) -> None:
    """Moves a training job on to a status, and writes the transition into its history.

    A failed job's FailureReason, set before, is the message of its last transition.
    """
    _advance(
        document,
        status,
        secondary_status,
        document.get("FailureReason", _MESSAGES[secondary_status]),
    )


def _advance(document: Document, status: str, secondary_status: str, message: str) -> None:
    moment = now()
    transitions: list[dict[str, Any]] = document["SecondaryStatusTransitions"]
    if transitions:
        transitions[-1]["EndTime"] = moment
    transition = {
        "Status": secondary_status,
        "StartTime": moment,
        "StatusMessage": message,
    }
    document["LastModifiedTime"] = moment
    document["TrainingJobStatus"] = status
    document["SecondaryStatus"] = secondary_status
    if status in TERMINAL:
        transition["EndTime"] = moment
        document["TrainingEndTime"] = moment
        if "TrainingStartTime" in document:
            seconds = max(1, math.ceil(moment - document["TrainingStartTime"]))
            document["TrainingTimeInSeconds"] = document["BillableTimeInSeconds"] = seconds
    elif secondary_status == "Downloading":
        document.setdefault("TrainingStartTime", moment)
    transitions.append(transition)


def is_internal_error(failure_reason: str) -> bool:
    """Whether a training job that failed so is worth another attempt, or counts as retryable."""
    return failure_reason.startswith("InternalServerError")


def may_restart(document: Document, definition: Definition) -> bool:
    """Whether RetryStrategy has attempts left after an internal error; without one there is none.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RetryStrategy.html
    """
    strategy = definition.document.get("RetryStrategy", {"MaximumRetryAttempts": 0})
    attempts = sum(
        transition["Status"] == "Starting" for transition in document["SecondaryStatusTransitions"]
    )
    return bool(attempts <= strategy["MaximumRetryAttempts"])


def restart(document: Document) -> None:
    """Begins another attempt at a training job, with the secondary status Starting once more."""
    _advance(document, "InProgress", "Starting", _RESTARTED)


def objective(document: Document) -> float | None:
    """The final objective metric of a training job or its summary; None while there is none."""
    metric = document.get("FinalHyperParameterTuningJobObjectiveMetric")
    return None if metric is None else metric["Value"]


def float32(value: float) -> float:
    """The value as the API has it, a float of 32 bits; what is too large is its largest."""
    packed = struct.pack("f", min(max(value, -_LARGEST_FLOAT32), _LARGEST_FLOAT32))
    return float(struct.unpack("f", packed)[0])


def summary(document: Document) -> Document:
    """A training job as the tuning job's lists and `BestTrainingJob` show it."""
    return {name: document[name] for name in _SUMMARY if name in document}


def whole_training_job(tuning_job: Document, document: Document) -> Document:
    """A training job with what it has from its tuning job: all that Describe answers."""
    definition = definition_of(tuning_job, document)
    described = {name: definition.document.get(name) for name in _FROM_DEFINITION}
    # AWS has the key here even where the request has none.
    described["OutputDataConfig"] = {"KmsKeyId": "", **definition.document["OutputDataConfig"]}
    if described["CheckpointConfig"] is not None:
        described["CheckpointConfig"] = {
            **described["CheckpointConfig"],
            "S3Uri": checkpoint_uri(definition, document["TrainingJobName"]),
        }
    return {**described, "HyperParameters": hyperparameters(definition, document), **document}


def output_uri(definition: Definition, training_job: str) -> str:
    """Where a training job's output goes, ending with a slash."""
    path: str = definition.document["OutputDataConfig"]["S3OutputPath"]
    return f"{path.rstrip('/')}/{training_job}/output/"


def checkpoint_uri(definition: Definition, training_job: str) -> str:
    """Where a training job's checkpoints are, with no slash at the end.

    One CheckpointConfig stands for all training jobs. AWS does not document that each has a folder
    of its own below the S3Uri; in a common one, each would go on from another's checkpoints.
    """
    uri: str = definition.document["CheckpointConfig"]["S3Uri"]
    return f"{uri.rstrip('/')}/{training_job}"


def model_artifacts(definition: Definition, training_job: str) -> str:
    """The URI of the model: an archive, or a prefix where compression is switched off."""
    output = definition.document["OutputDataConfig"]
    model = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return output_uri(definition, training_job) + model


def hyperparameters(definition: Definition, document: Document) -> dict[str, str]:
    """All hyperparameters of a training job: the static ones and those chosen for it."""
    static = definition.document["StaticHyperParameters"]
    return {**static, **document["TunedHyperParameters"]}
