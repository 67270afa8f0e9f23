"""Requests that are refused at Create, with AWS's code and words, and cost nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, DEFINITION, LIMITS, STATIC, changed

Change = Callable[[Document], Document]


def put(*path: str | int, value: Any) -> Change:
    return lambda request: changed(request, *path, value=value)


def drop(*path: str | int) -> Change:
    return lambda request: changed(request, *path)


def add_definitions(request: Document) -> Document:
    return {**request, "TrainingJobDefinitions": [request[DEFINITION]]}


RANGES = (CONFIG, "ParameterRanges")
CONTINUOUS = (*RANGES, "ContinuousParameterRanges", 0)
OBJECTIVE = (CONFIG, "HyperParameterTuningJobObjective")
CHANNEL = (DEFINITION, "InputDataConfig", 0)

REFUSED: dict[str, tuple[Change, str]] = {
    "a name that is too long": (
        put("HyperParameterTuningJobName", value="x" * 33),
        (
            f"1 validation error detected: Value '{'x' * 33}' at"
            " 'hyperParameterTuningJobName' failed"
            " to satisfy constraint: Member must have length less than or equal to 32"
        ),
    ),
    "two mistakes at once": (
        lambda request: changed(
            changed(request, "HyperParameterTuningJobName", value="-"),
            *STATIC,
            value={"k" * 257: "1"},
        ),
        (
            "2 validation errors detected: Value '-' at 'hyperParameterTuningJobName' failed"
            " to satisfy"
            " constraint: Member must satisfy regular expression pattern:"
            f" [a-zA-Z0-9](-*[a-zA-Z0-9]){{0,31}}; Value '{'k' * 256}...' at"
            f" 'trainingJobDefinition.staticHyperParameters.{'k' * 257}.key' failed to satisfy"
            " constraint: Member must have length less than or equal to 256"
        ),
    ),
    "an unknown strategy": (
        put(CONFIG, "Strategy", value="Guess"),
        (
            "Value 'Guess' at 'hyperParameterTuningJobConfig.strategy' failed to satisfy"
            " constraint:"
            " Member must satisfy enum value set: [Bayesian, Random, Hyperband, Grid]"
        ),
    ),
    "a tag with a character that tags may not have": (
        put("Tags", value=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "50%"}]),
        (
            "Value '50%' at 'tags.2.member.value' failed to satisfy constraint: Member must satisfy"
            " regular expression pattern:"
        ),
    ),
    "a role that is none": (
        put(DEFINITION, "RoleArn", value="role/sagemaker-without-arn"),
        "at 'trainingJobDefinition.roleArn' failed to satisfy constraint",
    ),
    "a definition and definitions": (
        add_definitions,
        "Provide either TrainingJobDefinition or TrainingJobDefinitions. The request has both",
    ),
    "neither a definition nor definitions": (drop(DEFINITION), "The request has neither of them"),
    "a time to wait for spot capacity without spot training": (
        put(DEFINITION, "StoppingCondition", "MaxWaitTimeInSeconds", value=50000),
        "MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true",
    ),
    "spot training that may wait less than run": (
        lambda request: changed(
            changed(request, DEFINITION, "EnableManagedSpotTraining", value=True),
            *(DEFINITION, "StoppingCondition", "MaxWaitTimeInSeconds"),
            value=43199,
        ),
        "to true. It is 43199, MaxRuntimeInSeconds is 43200.",
    ),
    "spot training without a time to wait": (
        put(DEFINITION, "EnableManagedSpotTraining", value=True),
        "to true. It is missing, MaxRuntimeInSeconds is 43200.",
    ),
    "no objective": (
        drop(*OBJECTIVE),
        "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective is required",
    ),
    "a range with min above max": (
        put(*CONTINUOUS, "MinValue", value="2"),
        "The hyperparameter eta has MinValue 2 above MaxValue 1",
    ),
    "a bound that is no number": (
        put(*CONTINUOUS, "MinValue", value="low"),
        "The hyperparameter eta has MinValue 'low', which is not a number",
    ),
    "a bound that is no integer": (
        put(*RANGES, "IntegerParameterRanges", 0, "MaxValue", value="2.5"),
        "The hyperparameter max_depth has MaxValue '2.5', which is not an integer",
    ),
    "logarithmic scaling from zero": (
        put(*CONTINUOUS, "ScalingType", value="Logarithmic"),
        "ScalingType Logarithmic and MinValue 0. Logarithmic scaling needs values greater than 0",
    ),
    "reverse logarithmic scaling up to one": (
        put(*CONTINUOUS, "ScalingType", value="ReverseLogarithmic"),
        "ReverseLogarithmic scaling needs values from 0 to less than 1",
    ),
    "a range given twice": (
        put(*CONTINUOUS, "Name", value="alpha"),
        "The hyperparameter alpha is in the parameter ranges more than once",
    ),
    "a range of a hyperparameter that there is not": (
        put(*CONTINUOUS, "Name", value="etta"),
        (
            "The hyperparameter name, [etta], in the parameter ranges isn't that of a tunable"
            " hyperparameter of the [683313688378.dkr.ecr.us-east-1.amazonaws.com/"
            "sagemaker-xgboost:1.7-1] algorithm. Choose from [alpha, colsample_bylevel,"
        ),
    ),
    "a range of a hyperparameter that is not tunable": (
        put(*CONTINUOUS, "Name", value="scale_pos_weight"),
        "The hyperparameter name, [scale_pos_weight], in the parameter ranges isn't that of a",
    ),
    "no range at all": (
        put(*RANGES, value={"CategoricalParameterRanges": []}),
        "The parameter ranges have 0 hyperparameters in all. Provide 1 to 30",
    ),
    "a hyperparameter both static and tunable": (
        put(*STATIC, "eta", value="0.1"),
        "The hyperparameter eta is in StaticHyperParameters and in the parameter ranges",
    ),
    "fewer combinations than training jobs": (
        lambda request: changed(
            changed(
                request,
                *RANGES,
                value={
                    "IntegerParameterRanges": [
                        {"Name": "max_depth", "MinValue": "1", "MaxValue": "3"}
                    ]
                },
            ),
            *LIMITS,
            "MaxNumberOfTrainingJobs",
            value=10,
        ),
        (
            "You don't have enough combinations of hyperparameter ranges. The total number of"
            " hyperparameter combinations for the provided ranges [3.0] must be equal or"
            " greater than"
            " the value of MaxNumberOfJobs, [10]. Provide additional ranges."
        ),
    ),
    "a grid of numbers": (
        put(CONFIG, "Strategy", value="Grid"),
        "Strategy Grid takes CategoricalParameterRanges only",
    ),
    "an objective that the algorithm does not emit": (
        put(*OBJECTIVE, "MetricName", value="validation:happiness"),
        "The objective metric, [validation:happiness], that you specified isn't valid for the",
    ),
    "an objective in the wrong direction": (
        put(*OBJECTIVE, "Type", value="Minimize"),
        (
            "The objective metric type, [Minimize], that you specified for objective metric,"
            " [validation:auc], isn't valid"
        ),
    ),
    "metric definitions for a built-in algorithm": (
        put(
            DEFINITION,
            "AlgorithmSpecification",
            "MetricDefinitions",
            value=[{"Name": "validation:auc", "Regex": "auc=(.*)"}],
        ),
        "You can't override the metric definitions for Amazon SageMaker algorithms",
    ),
    "an image that nothing is known for": (
        put(DEFINITION, "AlgorithmSpecification", "TrainingImage", value="registry/mine:1"),
        "no program for the training image 'registry/mine:1'",
    ),
    "both resource configurations": (
        put(
            DEFINITION,
            "HyperParameterTuningResourceConfig",
            value={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        ),
        "Provide either ResourceConfig or HyperParameterTuningResourceConfig",
    ),
    "no resource configuration": (
        drop(DEFINITION, "ResourceConfig"),
        "Provide either ResourceConfig or HyperParameterTuningResourceConfig",
    ),
    "a channel given twice": (
        put(*CHANNEL, "ChannelName", value="validation"),
        "ChannelName validation is not unique among the channels",
    ),
    "S3 data that is not there": (
        put(*CHANNEL, "DataSource", "S3DataSource", "S3Uri", value="s3://nowhere/at/all"),
        'No S3 objects found under S3 URL "s3://nowhere/at/all" given in input data source.',
    ),
    "compressed data": (
        put(*CHANNEL, "CompressionType", value="Gzip"),
        "does not support InputDataConfig.1.CompressionType Gzip; use None",
    ),
    "wrapped records": (
        put(*CHANNEL, "RecordWrapperType", value="RecordIO"),
        "does not support InputDataConfig.1.RecordWrapperType RecordIO; use None",
    ),
    "shuffled keys": (
        put(*CHANNEL, "ShuffleConfig", value={"Seed": 7}),
        "does not support InputDataConfig.1.ShuffleConfig with Seed 7",
    ),
    "attributes of a manifest": (
        put(*CHANNEL, "DataSource", "S3DataSource", "AttributeNames", value=["label"]),
        "does not support InputDataConfig.1.AttributeNames",
    ),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_refused_in_one_clear_error(
    aws: Aws, request_document: Document, change: Change, message: str
) -> None:
    """The error names the mistake, and no tuning job exists afterwards."""
    # boto3 checks lengths, patterns and the like as little as AWS's other clients do.
    request = change(request_document)
    with pytest.raises(ClientError) as caught:
        aws.create(request)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]
    names = aws.sagemaker.list_hyper_parameter_tuning_jobs(
        NameContains=request_document["HyperParameterTuningJobName"]
    )["HyperParameterTuningJobSummaries"]
    assert names == []


def test_a_name_that_is_taken_is_refused_whatever_its_case(
    aws: Aws, completed: Document, request_document: Document
) -> None:
    """ResourceInUse in AWS's words, also for the name in capitals, and once the data is gone."""
    taken = completed["HyperParameterTuningJobName"].upper()
    uri = (*CHANNEL, "DataSource", "S3DataSource", "S3Uri")
    request = changed(request_document, *uri, value="s3://nowhere/at/all")
    with pytest.raises(aws.sagemaker.exceptions.ResourceInUse) as caught:
        aws.create({**request, "HyperParameterTuningJobName": taken})
    assert caught.value.response["Error"]["Message"] == (
        f"A hyperparameter tuning job with the name, {taken}, already exists. Choose a different"
        " name."
    )


@pytest.mark.parametrize(
    "operation",
    [
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
        "list_training_jobs_for_hyper_parameter_tuning_job",
    ],
)
def test_an_unknown_tuning_job_is_not_found(aws: Aws, operation: str) -> None:
    """ResourceNotFound in AWS's words."""
    with pytest.raises(aws.sagemaker.exceptions.ResourceNotFound) as caught:
        getattr(aws.sagemaker, operation)(HyperParameterTuningJobName="nobody")
    assert caught.value.response["Error"]["Message"] == (
        "Amazon SageMaker can't find a tuning job called nobody. Type another name."
    )


@pytest.mark.parametrize("operation", ["describe_training_job", "stop_training_job"])
def test_an_unknown_training_job_is_a_validation_error(aws: Aws, operation: str) -> None:
    """So AWS answers for training jobs."""
    with pytest.raises(ClientError, match=r"\(ValidationException\).*Requested resource not found"):
        getattr(aws.sagemaker, operation)(TrainingJobName="nobody")


def test_jobs_of_another_region_are_not_there(aws: Aws, completed: Document) -> None:
    """A region knows its own jobs only."""
    elsewhere = aws.client("sagemaker", region="eu-west-1")
    with pytest.raises(elsewhere.exceptions.ResourceNotFound):
        elsewhere.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=completed["HyperParameterTuningJobName"]
        )
