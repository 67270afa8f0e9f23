"""The documented example's request, small, and data to train on."""

import copy
import csv
import io
import uuid
from typing import Any

import numpy as np

from tests.contract.aws import Document

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

CONFIG = "HyperParameterTuningJobConfig"
DEFINITION = "TrainingJobDefinition"
LIMITS = (CONFIG, "ResourceLimits")
STATIC = (DEFINITION, "StaticHyperParameters")

_EXAMPLE: Document = {
    CONFIG: {
        "ParameterRanges": {
            "CategoricalParameterRanges": [],
            "ContinuousParameterRanges": [
                {"Name": "eta", "MinValue": "0", "MaxValue": "1"},
                {"Name": "alpha", "MinValue": "0", "MaxValue": "2"},
                {"Name": "min_child_weight", "MinValue": "1", "MaxValue": "10"},
            ],
            "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "10"}],
        },
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 3},
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
        "RandomSeed": 123,
    },
    DEFINITION: {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "ResourceConfig": {
            "InstanceCount": 2,
            "InstanceType": "ml.c4.2xlarge",
            "VolumeSizeInGB": 10,
        },
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "StaticHyperParameters": {
            "eval_metric": "auc",
            "num_round": "10",
            "objective": "binary:logistic",
            "rate_drop": "0.3",
            "tweedie_variance_power": "1.4",
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 43200},
    },
}


def example(bucket: str) -> Document:
    """A request of its own name for the data in a bucket."""
    request = copy.deepcopy(_EXAMPLE)
    request["HyperParameterTuningJobName"] = f"job-{uuid.uuid4().hex[:12]}"
    request[DEFINITION]["InputDataConfig"] = [
        channel(name, f"s3://{bucket}/{name}") for name in ("train", "validation")
    ]
    request[DEFINITION]["OutputDataConfig"] = {"S3OutputPath": f"s3://{bucket}/output"}
    return request


def changed(request: Document, *path: str | int, value: Any = None) -> Document:
    """A copy of a request with another value at a path, or with none there."""
    copied = copy.deepcopy(request)
    target: Any = copied
    for step in path[:-1]:
        target = target[step]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return copied


def endless(request: Document) -> Document:
    """A copy whose training jobs go on until they are stopped, in rounds worth a few milliseconds.

    The model so far is kept, so that a stopped training job leaves one.
    """
    static = request[DEFINITION]["StaticHyperParameters"]
    return changed(
        request,
        *STATIC,
        value={
            **static,
            "num_round": "1000000",
            "num_parallel_tree": "50",
            "save_model_on_termination": "true",
        },
    )


def channel(name: str, uri: str) -> Document:
    """An input channel, spelt as in the documented example."""
    return {
        "ChannelName": name,
        "CompressionType": "None",
        "ContentType": "csv",
        "DataSource": {
            "S3DataSource": {
                "S3DataDistributionType": "FullyReplicated",
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
            }
        },
    }


def rows(count: int, *, seed: int) -> str:
    """CSV without a header, label first."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 5))
    labels = features[:, 0] + features[:, 1] * features[:, 2] + random.normal(size=count) > 0
    text = io.StringIO()
    writer = csv.writer(text)
    for label, row in zip(labels, features, strict=True):
        writer.writerow([int(label), *(f"{value:.6f}" for value in row)])
    return text.getvalue()
