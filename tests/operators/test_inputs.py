"""``check_inputs``: what a request points to is looked at before the launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.hooks.inputs import check_inputs
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from tests.contract import serving
from tests.operators.task import BUCKET, FakeTaskInstance, context, tuning_operator, tuning_request

if TYPE_CHECKING:
    from tests.conftest import Faults
    from tests.contract.aws import Aws, Document

_NO_TRIES = {"retries": {"total_max_attempts": 1}}


class _RemoteHook(SageMakerTuningHook):
    """Takes the endpoint for AWS's own, where roles are assumed."""

    is_local = False


def _channel(name: str, uri: str, kind: str = "S3Prefix") -> Document:
    source = {"S3DataType": kind, "S3Uri": uri}
    return {"ChannelName": name, "ContentType": "csv", "DataSource": {"S3DataSource": source}}


def _definition(*channels: Document, output: str = BUCKET, **fields: Any) -> Document:
    return {
        "InputDataConfig": list(channels),
        "OutputDataConfig": {"S3OutputPath": f"s3://{output}/output"},
    } | fields


def _found(request: Document, hook: SageMakerTuningHook | None = None) -> dict[str, str]:
    findings = check_inputs(hook or SageMakerTuningHook(), request)
    assert not findings.warnings
    return {violation.path: violation.problem for violation in findings.violations}


def test_everything_that_is_missing_is_told_with_the_requests_other_mistakes(client: Any) -> None:
    """One refusal that names input, output, role and a wrong number; nothing is launched."""
    request = tuning_request(data="nowhere")
    request["training_job_definition"]["OutputDataConfig"]["S3OutputPath"] = "s3://no-bucket/a"
    request["training_job_definition"]["RoleArn"] = "NoSuchRole"
    task = tuning_operator(request, tuning_job_name="NeverLaunched", check_inputs=True)
    task.tuning_job_config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 0  # as a template might
    with pytest.raises(AirflowFailException) as refused:
        task.execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    problems = {each.path: each.problem for each in refused.value.__cause__.violations}
    base = "TrainingJobDefinition"
    input_path = f"{base}.InputDataConfig[0].DataSource.S3DataSource.S3Uri"
    assert "'nowhere'" in problems[input_path]
    assert problems[f"{base}.OutputDataConfig.S3OutputPath"] == "there is no bucket 'no-bucket'"
    assert problems[f"{base}.RoleArn"] == "this account has no role 'NoSuchRole'"
    assert any("MaxNumberOfTrainingJobs" in path for path in problems)
    jobs = client.list_hyper_parameter_tuning_jobs(NameContains="NeverLaunched")
    assert not jobs["HyperParameterTuningJobSummaries"]


def test_what_is_there_is_launched(faults: Faults, capfd: pytest.CaptureFixture[str]) -> None:
    """Though a bucket may not be looked at; a local endpoint needs no role."""
    fault = {"kind": "error", "code": "403", "message": "Forbidden", "status": 403}
    faults.put(fault | {"operation": "s3:HEAD"})
    task = tuning_operator(check_inputs=True, wait_for_completion=False)
    assert task.execute(context())["HyperParameterTuningJobName"]
    assert f"'s3://{BUCKET}/output' was not looked at: HeadBucket" in capfd.readouterr().out


def test_a_retry_finds_its_job_whatever_became_of_the_input(
    aws: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """A refusal would leave the tuning job that the first try launched to run for nobody."""
    folder = serving.unique("gone")
    data = aws.s3.get_object(Bucket=BUCKET, Key="train/data.csv")["Body"].read()
    aws.s3.put_object(Bucket=BUCKET, Key=f"{folder}/data.csv", Body=data)
    request = tuning_request(data=folder)
    ti = FakeTaskInstance(max_tries=1)
    arguments = {"check_inputs": True, "wait_for_completion": False, "retries": 1}
    launched = tuning_operator(request, **arguments).execute(context(ti))
    aws.s3.delete_object(Bucket=BUCKET, Key=f"{folder}/data.csv")
    ti.try_number = 2
    again = tuning_operator(request, **arguments).execute(context(ti))
    assert again == launched
    assert "InvalidTuningRequest" not in capfd.readouterr().out


def test_a_prefix_needs_an_object_and_a_manifest_must_be_one(aws: Aws) -> None:
    """In each definition, with its own path; what is no S3 URI of a bucket is not looked at."""
    aws.s3.put_object(Bucket=BUCKET, Key="lists/train.manifest.bak", Body=b"[]")
    aws.s3.put_object(Bucket=BUCKET, Key="lists/train.manifest", Body=b"[]")
    root, gone = f"s3://{BUCKET}", "s3://no-bucket/train"
    request = {
        "TrainingJobDefinitions": [
            _definition(
                _channel("a", root),
                _channel("b", f"{root}/tra"),
                _channel("c", f"{root}/lists/train.manifest", "ManifestFile"),
                _channel("d", f"{root}/lists/train.man", "AugmentedManifestFile"),
                _channel("e", f"{root}/train/no/"),
            ),
            _definition(
                _channel("a", gone),
                _channel("b", gone, "ManifestFile"),
                CheckpointConfig={"S3Uri": "s3://no-bucket/checkpoints"},
            ),
        ]
    }
    found = {
        path.removeprefix("TrainingJobDefinitions"): problem
        for path, problem in _found(request).items()
    }
    assert found == {
        "[0].InputDataConfig[3].DataSource.S3DataSource.S3Uri": (
            f"there is no object '{root}/lists/train.man'"
        ),
        "[0].InputDataConfig[4].DataSource.S3DataSource.S3Uri": (
            f"no object's key begins with 'train/no/' in the bucket {BUCKET!r}"
        ),
        "[1].InputDataConfig[0].DataSource.S3DataSource.S3Uri": "there is no bucket 'no-bucket'",
        "[1].InputDataConfig[1].DataSource.S3DataSource.S3Uri": "there is no bucket 'no-bucket'",
        "[1].CheckpointConfig.S3Uri": "there is no bucket 'no-bucket'",
    }


def test_a_role_must_be_this_accounts_own(aws: Aws) -> None:
    """Absent, of another account or path: told apart; by its ARN or its name it is found."""
    iam = aws.client("iam")
    role = iam.create_role(
        RoleName=serving.unique("Training"), Path="/service-role/", AssumeRolePolicyDocument="{}"
    )["Role"]
    name, arn = role["RoleName"], role["Arn"]
    elsewhere = f"arn:aws:iam::999999999999:role/service-role/{name}"
    given = [arn, name, elsewhere, "arn:aws:iam::123456789012:role/NoSuchRole"]
    definitions = [_definition(RoleArn=role) for role in given]
    found = _found({"TrainingJobDefinitions": definitions}, _RemoteHook())
    assert found == {
        "TrainingJobDefinitions[2].RoleArn": (
            f"{elsewhere!r}, but this account's role of that name is {arn!r}"
        ),
        "TrainingJobDefinitions[3].RoleArn": (
            "this account has no role 'NoSuchRole', so no "
            "'arn:aws:iam::123456789012:role/NoSuchRole'"
        ),
    }


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("InternalError", 500)])
def test_what_cannot_be_looked_at_is_a_warning(faults: Faults, code: str, status: int) -> None:
    """Not allowed, or a service in trouble: nothing is refused for it, everything is named."""
    fault = {"kind": "error", "code": code, "message": "no", "status": status, "times": None}
    faults.put(*(fault | {"operation": call} for call in ("s3:GET", "s3:HEAD", "iam:GetRole")))
    definition = _definition(
        _channel("train", f"s3://{BUCKET}/train"), RoleArn="arn:aws:iam::123456789012:role/Training"
    )
    hook = _RemoteHook(config=_NO_TRIES)
    findings = check_inputs(hook, {"TrainingJobDefinition": definition})
    assert not findings.violations
    assert [advice.path.rpartition(".")[2] for advice in findings.warnings] == [
        "S3Uri",
        "S3OutputPath",
        "RoleArn",
    ]


@pytest.mark.parametrize(
    "uri",
    ["https://s3.amazonaws.com/bucket/train", "s3://arn:aws:s3:us-east-1:1:accesspoint/a/b"],
)
def test_what_is_no_bucket_and_key_is_not_looked_at(uri: str) -> None:
    """AWS takes it, so it is not refused."""
    definition = _definition(_channel("train", uri))
    findings = check_inputs(SageMakerTuningHook(), {"TrainingJobDefinition": definition})
    assert not findings.violations
    assert [advice.problem for advice in findings.warnings] == [
        f"{uri!r} was not looked at: this is no s3://<bucket>/<key>"
    ]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"TrainingJobDefinition": "a text", "TrainingJobDefinitions": {}},
        {"TrainingJobDefinition": {"InputDataConfig": [None, {"DataSource": 1}], "RoleArn": 5}},
        {"TrainingJobDefinition": {"OutputDataConfig": {"S3OutputPath": ""}}},
    ],
)
def test_what_is_no_request_is_borne(request_: Document) -> None:
    """Its mistakes are told by the rules of shapes."""
    assert not _found(request_, _RemoteHook())
