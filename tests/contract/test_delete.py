"""Deleting tuning and training jobs."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document, has_ended
from tests.contract.examples import LIMITS, changed, endless


def test_a_deleted_tuning_job_leaves_its_training_jobs(
    aws: Aws, request_document: Document
) -> None:
    """Its entry and tags are gone; training jobs, their tags and artifacts stay as they were."""
    request_document["Tags"] = [{"Key": "team", "Value": "retraining"}]
    job = aws.run(changed(request_document, *LIMITS, "MaxNumberOfTrainingJobs", value=2))
    name, arn = job["HyperParameterTuningJobName"], job["HyperParameterTuningJobArn"]
    before = [describe(aws, each) for each in names(aws, name)]
    aws.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\).*can't find a tuning job"):
        aws.describe(name)
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        aws.sagemaker.list_tags(ResourceArn=arn)
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        aws.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    listed = aws.sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    assert [each["TrainingJobName"] for each in listed] == [
        each["TrainingJobName"] for each in before
    ]
    for each in before:
        assert describe(aws, each["TrainingJobName"]) == each
        assert aws.sagemaker.list_tags(ResourceArn=each["TrainingJobArn"])["Tags"] == [
            {"Key": "team", "Value": "retraining"}
        ]
        assert aws.read(each["ModelArtifacts"]["S3ModelArtifacts"])


def test_a_name_is_free_again(aws: Aws, request_document: Document) -> None:
    """The new job has training jobs of its own only."""
    request = changed(request_document, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
    name = aws.run(request)["HyperParameterTuningJobName"]
    (first,) = names(aws, name)
    aws.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    aws.run(request)
    (second,) = names(aws, name)
    assert first != second
    assert describe(aws, first)["TrainingJobStatus"] == "Completed"


def test_only_what_has_ended_can_be_deleted(aws: Aws, request_document: Document) -> None:
    """In AWS's words; a training job is in use as long as its tuning job runs."""
    name = aws.create(endless(request_document))
    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 3)
    with pytest.raises(ClientError, match=r"\(ValidationException\).*not in a terminal state"):
        aws.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    first = names(aws, name)[0]
    with pytest.raises(ClientError, match=r"\(ResourceInUse\).*is in status InProgress"):
        aws.sagemaker.delete_training_job(TrainingJobName=first)
    aws.sagemaker.stop_training_job(TrainingJobName=first)
    aws.wait(name, lambda job: job["TrainingJobStatusCounters"]["Stopped"] == 1)
    with pytest.raises(ClientError, match=r"\(ResourceInUse\).*which is in status InProgress"):
        aws.sagemaker.delete_training_job(TrainingJobName=first)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    aws.wait(name, has_ended)
    aws.sagemaker.delete_training_job(TrainingJobName=first)
    assert first not in names(aws, name)


def test_a_deleted_training_job_is_gone(aws: Aws, request_document: Document) -> None:
    """With its tags; its artifacts stay. So it is where its tuning job went first."""
    job = aws.run(changed(request_document, *LIMITS, "MaxNumberOfTrainingJobs", value=2))
    name = job["HyperParameterTuningJobName"]
    first, second = (describe(aws, each) for each in names(aws, name))
    aws.sagemaker.delete_training_job(TrainingJobName=first["TrainingJobName"])
    assert names(aws, name) == [second["TrainingJobName"]]
    aws.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    aws.sagemaker.delete_training_job(TrainingJobName=second["TrainingJobName"])
    for each in (first, second):
        with pytest.raises(ClientError, match=r"Requested resource not found"):
            describe(aws, each["TrainingJobName"])
        with pytest.raises(ClientError, match=r"Requested resource not found"):
            aws.sagemaker.list_tags(ResourceArn=each["TrainingJobArn"])
        assert aws.read(each["ModelArtifacts"]["S3ModelArtifacts"])


def names(aws: Aws, tuning_job: str) -> list[str]:
    return [each["TrainingJobName"] for each in aws.training_jobs(tuning_job)]


def describe(aws: Aws, training_job: str) -> Document:
    job: Document = aws.sagemaker.describe_training_job(TrainingJobName=training_job)
    del job["ResponseMetadata"]
    return job
