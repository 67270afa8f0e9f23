"""Everything that tuning leaves behind, away again, on the local endpoint."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    SageMakerTuningError,
)
from sagemaker_tuning.operators.endpoint import SageMakerDeleteEndpointOperator
from sagemaker_tuning.operators.leftovers import (
    SageMakerDeleteTuningJobArtifactsOperator,
    SageMakerDeleteTuningJobLogStreamsOperator,
)
from sagemaker_tuning.operators.model import SageMakerDeleteModelOperator
from sagemaker_tuning.operators.model_package import SageMakerDeleteModelPackageOperator
from tests.contract import serving
from tests.contract.examples import DEFINITION, IMAGE, changed, endless, example
from tests.operators.task import context

if TYPE_CHECKING:
    from tests.contract.aws import Aws, Document

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def test_what_is_absent_is_as_good_as_deleted(
    aws: Aws, completed: Document, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each operator deletes what is there, and says at its second run that nothing is."""
    model = serving.create_model(aws, serving.artifact_of(aws, completed))
    endpoint = serving.create_endpoint(aws, model)
    config = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    group = serving.unique("Group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": serving.artifact_of(aws, completed)}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    operators: list[Any] = [
        SageMakerDeleteEndpointOperator(
            task_id="a", endpoint_name=endpoint, endpoint_config_name=config
        ),
        SageMakerDeleteModelOperator(task_id="b", model_name=model),
        SageMakerDeleteModelPackageOperator(task_id="c", model_package_name=package),
    ]
    for operator in operators:
        operator.execute(context())
    sagemaker = aws.sagemaker
    assert not sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]
    assert not sagemaker.list_endpoint_configs(NameContains=config)["EndpointConfigs"]
    assert not sagemaker.list_models(NameContains=model)["Models"]
    listed = sagemaker.list_model_packages(ModelPackageGroupName=group)
    assert not listed["ModelPackageSummaryList"]
    capfd.readouterr()
    for operator in operators:
        operator.execute(context())
    assert capfd.readouterr().out.count("is not there, so there is nothing to delete") == 4


def test_the_configuration_is_the_one_that_the_endpoint_has(aws: Aws, completed: Document) -> None:
    """It need not be named, and stays where it is wanted to."""
    model = serving.create_model(aws, serving.artifact_of(aws, completed))
    for keep in (False, True):
        endpoint = serving.create_endpoint(aws, model)
        config = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        SageMakerDeleteEndpointOperator(
            task_id="delete", endpoint_name=endpoint, keep_endpoint_config=keep
        ).execute(context())
        configs = aws.sagemaker.list_endpoint_configs(NameContains=config)["EndpointConfigs"]
        assert [found["EndpointConfigName"] for found in configs] == ([config] if keep else [])


@pytest.mark.parametrize("name", ["", "not_a_name", "x" * 64])
def test_what_can_be_no_name_is_not_taken_for_absent(name: str) -> None:
    """A template that rendered to nothing must not look like a clean-up that succeeded."""
    with pytest.raises(AirflowFailException) as refused:
        SageMakerDeleteModelOperator(task_id="delete", model_name=name).execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)


def test_a_refusal_is_not_taken_for_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether something is there is unknown while AWS does not answer."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(AwsCallFailed, match="DeleteModel got no answer"):
        SageMakerDeleteModelOperator(task_id="delete", model_name="churn").execute(context())


def _objects(aws: Aws, bucket: str) -> set[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {found["Key"] for page in pages for found in page.get("Contents", [])}


def _log_streams(aws: Aws) -> set[str]:
    pages = (
        aws.client("logs").get_paginator("describe_log_streams").paginate(logGroupName=_LOG_GROUP)
    )
    return {found["logStreamName"] for page in pages for found in page["logStreams"]}


def test_only_what_the_tuning_job_left_is_deleted(aws: Aws, bucket: str) -> None:
    """Not the data, not another tuning job's, not what merely has a similar name; all of it."""
    folder = f"output-{uuid.uuid4().hex[:8]}"
    names = ["churn", "churn-2"]
    for name in names:
        request = changed(
            example(bucket),
            DEFINITION,
            "OutputDataConfig",
            "S3OutputPath",
            value=f"s3://{bucket}/{folder}/",
        )
        request["HyperParameterTuningJobName"] = f"{name}-{folder[-8:]}"
        aws.run(request)
    mine, other = (f"{name}-{folder[-8:]}" for name in names)
    jobs = {name: aws.training_jobs(name) for name in (mine, other)}
    first = jobs[mine][0]["TrainingJobName"]
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/{first}/debug-output/0", Body=b"")
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/{first}-notes.txt", Body=b"")
    before, streams = _objects(aws, bucket), _log_streams(aws)
    best = aws.describe(mine)["BestTrainingJob"]["TrainingJobName"]
    operator = SageMakerDeleteTuningJobArtifactsOperator(task_id="delete", tuning_job_name=mine)
    deleted = operator.execute(context())
    gone = before - _objects(aws, bucket)
    expected = {
        key
        for key in before
        for job in jobs[mine]
        if key.startswith(f"{folder}/{job['TrainingJobName']}/") and job["TrainingJobName"] != best
    }
    assert gone == expected
    assert deleted == len(expected)
    assert operator.execute(context()) == 0
    logs = SageMakerDeleteTuningJobLogStreamsOperator(task_id="logs", tuning_job_name=mine)
    arn = aws.describe(mine)["HyperParameterTuningJobArn"]
    assert logs.execute(context()) == len(jobs[mine])
    assert {stream.partition("/")[0] for stream in streams - _log_streams(aws)} == {
        job["TrainingJobName"] for job in jobs[mine]
    }
    everything = SageMakerDeleteTuningJobArtifactsOperator(
        task_id="delete", tuning_job_name=arn, keep_best=False, keep_training_job_names=best
    )
    everything.execute(context())
    left = {key.split("/")[1] for key in _objects(aws, bucket) if key.startswith(f"{folder}/")}
    assert left == {f"{first}-notes.txt", best, *(job["TrainingJobName"] for job in jobs[other])}


@pytest.mark.parametrize("names", ["None", "churn-001-0a1b2c3d", ["churn"], "", None, [None], "1"])
def test_a_name_to_keep_that_is_none_deletes_nothing(
    aws: Aws, completed: Document, names: Any
) -> None:
    """A template that rendered to nothing, or a typing error, must not cost an artifact."""
    artifact = serving.artifact_of(aws, completed)
    operator = SageMakerDeleteTuningJobArtifactsOperator(
        task_id="delete",
        tuning_job_name=completed["HyperParameterTuningJobName"],
        keep_best=False,
        keep_training_job_names=names,
    )
    with pytest.raises(AirflowFailException, match="keep_training_job_names: ") as refused:
        operator.execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    assert aws.read(artifact)


def test_a_tuning_job_that_runs_is_not_cleaned_up(aws: Aws, bucket: str) -> None:
    """It would go on writing; one that is not there has nothing."""
    name = aws.create(endless(example(bucket)))
    operators: list[Any] = [
        SageMakerDeleteTuningJobArtifactsOperator(task_id="a", tuning_job_name=name),
        SageMakerDeleteTuningJobLogStreamsOperator(task_id="b", tuning_job_name=name),
    ]
    for operator in operators:
        with pytest.raises(SageMakerTuningError, match="InProgress: stop it"):
            operator.execute(context())
        operator.tuning_job_name = "no-such-job"
        assert operator.execute(context()) == 0
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_a_bucket_that_is_gone_is_no_error(aws: Aws, bucket: str) -> None:
    """Whoever deleted it deleted the artifacts."""
    output = serving.unique("bucket")
    aws.s3.create_bucket(Bucket=output)
    path = (DEFINITION, "OutputDataConfig", "S3OutputPath")
    name = aws.run(changed(example(bucket), *path, value=f"s3://{output}"))[
        "HyperParameterTuningJobName"
    ]
    operator = SageMakerDeleteTuningJobArtifactsOperator(
        task_id="delete", tuning_job_name=name, keep_best=False
    )
    assert operator.execute(context()) > 0
    aws.s3.delete_bucket(Bucket=output)
    assert operator.execute(context()) == 0
