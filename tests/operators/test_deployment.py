"""A model package on an endpoint, and taken off again, against the local endpoint."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sagemaker_tuning.core.errors import (
    DeploymentFailed,
    InvalidTuningRequest,
    TuningJobConflict,
)
from sagemaker_tuning.operators.deployment import SageMakerDeployModelPackageOperator
from sagemaker_tuning.operators.rollback import SageMakerRollBackEndpointOperator
from tests.contract import serving
from tests.contract.examples import IMAGE
from tests.operators.task import FakeTaskInstance, context

if TYPE_CHECKING:
    from tests.conftest import Faults
    from tests.contract.aws import Aws, Document

_ROW = "0.1,0.2,0.3,0.4,0.5"


@pytest.fixture
def group(aws: Aws) -> str:
    name = serving.unique("Group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def artifact(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


def _package(aws: Aws, group: str, artifact: str, **members: Any) -> str:
    container = {"Image": IMAGE, "ModelDataUrl": artifact}
    answer = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **members,
    )
    return str(answer["ModelPackageArn"])


def _deploy(package: str, endpoint: str, **arguments: Any) -> SageMakerDeployModelPackageOperator:
    given: Document = {"role": serving.ROLE, "instance_type": "ml.m5.large", "deferrable": False}
    return SageMakerDeployModelPackageOperator(
        task_id="deploy",
        model_package_name=package,
        endpoint_name=endpoint,
        poll_interval=0.1,
        **(given | arguments),
    )


def _roll_back(package: str, endpoint: str) -> Document:
    return _rollback(package, endpoint).execute(context())


def _rollback(package: str, endpoint: str) -> SageMakerRollBackEndpointOperator:
    return SageMakerRollBackEndpointOperator(
        task_id="rollback",
        model_package_name=package,
        endpoint_name=endpoint,
        reason="no good",
        poll_interval=0.1,
        deferrable=False,
    )


def _status(aws: Aws, endpoint: str) -> str:
    return str(aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])


def _approval(aws: Aws, package: str) -> tuple[str, str | None]:
    found = aws.sagemaker.describe_model_package(ModelPackageName=package)
    return found["ModelApprovalStatus"], found.get("ApprovalDescription")


def _names(aws: Aws, package: str) -> tuple[list[str], list[str]]:
    prefix = package.rpartition("/")[0].rpartition("/")[2]
    configs = aws.sagemaker.list_endpoint_configs(NameContains=prefix)["EndpointConfigs"]
    models = aws.sagemaker.list_models(NameContains=prefix)["Models"]
    return (
        [each["EndpointConfigName"] for each in configs],
        [each["ModelName"] for each in models],
    )


def test_a_package_that_waits_for_approval_is_deployed(aws: Aws, group: str, artifact: str) -> None:
    """Endpoint, configuration and model say what they are from; a second run changes nothing."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    operator = _deploy(package, endpoint, tags=[{"Key": "team", "Value": "retraining"}])
    result = operator.execute(context())
    assert _approval(aws, package) == ("PendingManualApproval", None)
    assert result["ModelName"] == f"{group.lower()}-v1"
    assert result["EndpointConfigName"].startswith(f"{group.lower()}-v1-")
    assert result["PreviousEndpointConfigName"] is None
    assert float(serving.invoke(aws, endpoint, _ROW)["Body"])
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=result["EndpointConfigName"])
    listed = aws.sagemaker.list_tags(ResourceArn=config["EndpointConfigArn"])["Tags"]
    tags = {each["Key"]: each["Value"] for each in listed}
    assert tags["team"] == "retraining"
    assert tags["sagemaker-tuning:model_package"] == package
    assert tags["sagemaker-tuning:endpoint"] == endpoint
    assert "sagemaker-tuning:previous" not in tags
    again = _deploy(package, endpoint, tags=[{"Key": "team", "Value": "retraining"}])
    assert again.execute(context()) == result
    assert _names(aws, package) == ([result["EndpointConfigName"]], [result["ModelName"]])


def test_callers_do_not_notice_a_deployment(aws: Aws, group: str, artifact: str) -> None:
    """While versions are deployed and rolled back, whoever asks gets a prediction each time."""
    endpoint = serving.unique("endpoint")
    first, second = (_package(aws, group, artifact) for _ in range(2))
    before = _deploy(first, endpoint).execute(context())
    ended = threading.Event()

    def call() -> int:
        count = 0
        while not ended.wait(0.02):
            assert float(serving.invoke(aws, endpoint, _ROW)["Body"])
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call) for _ in range(2)]
        try:
            result = _deploy(second, endpoint).execute(context())
            back = _roll_back(second, endpoint)
        finally:
            ended.set()
        assert all(each.result() for each in calls)
    assert result["PreviousEndpointConfigName"] == before["EndpointConfigName"]
    assert back["EndpointConfigName"] == before["EndpointConfigName"]
    assert back["ModelApprovalStatus"] == "Rejected"
    assert _approval(aws, second) == ("Rejected", "no good")
    assert _approval(aws, first) == ("PendingManualApproval", None)


def test_a_wait_goes_on_in_another_process(aws: Aws, group: str, artifact: str) -> None:
    """Deferred, nothing is kept but AWS's own state; the endpoint is created once."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    ti = FakeTaskInstance(task_id="deploy")
    with pytest.raises(TaskDeferred) as deferred:
        _deploy(package, endpoint, deferrable=True).execute_again(context(ti))
    assert deferred.value.method_name == "execute_again"
    serving.settled(aws, endpoint)
    result = _deploy(package, endpoint, deferrable=True).execute_again(context(ti))
    assert result["EndpointName"] == endpoint
    assert _status(aws, endpoint) == "InService"


def test_a_first_deployment_is_rolled_back_to_nothing(aws: Aws, group: str, artifact: str) -> None:
    """Nothing was served before, so the endpoint goes; again, there is nothing to do."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    _deploy(package, endpoint).execute(context())
    for _ in range(2):
        assert _roll_back(package, endpoint)["EndpointConfigName"] is None
    assert not aws.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]
    with pytest.raises(AirflowFailException, match=r"is Rejected \(no good\)") as refused:
        _deploy(package, endpoint).execute(context())
    assert isinstance(refused.value.__cause__, DeploymentFailed)


def test_another_package_is_left_alone_by_a_rollback(aws: Aws, group: str, artifact: str) -> None:
    """What nobody began to deploy there stays as it is; what no longer serves is rejected."""
    endpoint = serving.unique("endpoint")
    first, second, third = (_package(aws, group, artifact) for _ in range(3))
    for package in ("", first):
        with pytest.raises(AirflowSkipException):
            _roll_back(package, endpoint)
    _deploy(second, endpoint).execute(context())
    result = _deploy(third, endpoint).execute(context())
    with pytest.raises(AirflowSkipException, match="was never deployed"):
        _roll_back(first, endpoint)
    assert _approval(aws, first) == ("PendingManualApproval", None)
    assert _roll_back(second, endpoint)["EndpointConfigName"] == result["EndpointConfigName"]
    assert _approval(aws, second) == ("Rejected", "no good")
    assert _status(aws, endpoint) == "InService"


@pytest.mark.parametrize(
    ("states", "is_rolled_back"),
    [
        ({"deploy": "upstream_failed", "predict": "upstream_failed"}, False),
        ({"deploy": "upstream_failed", "predict": None}, False),
        ({"deploy": "failed", "predict": "upstream_failed"}, True),
        ({"deploy": "success", "predict": "failed"}, True),
    ],
    ids=["neither-ran", "neither-will-run", "deploy", "predict"],
)
def test_what_failed_before_the_deployment_takes_nothing_off_the_endpoint(
    aws: Aws, group: str, artifact: str, states: dict[str, str | None], *, is_rolled_back: bool
) -> None:
    """A cleared run whose version serves may fail again: Airflow runs a rollback for that, too."""
    package, endpoint = (_package(aws, group, artifact), serving.unique("endpoint"))
    aws.sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    _deploy(package, endpoint).execute(context())
    with DAG("retrain", schedule=None):
        rollback = _rollback(package, endpoint)
        [EmptyOperator(task_id=name) for name in states] >> rollback
    run = context(FakeTaskInstance(task_id="rollback", states=states))
    if is_rolled_back:
        assert rollback.execute(run)["EndpointConfigName"] is None
        assert _approval(aws, package) == ("Rejected", "no good")
    else:
        with pytest.raises(AirflowSkipException, match="no task right before"):
            rollback.execute(run)
        assert _approval(aws, package) == ("Approved", None)
        assert float(serving.invoke(aws, endpoint, _ROW)["Body"])


def test_the_newest_version_stays(aws: Aws, group: str, artifact: str) -> None:
    """A slower run's older version is refused, unless a downgrade is what is wanted."""
    endpoint = serving.unique("endpoint")
    first, second = (_package(aws, group, artifact) for _ in range(2))
    newer = _deploy(second, endpoint).execute(context())
    with pytest.raises(AirflowFailException, match="newer than version 1") as refused:
        _deploy(first, endpoint).execute(context())
    assert isinstance(refused.value.__cause__, TuningJobConflict)
    older = _deploy(first, endpoint, allow_downgrade=True).execute(context())
    assert older["PreviousEndpointConfigName"] == newer["EndpointConfigName"]


def test_an_endpoint_of_somebody_elses_is_not_overwritten(
    aws: Aws, group: str, artifact: str
) -> None:
    """Made by hand, or serving another group: only if that is wanted, and to be gone back to."""
    endpoint = serving.create_endpoint(aws, serving.create_model(aws, artifact))
    by_hand = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    package = _package(aws, group, artifact)
    with pytest.raises(AirflowFailException, match="nothing that we deployed") as refused:
        _deploy(package, endpoint).execute(context())
    assert isinstance(refused.value.__cause__, TuningJobConflict)
    assert _names(aws, package) == ([], [])
    adopted = _deploy(package, endpoint, adopt_endpoint=True).execute(context())
    assert adopted["PreviousEndpointConfigName"] == by_hand
    other_group = serving.unique("other")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=other_group)
    with pytest.raises(AirflowFailException, match="of another group"):
        _deploy(_package(aws, other_group, artifact), endpoint).execute(context())
    assert _roll_back(package, endpoint)["EndpointConfigName"] == by_hand


def test_other_settings_go_back_to_what_was_before_the_package(
    aws: Aws, group: str, artifact: str
) -> None:
    """A Clear with another instance type is an update; a rollback leaves the package altogether."""
    endpoint = serving.unique("endpoint")
    first, second = (_package(aws, group, artifact) for _ in range(2))
    before = _deploy(first, endpoint).execute(context())["EndpointConfigName"]
    small = _deploy(second, endpoint).execute(context())
    large = _deploy(second, endpoint, instance_type="ml.m5.xlarge").execute(context())
    assert large["EndpointConfigName"] != small["EndpointConfigName"]
    assert large["ModelName"] == small["ModelName"]
    assert large["PreviousEndpointConfigName"] == before
    assert _roll_back(second, endpoint)["EndpointConfigName"] == before


def test_a_rejected_version_is_nothing_to_go_back_to(aws: Aws, group: str, artifact: str) -> None:
    """Of two that overlap, the second goes back past the first, if that was rejected meanwhile."""
    endpoint = serving.unique("endpoint")
    good, bad, last = (_package(aws, group, artifact) for _ in range(3))
    configs = [
        _deploy(package, endpoint).execute(context())["EndpointConfigName"]
        for package in (good, bad, last)
    ]
    assert _roll_back(bad, endpoint)["EndpointConfigName"] == configs[2]
    assert _roll_back(last, endpoint)["EndpointConfigName"] == configs[0]


def test_what_cannot_be_gone_back_to_is_said(aws: Aws, group: str, artifact: str) -> None:
    """The package is Rejected all the same, and the endpoint goes on serving it."""
    endpoint = serving.unique("endpoint")
    first, second = (_package(aws, group, artifact) for _ in range(2))
    before = _deploy(first, endpoint).execute(context())
    _deploy(second, endpoint).execute(context())
    aws.sagemaker.delete_model(ModelName=before["ModelName"])
    with pytest.raises(AirflowFailException, match=f"whose model {before['ModelName']} is not"):
        _roll_back(second, endpoint)
    aws.sagemaker.delete_endpoint_config(EndpointConfigName=before["EndpointConfigName"])
    with pytest.raises(AirflowFailException, match=f"{before['EndpointConfigName']}, which is not"):
        _roll_back(second, endpoint)
    assert _status(aws, endpoint) == "InService"
    assert _approval(aws, second)[0] == "Rejected"


@pytest.mark.parametrize(
    "operation",
    ["CreateModel", "CreateEndpointConfig", "CreateEndpoint", "AddTags", "UpdateEndpoint"],
)
def test_a_lost_answer_is_no_failure(
    aws: Aws, group: str, artifact: str, faults: Faults, operation: str
) -> None:
    """The call was carried out, botocore's repetition is refused, and what it made is found."""
    endpoint = serving.unique("endpoint")
    first, second = (_package(aws, group, artifact) for _ in range(2))
    lost = {"kind": "error_after", "operation": operation}
    faults.put(lost)
    before = _deploy(first, endpoint).execute(context())
    faults.put(lost)
    result = _deploy(second, endpoint).execute(context())
    assert result["PreviousEndpointConfigName"] == before["EndpointConfigName"]
    faults.put(lost)
    assert _roll_back(second, endpoint)["EndpointConfigName"] == before["EndpointConfigName"]


def test_what_aws_rolls_back_by_itself_is_an_error_once_a_try(
    aws: Aws, group: str, artifact: str, bucket: str
) -> None:
    """A model that does not load leaves the endpoint as it was; each try updates it once."""
    endpoint = serving.unique("endpoint")
    broken = serving.put(aws, bucket, serving.archive(other=b"x"))
    good, bad = _package(aws, group, artifact), _package(aws, group, broken)
    before = _deploy(good, endpoint).execute(context())["EndpointConfigName"]
    ti = FakeTaskInstance(task_id="deploy")
    for number in (1, 2):
        ti.try_number = number
        with pytest.raises(AirflowFailException, match="no file xgboost-model") as failed:
            _deploy(bad, endpoint).execute(context(ti))
        assert isinstance(failed.value.__cause__, DeploymentFailed)
    assert _roll_back(bad, endpoint)["EndpointConfigName"] == before
    assert float(serving.invoke(aws, endpoint, _ROW)["Body"])


def test_an_endpoint_that_could_not_be_created_is_created_anew(
    aws: Aws, group: str, artifact: str, bucket: str
) -> None:
    """By a later version, or by the next try; a rollback deletes what is left."""
    endpoint = serving.unique("endpoint")
    broken = serving.put(aws, bucket, serving.archive(other=b"x"))
    bad, good = _package(aws, group, broken), _package(aws, group, artifact)
    ti = FakeTaskInstance(task_id="deploy")
    for number in (1, 2):
        ti.try_number = number
        with pytest.raises(
            AirflowFailException, match=r"it is Failed with .*no file xgboost-model"
        ):
            _deploy(bad, endpoint).execute(context(ti))
    result = _deploy(good, endpoint).execute(context())
    assert _status(aws, endpoint) == "InService"
    _roll_back(bad, endpoint)
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == result["EndpointConfigName"]
    other = serving.unique("endpoint")
    worse = _package(aws, group, broken)
    with pytest.raises(AirflowFailException):
        _deploy(worse, other).execute(context())
    assert _roll_back(worse, other)["EndpointConfigName"] is None
    assert not aws.sagemaker.list_endpoints(NameContains=other)["Endpoints"]


def test_every_mistake_is_named_before_anything_is_created(
    aws: Aws, group: str, artifact: str
) -> None:
    """By AWS's own model of the calls; fields that nobody knows are named with a guess."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    for arguments, words in (
        ({"instance_type": None}, "instance_type: missing"),
        ({"endpoint_config_fields": {"KmsKeyID": "k"}}, "did you mean KmsKeyId"),
        ({"endpoint_config_fields": {"Tags": []}}, "endpoint_config_fields.Tags"),
        ({"model_fields": {"ModelName": "mine"}}, "model_fields.ModelName"),
        ({"deployment_config": {"BlueGreenUpdatePolicy": {}}}, "TrafficRoutingConfiguration"),
        ({"initial_instance_count": 0}, "InitialInstanceCount: 0: at least 1"),
        ({"role": ""}, "ExecutionRoleArn"),
        ({"tags": [{"Key": f"k{n}", "Value": ""} for n in range(42)]}, "51 items"),
    ):
        with pytest.raises(AirflowFailException, match=words) as refused:
            _deploy(package, endpoint, **arguments).execute(context())
        assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    with pytest.raises(AirflowFailException, match="model_package_name: 'churn'"):
        _deploy("churn", endpoint).execute(context())
    assert _names(aws, package) == ([], [])


def test_a_serverless_endpoint_has_no_instances(aws: Aws, group: str, artifact: str) -> None:
    """ServerlessConfig is a member of the variant, and takes the place of the instance type."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    fields = {
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
        "DataCaptureConfig": {
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://bucket/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    }
    result = _deploy(package, endpoint, endpoint_config_fields=fields).execute(context())
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=result["EndpointConfigName"])
    (variant,) = config["ProductionVariants"]
    assert variant["ServerlessConfig"]["MemorySizeInMB"] == 2048
    assert "InstanceType" not in variant
    assert config["DataCaptureConfig"]["InitialSamplingPercentage"] == 10


def test_throttling_costs_no_try(
    aws: Aws, group: str, artifact: str, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    """More of it than the client itself puts up with is logged, and waited out."""
    package, endpoint = _package(aws, group, artifact), serving.unique("endpoint")
    faults.put({"kind": "throttle", "operation": "DescribeEndpoint", "times": 2})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_MAX_ATTEMPTS", "1")
        result = _deploy(package, endpoint).execute(context())
    assert result["EndpointName"] == endpoint
    assert capsys.readouterr().out.count("looking again") == 2
