"""From a best training job to a model, against the local endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import InvalidTuningRequest, TuningJobConflict
from sagemaker_tuning.hooks.services import AwsService
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.operators.endpoint import SageMakerDeleteEndpointOperator
from sagemaker_tuning.operators.leftovers import (
    SageMakerDeleteTuningJobArtifactsOperator,
    SageMakerDeleteTuningJobLogStreamsOperator,
)
from sagemaker_tuning.operators.model import (
    SageMakerCreateModelFromTrainingJobOperator,
    SageMakerDeleteModelOperator,
)
from sagemaker_tuning.operators.model_package import SageMakerDeleteModelPackageOperator
from tests.contract import serving
from tests.contract.examples import DEFINITION, changed, example
from tests.operators.task import FakeTaskInstance, context

if TYPE_CHECKING:
    from tests.contract.aws import Aws, Document


@pytest.fixture
def best(completed: Document) -> str:
    return str(completed["BestTrainingJob"]["TrainingJobName"])


def _create(
    training_job_name: str, **arguments: Any
) -> SageMakerCreateModelFromTrainingJobOperator:
    return SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model", training_job_name=training_job_name, **arguments
    )


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    tags = aws.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


def test_a_model_says_what_it_is_from(aws: Aws, completed: Document, best: str) -> None:
    """Tuning job, training job, DAG run and the user's own tags; the environment is as given."""
    model_name = serving.unique("model")
    operator = _create(
        best,
        model_name=model_name,
        environment={"SAGEMAKER_MODEL_SERVER_WORKERS": 2},
        tags='[{"Key": "team", "Value": "retraining"}]',
    )
    result = operator.execute(context(FakeTaskInstance(run_id="manual__2026-01-01")))
    json.dumps(result)  # it goes to XCom
    assert result["TuningJobArn"] == completed["HyperParameterTuningJobArn"]
    tags = _tags(aws, result["ModelArn"])
    assert tags["team"] == "retraining"
    assert tags["sagemaker-tuning:tuning_job"] == completed["HyperParameterTuningJobArn"]
    assert tags["sagemaker-tuning:training_job"] == completed["BestTrainingJob"]["TrainingJobArn"]
    assert tags["sagemaker-tuning:run_id"] == "manual__2026-01-01"
    model = aws.sagemaker.describe_model(ModelName=model_name)
    container = model["PrimaryContainer"]
    assert container["Environment"] == {"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    assert container["ModelDataUrl"] == serving.artifact_of(aws, completed)


def test_a_model_of_another_artifact_is_told_replaced_or_refused(aws: Aws, bucket: str) -> None:
    """Under one name: an error that shows both artifacts, then in its place the one wanted."""
    tuning_job = aws.run(example(bucket))
    training_jobs = aws.training_jobs(tuning_job["HyperParameterTuningJobName"])
    first, second = (job["TrainingJobName"] for job in training_jobs[:2])
    model_name = serving.unique("model")
    _create(first, model_name=model_name).execute(context(FakeTaskInstance(run_id="first")))
    again = _create(first, model_name=model_name, if_exists="fail")
    again.execute(context(FakeTaskInstance(run_id="first", try_number=2)))
    with pytest.raises(AirflowFailException) as refused:
        again.execute(context())
    assert isinstance(refused.value.__cause__, TuningJobConflict)
    with pytest.raises(AirflowFailException) as differing:
        _create(second, model_name=model_name).execute(context())
    assert f"{first}/output/model.tar.gz' there" in str(differing.value)
    assert f"{second}/output/model.tar.gz' wanted" in str(differing.value)
    _create(second, model_name=model_name, if_exists="replace").execute(context())
    model = aws.sagemaker.describe_model(ModelName=model_name)
    assert second in model["PrimaryContainer"]["ModelDataUrl"]


def test_a_model_of_files_that_were_not_compressed_serves(aws: Aws, bucket: str) -> None:
    """Its artifact is a folder, which an endpoint loads; a second run finds the model."""
    path = (DEFINITION, "OutputDataConfig", "CompressionType")
    tuning_job = aws.run(changed(example(bucket), *path, value="NONE"))
    training_job_name = tuning_job["BestTrainingJob"]["TrainingJobName"]
    create = _create(training_job_name)
    result = create.execute(context())
    assert create.execute(context()) == result
    source = result["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert source["S3Uri"].endswith(f"/{training_job_name}/output/model/")
    endpoint = serving.create_endpoint(aws, result["ModelName"])
    status = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
    assert status == "InService"


def test_a_role_may_be_given_by_name(aws: Aws, best: str) -> None:
    """IAM knows its ARN, path and all; a role that is not there is named with its field."""
    iam = aws.client("iam")
    role = iam.create_role(
        RoleName=serving.unique("Serving"), Path="/service-role/", AssumeRolePolicyDocument="{}"
    )["Role"]
    for given in (role["RoleName"], f"service-role/{role['RoleName']}", role["Arn"]):
        name = serving.unique("model")
        _create(best, model_name=name, execution_role_arn=given).execute(context())
        assert aws.sagemaker.describe_model(ModelName=name)["ExecutionRoleArn"] == role["Arn"]
    with pytest.raises(AirflowFailException, match=r"ExecutionRoleArn: .*'NoSuchRole'") as refused:
        _create(best, execution_role_arn="NoSuchRole").execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)


def test_every_mistake_is_named_before_anything_is_created(aws: Aws, best: str) -> None:
    """By AWS's own model of the call, all at once."""
    name = serving.unique("model")
    operator = _create(
        best,
        model_name=name,
        environment={"not-a-name": "1"},
        additional_fields={"VpcConfig": {"Subnets": ["subnet-1"]}},
    )
    with pytest.raises(AirflowFailException) as refused:
        operator.execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    paths = {violation.path for violation in refused.value.__cause__.violations}
    assert paths == {"PrimaryContainer.Environment.not-a-name", "VpcConfig.SecurityGroupIds"}
    assert not aws.sagemaker.list_models(NameContains=name)["Models"]


@pytest.mark.parametrize("field", ["environment", "additional_fields"])
def test_a_document_that_is_no_mapping_is_named(best: str, field: str) -> None:
    """A template that rendered to something else is a mistake of the request, not of ours."""
    with pytest.raises(AirflowFailException, match=f"{field}: 'nothing': a mapping"):
        _create(best, **{field: "nothing"}).execute(context())


def test_more_tags_than_aws_allows_are_told_first(best: str) -> None:
    """The provider's own are counted with them."""
    tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(44)]
    with pytest.raises(AirflowFailException, match="Tags: 51 items: at most 50"):
        _create(best, model_name="many-tags", tags=tags).execute(context())


def test_the_connections_role_is_assumed_for_every_service(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3, IAM and CloudWatch Logs are called as whom SageMaker is called as."""
    extra = {
        "region_name": "us-east-1",
        "endpoint_url": endpoint,
        "role_arn": "arn:aws:iam::123456789012:role/CleanUp",
    }
    connection = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_ASSUMING", json.dumps(connection))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)
    hook = SageMakerTuningHook(aws_conn_id="assuming")
    identity = AwsService(hook, "sts").call("GetCallerIdentity")
    assert ":assumed-role/CleanUp/" in identity["Arn"]


def test_the_operators_map() -> None:
    """Over training jobs, models or tuning jobs; what differs is given at run time."""
    with DAG("mapped", schedule=None):
        mapped: list[Any] = [
            SageMakerCreateModelFromTrainingJobOperator.partial(
                task_id="create", if_exists="replace"
            ).expand(training_job_name=["a", "b"]),
            SageMakerDeleteModelOperator.partial(task_id="model").expand(model_name=["a", "b"]),
            SageMakerDeleteEndpointOperator.partial(task_id="endpoint").expand(
                endpoint_name=["a", "b"]
            ),
            SageMakerDeleteModelPackageOperator.partial(task_id="package").expand(
                model_package_name=["a", "b"]
            ),
            SageMakerDeleteTuningJobArtifactsOperator.partial(
                task_id="artifacts", keep_best=False
            ).expand(tuning_job_name=["a", "b"]),
            SageMakerDeleteTuningJobLogStreamsOperator.partial(task_id="logs").expand(
                tuning_job_name=["a", "b"]
            ),
        ]
    for operator in mapped:
        (argument,) = operator.expand_input.value
        one = operator.unmap({argument: "b"})
        assert getattr(one, argument) == "b"
        assert argument in one.template_fields
