"""The request of AWS's own example, valid to the last field."""

from __future__ import annotations

from typing import Any

import pytest


def _channel(name: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "CompressionType": "None",
        "ContentType": "csv",
        "DataSource": {
            "S3DataSource": {
                "S3DataDistributionType": "FullyReplicated",
                "S3DataType": "S3Prefix",
                "S3Uri": f"s3://bucket/prefix/{name}",
            }
        },
    }


@pytest.fixture
def request_document() -> dict[str, Any]:
    """Give a fresh copy of the request, without its name."""
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "MetricName": "validation:auc",
                "Type": "Maximize",
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 3},
            "ParameterRanges": {
                "CategoricalParameterRanges": [],
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "0", "MaxValue": "1"},
                    {"Name": "alpha", "MinValue": "0", "MaxValue": "2"},
                ],
                "IntegerParameterRanges": [
                    {"Name": "max_depth", "MinValue": "1", "MaxValue": "10"}
                ],
            },
            "RandomSeed": 123,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": (
                    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3"
                ),
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [_channel("train"), _channel("validation")],
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/prefix/output"},
            "ResourceConfig": {
                "InstanceCount": 2,
                "InstanceType": "ml.c4.2xlarge",
                "VolumeSizeInGB": 10,
            },
            "RoleArn": "arn:aws:iam::123456789012:role/SageMakerTuning",
            "StaticHyperParameters": {
                "eval_metric": "auc",
                "num_round": "100",
                "objective": "binary:logistic",
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 43200},
        },
    }
