"""What a retention rule deletes and what it leaves, against the local endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.operators.deployment import SageMakerDeployModelPackageOperator
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.model_package import (
    SageMakerRegisterModelPackageOperator,
    SageMakerUpdateModelPackageOperator,
)
from sagemaker_tuning.operators.retention import SageMakerApplyRetentionOperator
from tests.contract import serving
from tests.contract.examples import CONFIG, IMAGE, changed, example
from tests.operators.task import context

if TYPE_CHECKING:
    from tests.conftest import Faults
    from tests.contract.aws import Aws, Document

_ROW = "0.1,0.2,0.3,0.4,0.5"


@dataclass
class Pipeline:
    """What retraining pipelines do week after week, by the operators that they do it with."""

    aws: Aws
    bucket: str
    group: str
    endpoint: str

    def tune(self, jobs: int = 1) -> list[str]:
        """Give the training jobs of a new tuning job."""
        request = changed(
            example(self.bucket),
            *(CONFIG, "ResourceLimits"),
            value={"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
        )
        name = self.aws.run(request)["HyperParameterTuningJobName"]
        return [each["TrainingJobName"] for each in self.aws.training_jobs(name)]

    def register(self, training_job: str) -> str:
        operator = SageMakerRegisterModelPackageOperator(
            task_id="register",
            training_job_name=training_job,
            model_package_group_name=self.group,
            content_types="text/csv",
            response_types="text/csv",
            approval_status="Rejected",
            deferrable=False,
        )
        return str(operator.execute(context())["ModelPackageArn"])

    def deploy(self, package: str) -> str:
        """Approve and deploy; give the endpoint configuration."""
        self.approve(package)
        operator = SageMakerDeployModelPackageOperator(
            task_id="deploy",
            model_package_name=package,
            endpoint_name=self.endpoint,
            role=serving.ROLE,
            instance_type="ml.m5.large",
            deferrable=False,
            poll_interval=0.1,
        )
        return str(operator.execute(context())["EndpointConfigName"])

    def approve(self, package: str, status: str = "Approved") -> None:
        SageMakerUpdateModelPackageOperator(
            task_id="approve", model_package_name=package, approval_status=status
        ).execute(context())

    def clean_up(self, **arguments: Any) -> Document:
        given: Document = {
            "endpoint_name": self.endpoint,
            "keep": 1,
            "model_package_group_name": self.group,
        }
        operator = SageMakerApplyRetentionOperator(task_id="clean_up", **(given | arguments))
        result = operator.execute(context())
        json.dumps(result)  # it goes to XCom
        return result

    def versions(self) -> list[str]:
        pages = self.aws.sagemaker.get_paginator("list_model_packages")
        found = pages.paginate(ModelPackageGroupName=self.group)
        return sorted(
            each["ModelPackageArn"] for p in found for each in p["ModelPackageSummaryList"]
        )

    def models(self) -> list[str]:
        found = self.aws.sagemaker.list_models(NameContains=self.group)["Models"]
        return sorted(each["ModelName"] for each in found)

    def configs(self) -> set[str]:
        found = self.aws.sagemaker.list_endpoint_configs(NameContains=self.group)
        return {each["EndpointConfigName"] for each in found["EndpointConfigs"]}

    def folders(self, *training_jobs: str) -> set[str]:
        """Give which of the training jobs have objects."""
        found = set()
        for name in training_jobs:
            prefix = f"output/{name}/"
            answer = self.aws.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
            if answer["KeyCount"]:
                found.add(name)
        return found

    def answers(self) -> bool:
        return bool(float(serving.invoke(self.aws, self.endpoint, _ROW)["Body"]))


@pytest.fixture
def pipeline(aws: Aws, bucket: str) -> Pipeline:
    return Pipeline(aws, bucket, serving.unique("churn"), serving.unique("endpoint"))


def _arns(entries: list[Document]) -> set[str]:
    return {entry["ModelPackageArn"] for entry in entries}


def test_week_after_week_only_what_is_needed_is_left(pipeline: Pipeline) -> None:
    """Champion, newest, what is served and what it goes back to; of one tuning job half may go."""
    one, two, spare = pipeline.tune(jobs=3)
    (three,), (four,) = pipeline.tune(), pipeline.tune()
    packages = [pipeline.register(name) for name in (one, two, three, four)]
    first_config, *configs = [pipeline.deploy(package) for package in packages[:3]]
    expected = {
        "ModelPackageArn": packages[0],
        "EndpointConfigNames": [first_config],
        "ModelName": f"{pipeline.group}-v1",
    }
    dry = pipeline.clean_up(dry_run="true")
    assert dry["Deleted"] == [expected]
    assert pipeline.versions() == packages
    assert pipeline.folders(one, two, spare) == {one, two, spare}

    result = pipeline.clean_up()
    (deleted,) = result["Deleted"]
    assert deleted.pop("Objects") >= 2
    assert deleted == expected | {"LogStreams": 0}
    assert _arns(result["Kept"]) == set(packages[1:])
    assert result["LeftAlone"] == []
    assert pipeline.versions() == packages[1:]
    assert pipeline.configs() == set(configs)
    assert pipeline.models() == [f"{pipeline.group}-v{version}" for version in (2, 3)]
    assert pipeline.folders(one, two, spare, three, four) == {two, three, four}
    assert pipeline.answers()
    assert pipeline.clean_up()["Deleted"] == []

    pipeline.deploy(packages[3])
    assert _arns(pipeline.clean_up(delete_log_streams=True)["Deleted"]) == {packages[1]}
    assert pipeline.folders(one, two, spare, three, four) == {three, four}
    assert pipeline.versions() == packages[2:]
    assert pipeline.answers()


def test_a_clean_up_that_died_is_finished_by_the_next(pipeline: Pipeline, faults: Faults) -> None:
    """Wherever: the package goes last, and by it the rest is found."""
    old, new = (pipeline.tune()[0] for _ in range(2))
    arns = [pipeline.register(name) for name in (old, new)]
    pipeline.deploy(arns[0])
    pipeline.deploy(arns[1])
    # What is served now has nothing to go back to, so the older one may go.
    config = pipeline.aws.sagemaker.describe_endpoint(EndpointName=pipeline.endpoint)
    arn = pipeline.aws.sagemaker.describe_endpoint_config(
        EndpointConfigName=config["EndpointConfigName"]
    )["EndpointConfigArn"]
    pipeline.aws.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["sagemaker-tuning:previous"])
    denied = {"kind": "error", "code": "AccessDeniedException", "message": "no", "status": 400}
    for operation in ("DeleteEndpointConfig", "DeleteModel", "s3:POST", "DeleteModelPackage"):
        faults.put({**denied, "operation": operation, "times": None})
        with pytest.raises(AwsCallFailed):
            pipeline.clean_up()
        assert pipeline.versions() == arns
    assert pipeline.folders(old) == set()
    faults.clear()
    (deleted,) = pipeline.clean_up()["Deleted"]
    assert deleted == {
        "ModelPackageArn": arns[0],
        "EndpointConfigNames": [],
        "ModelName": None,
        "Objects": 0,
        "LogStreams": 0,
    }
    assert pipeline.versions() == arns[1:]


@pytest.mark.parametrize(
    "operation",
    [
        "ListModelPackages",
        "DescribeModelPackage",
        "DescribeEndpoint",
        "ListEndpointConfigs",
        "DescribeHyperParameterTuningJob",
    ],
)
def test_what_may_not_be_read_is_not_taken_for_absent(
    completed: Document, pipeline: Pipeline, faults: Faults, operation: str
) -> None:
    """Nothing is deleted then."""
    jobs = pipeline.aws.training_jobs(completed["HyperParameterTuningJobName"])[:2]
    arns = [pipeline.register(job["TrainingJobName"]) for job in jobs]
    denied = {"kind": "error", "code": "AccessDeniedException", "message": "no", "status": 400}
    faults.put({**denied, "operation": operation, "times": None})
    with pytest.raises(AwsCallFailed, match="AccessDenied"):
        pipeline.clean_up()
    faults.clear()
    assert pipeline.versions() == arns


def test_what_others_made_stays(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    """Their versions, a model under our name, and artifacts that any of them needs."""
    needed, with_model, plain = pipeline.tune(jobs=3)
    arns = [pipeline.register(name) for name in (plain, with_model)]
    latest = pipeline.register(pipeline.tune()[0])
    uri = f"s3://{pipeline.bucket}/output/{needed}/output/model.tar.gz"
    container = {"Image": IMAGE, "ModelDataUrl": uri}
    foreign = pipeline.aws.sagemaker.create_model_package(
        ModelPackageGroupName=pipeline.group,
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    model = f"{pipeline.group}-v1"
    pipeline.aws.sagemaker.create_model(
        ModelName=model, ExecutionRoleArn=serving.ROLE, PrimaryContainer=container
    )
    SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model", training_job_name=with_model
    ).execute(context())
    result = pipeline.clean_up(endpoint_name=None)
    assert _arns(result["Deleted"]) == set(arns)
    assert _arns(result["Kept"]) == {latest}
    assert _arns(result["LeftAlone"]) == {foreign}
    assert pipeline.models() == [model]
    assert f"The model {model} stays" in caplog.text
    assert pipeline.folders(needed, with_model, plain) == {needed, with_model}


def test_an_artifact_that_the_endpoint_serves_by_other_means_stays(pipeline: Pipeline) -> None:
    """By a model and a configuration of somebody else's, from the tuning job of what goes."""
    served, plain = pipeline.tune(jobs=2)
    gone = pipeline.register(plain)
    pipeline.register(pipeline.tune()[0])
    uri = f"s3://{pipeline.bucket}/output/{served}/output/model.tar.gz"
    endpoint = serving.create_endpoint(pipeline.aws, serving.create_model(pipeline.aws, uri))
    result = pipeline.clean_up(endpoint_name=endpoint)
    assert _arns(result["Deleted"]) == {gone}
    assert pipeline.folders(served, plain) == {served}


def test_a_group_that_is_not_there_has_nothing_to_delete(pipeline: Pipeline) -> None:
    """The first run of a pipeline may fail before it registers anything."""
    result = pipeline.clean_up(keep="3")
    assert result == {"Deleted": [], "Kept": [], "LeftAlone": [], "DryRun": False}


@pytest.mark.parametrize("keep", [0, -1, "", "many", True, 1.5, None])
def test_how_many_are_kept_is_a_number(pipeline: Pipeline, keep: Any) -> None:
    """Of a template's, too; before any call."""
    with pytest.raises(AirflowFailException, match=r"keep: .*: a whole number, 1 or more"):
        pipeline.clean_up(keep=keep)
    with pytest.raises(AirflowFailException, match="dry_run: 'perhaps': true or false"):
        pipeline.clean_up(dry_run="perhaps")


@pytest.mark.parametrize("name", ["", "an endpoint", "x" * 64])
def test_what_can_be_no_endpoints_name_is_not_taken_for_absent(
    pipeline: Pipeline, name: str
) -> None:
    """AWS says of it what it says of one that is not there, which needs nothing."""
    with pytest.raises(AirflowFailException, match="EndpointName: "):
        pipeline.clean_up(endpoint_name=name)
