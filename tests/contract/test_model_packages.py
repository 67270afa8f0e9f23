"""Model packages and their groups: versions, approval, and what is deployed of them."""

from collections.abc import Callable
from pathlib import Path

import botocore.exceptions
import pytest

from tests.contract import serving
from tests.contract.aws import Aws, Document
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import IMAGE

ROW = "0.1,0.2,0.3,0.4,0.5"


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture
def group(aws: Aws) -> str:
    name = serving.unique("Group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def specification(uri: str) -> Document:
    return {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": uri}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def add_version(aws: Aws, group: str, uri: str, **members: object) -> str:
    """A version more of a group; its ARN."""
    arn: str = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification(uri), **members
    )["ModelPackageArn"]
    return arn


def refusal(call: Callable[..., object], **members: object) -> tuple[str, str]:
    """Code and message of a refused call."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_versions_count_up_and_wait_for_approval(aws: Aws, uri: str, group: str) -> None:
    """A number is not given twice, and everything that was sent is described."""
    metrics = {
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/metrics"}
        }
    }
    first = add_version(aws, group, uri, ModelMetrics=metrics)
    assert first.endswith(f":model-package/{group.lower()}/1")
    described = aws.sagemaker.describe_model_package(ModelPackageName=first)
    assert described["ModelPackageGroupName"] == group
    assert described["ModelPackageVersion"] == 1
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"
    assert described["ModelMetrics"] == metrics
    assert described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == uri
    second = add_version(aws, group, uri, ModelApprovalStatus="Approved")
    aws.sagemaker.delete_model_package(ModelPackageName=second)
    assert add_version(aws, group, uri).endswith("/3")


def test_only_what_is_approved_is_deployed(aws: Aws, uri: str, group: str) -> None:
    """The model of an approved package predicts what one of its artifact does."""
    package = add_version(aws, group, uri)
    request: Document = {
        "ModelName": serving.unique("model"),
        "ExecutionRoleArn": serving.ROLE,
        "PrimaryContainer": {"ModelPackageName": package},
    }
    code, message = refusal(aws.sagemaker.create_model, **request)
    assert code == "ValidationException"
    assert "PendingManualApproval" in message
    aws.sagemaker.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="measured"
    )
    described = aws.sagemaker.describe_model_package(ModelPackageName=package)
    assert described["ApprovalDescription"] == "measured"
    assert described["LastModifiedTime"] >= described["CreationTime"]
    aws.sagemaker.create_model(**request)
    endpoint = serving.create_endpoint(aws, request["ModelName"])
    plain = serving.create_endpoint(aws, serving.create_model(aws, uri))
    assert serving.invoke(aws, endpoint, ROW)["Body"] == serving.invoke(aws, plain, ROW)["Body"]


def create_model(aws: Aws, **container: object) -> str:
    """A model of a package; its name."""
    name = serving.unique("model")
    aws.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=serving.ROLE, PrimaryContainer=container
    )
    return name


def test_the_environment_of_a_package_is_its_models(aws: Aws, uri: str, group: str) -> None:
    """What would change the answers is not lost on the way; the model's own is put over it."""
    inference = specification(uri)
    inference["Containers"][0]["Environment"] = {"SAGEMAKER_INFERENCE_OUTPUT": "probabilities"}
    package = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification=inference,
        ModelApprovalStatus="Approved",
    )["ModelPackageArn"]
    model = create_model(aws, ModelPackageName=package, Environment={"OTHER": "1"})
    endpoint = serving.create_endpoint(aws, model)
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "SAGEMAKER_INFERENCE_OUTPUT" in described["FailureReason"]


def test_a_model_can_be_of_an_additional_specification(aws: Aws, uri: str, group: str) -> None:
    """It is the one of this name that is deployed; a name that is not there is refused."""
    package = add_version(aws, group, "s3://bucket/nothing", ModelApprovalStatus="Approved")
    aws.sagemaker.update_model_package(
        ModelPackageArn=package,
        AdditionalInferenceSpecificationsToAdd=[{"Name": "good", **specification(uri)}],
    )
    model = create_model(aws, ModelPackageName=package, InferenceSpecificationName="good")
    endpoint = serving.create_endpoint(aws, model)
    assert float(serving.invoke(aws, endpoint, ROW)["Body"])
    code, message = refusal(
        aws.sagemaker.create_model,
        ModelName=serving.unique("model"),
        ExecutionRoleArn=serving.ROLE,
        PrimaryContainer={"ModelPackageName": package, "InferenceSpecificationName": "bad"},
    )
    assert code == "ValidationException"
    assert message.endswith("AdditionalInferenceSpecifications has good.")


def test_an_update_leaves_what_it_does_not_name(aws: Aws, uri: str, group: str) -> None:
    """Properties are merged, removed by key, and the ARN stays as AWS gave it."""
    package = add_version(aws, group, uri, CustomerMetadataProperties={"a": "1", "b": "2"})
    aws.sagemaker.update_model_package(
        ModelPackageArn=package.replace(group.lower(), group.upper()),
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    described = aws.sagemaker.describe_model_package(ModelPackageName=package)
    assert described["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert described["ModelPackageArn"] == package
    assert described["ModelApprovalStatus"] == "PendingManualApproval"


def test_lists(aws: Aws, uri: str, group: str) -> None:
    """Of a group by approval status; packages without a group stand in lists of their own."""
    versions = [add_version(aws, group, uri) for _ in range(3)]
    aws.sagemaker.update_model_package(ModelPackageArn=versions[1], ModelApprovalStatus="Rejected")
    alone = serving.unique("alone")
    aws.sagemaker.create_model_package(
        ModelPackageName=alone, InferenceSpecification=specification(uri)
    )

    def listed(**filters: str) -> list[str]:
        found = aws.sagemaker.list_model_packages(MaxResults=100, **filters)
        return [each["ModelPackageArn"] for each in found["ModelPackageSummaryList"]]

    assert sorted(listed(ModelPackageGroupName=group)) == versions
    rejected = listed(ModelPackageGroupName=group, ModelApprovalStatus="Rejected")
    assert rejected == [versions[1]]
    assert any(arn.endswith(alone) for arn in listed())
    assert not set(versions) & set(listed())
    assert set(versions) <= set(listed(ModelPackageType="Versioned"))
    both = listed(ModelPackageType="Both")
    assert set(versions) < set(both)
    summaries = aws.sagemaker.list_model_package_groups(NameContains=group)
    assert [
        each["ModelPackageGroupName"] for each in summaries["ModelPackageGroupSummaryList"]
    ] == [group]


def test_many_are_described_at_once(aws: Aws, uri: str, group: str) -> None:
    """What is not there is an error of its own in the answer."""
    package = add_version(aws, group, uri)
    missing = package[:-1] + "9"
    answer = aws.sagemaker.batch_describe_model_package(ModelPackageArnList=[package, missing])
    assert answer["ModelPackageSummaries"][package]["ModelPackageVersion"] == 1
    assert "does not exist" in answer["BatchDescribeModelPackageErrorMap"][missing]["ErrorResponse"]


def test_a_group_is_deleted_when_it_is_empty(aws: Aws, uri: str, group: str) -> None:
    """Until then AWS answers a conflict."""
    package = add_version(aws, group, uri)
    sagemaker = aws.sagemaker
    code, message = refusal(sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    assert code == "ConflictException"
    assert "Delete them first" in message
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    code, message = refusal(sagemaker.describe_model_package_group, ModelPackageGroupName=group)
    assert (code, "does not exist" in message) == ("ValidationException", True)


def test_what_no_package_can_be_made_of(aws: Aws, uri: str, group: str) -> None:
    """Two names or none, and a group that is not there."""
    create = aws.sagemaker.create_model_package
    inference = specification(uri)
    for members, words in (
        ({}, "either ModelPackageName or ModelPackageGroupName"),
        ({"ModelPackageName": "a", "ModelPackageGroupName": group}, "either ModelPackageName or"),
        ({"ModelPackageGroupName": "nothing"}, "does not exist"),
    ):
        code, message = refusal(create, InferenceSpecification=inference, **members)
        assert code == "ValidationException"
        assert words in message


def test_packages_are_not_validated(aws: Aws, uri: str) -> None:
    """The transform jobs that would are refused rather than said to have succeeded."""
    job = {
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}
        },
        "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    code, message = refusal(
        aws.sagemaker.create_model_package,
        ModelPackageName=serving.unique("validated"),
        InferenceSpecification=specification(uri),
        ValidationSpecification={
            "ValidationRole": serving.ROLE,
            "ValidationProfiles": [{"ProfileName": "one", "TransformJobDefinition": job}],
        },
    )
    assert code == "ValidationException"
    assert "ValidationSpecification" in message


def test_a_request_that_is_sent_twice_makes_one_version(aws: Aws, uri: str, group: str) -> None:
    """By its token, as botocore repeats what got no answer; another token is another version."""
    first = add_version(aws, group, uri, ClientToken="one")
    assert add_version(aws, group, uri, ClientToken="one") == first
    assert add_version(aws, group, uri, ClientToken="two").endswith("/2")
    described = aws.sagemaker.describe_model_package(ModelPackageName=first)
    assert not {name for name in described if "Token" in name}
    again = aws.sagemaker.list_model_packages(ModelPackageGroupName=group)
    assert len(again["ModelPackageSummaryList"]) == 2


def test_groups_of_other_accounts(aws: Aws, group: str) -> None:
    """There are none, and one's own are not given for them."""
    list_groups = aws.sagemaker.list_model_package_groups
    own = list_groups(NameContains=group, CrossAccountFilterOption="SameAccount")
    assert len(own["ModelPackageGroupSummaryList"]) == 1
    others = list_groups(CrossAccountFilterOption="CrossAccount")
    assert others["ModelPackageGroupSummaryList"] == []


def test_an_arn_of_another_region_means_nothing_here(aws: Aws, uri: str, group: str) -> None:
    """Neither deleted nor tagged is what has the same name in this region."""
    arn = add_version(aws, group, uri)
    foreign = arn.replace("us-east-1", "eu-west-1")
    sagemaker = aws.sagemaker
    code, words = refusal(sagemaker.delete_model_package, ModelPackageName=foreign)
    assert code == "ValidationException"
    assert "does not exist" in words
    tags = [{"Key": "team", "Value": "another"}]
    code, words = refusal(sagemaker.add_tags, ResourceArn=foreign, Tags=tags)
    assert code == "ValidationException"
    assert foreign in words
    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageArn"] == arn
    assert not sagemaker.list_tags(ResourceArn=arn)["Tags"]


def test_policies_of_groups_are_refused(aws: Aws, group: str) -> None:
    """By name: nothing here would follow them."""
    code, message = refusal(
        aws.sagemaker.put_model_package_group_policy,
        ModelPackageGroupName=group,
        ResourcePolicy="{}",
    )
    assert code == "UnknownOperationException"
    assert "PutModelPackageGroupPolicy" in message


def test_packages_outlive_the_process(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """With their tags, statuses and the count of versions, over the same data directory."""
    aws, process = start_endpoint("--data-dir", str(tmp_path / "data"))
    aws.sagemaker.create_model_package_group(
        ModelPackageGroupName="kept", Tags=[{"Key": "team", "Value": "retraining"}]
    )
    package = add_version(aws, "kept", "s3://bucket/model.tar.gz", ModelApprovalStatus="Approved")
    process.kill()
    process.wait()
    again, _ = start_endpoint("--data-dir", str(tmp_path / "data"))
    described = again.sagemaker.describe_model_package(ModelPackageName=package)
    assert described["ModelApprovalStatus"] == "Approved"
    arn = again.sagemaker.describe_model_package_group(ModelPackageGroupName="kept")[
        "ModelPackageGroupArn"
    ]
    tags = again.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "retraining"}]
    assert add_version(again, "kept", "s3://bucket/model.tar.gz").endswith("/2")
