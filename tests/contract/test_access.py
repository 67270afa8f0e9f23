"""Policies: what they allow, how AWS words what they refuse, and what is told of their use."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import DEADLINE_SECONDS, REGION, Aws, Document
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import example, rows

ROLE = "arn:aws:iam::123456789012:role/SageMakerTuning"
JOBS = f"arn:aws:sagemaker:{REGION}:123456789012:hyper-parameter-tuning-job/"
PASSING = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
CALLER = "arn:aws:sts::123456789012:assumed-role/local/airflow"


class Guarded:
    """An endpoint on which policies bind the access key `airflow`, and nobody else."""

    def __init__(self, aws: Aws, token: str) -> None:
        self.aws = aws
        self._token = token
        self.bucket = aws.upload(rows(400, seed=1), rows(200, seed=2))

    def client(self, service: str) -> Any:
        """A client of whom the policies bind."""
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id="airflow",
            aws_secret_access_key="test",
        )

    def control(self, method: str, body: object = None, **headers: str) -> tuple[int, Document]:
        """The status and the JSON of the control route's answer."""
        connection = HTTPConnection(urlsplit(self.aws.url).netloc, timeout=DEADLINE_SECONDS)
        text = None if body is None else json.dumps(body)
        connection.request(
            method, "/_local/access", text, {"X-Fault-Token": self._token, **headers}
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def bind(self, *statements: Document) -> None:
        """Has a policy of these statements in force."""
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        status, answer = self.control("PUT", [{"AccessKeyId": "airflow", "Policy": policy}])
        assert status == 200, answer

    def used(self) -> list[dict[str, int]]:
        """How often each action of each statement was used."""
        policies = self.control("GET")[1]["Policies"]
        return [statement["Used"] for policy in policies for statement in policy["Statements"]]


@pytest.fixture(scope="module")
def guarded(start_shared_endpoint: StartEndpoint) -> Guarded:
    aws, process = start_shared_endpoint("--faults")
    assert process.stdout is not None
    return Guarded(aws, process.stdout.readline().split()[-1])


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer: Any = caught.value.response
    return (
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Code"],
        answer["Error"]["Message"],
    )


def test_what_is_allowed_is_carried_out_and_counted(guarded: Guarded) -> None:
    """An action, its tags and the role that it passes, each where it is allowed."""
    request = example(guarded.bucket) | {"Tags": [{"Key": "team", "Value": "churn"}]}
    role = request["TrainingJobDefinition"]["RoleArn"]
    guarded.bind(
        allow("sagemaker:Create*", "sagemaker:AddTags", on=f"{JOBS}*"),
        allow("iam:PassRole", on=role, Condition=PASSING),
        allow("sagemaker:StopHyperParameterTuningJob", on=f"{JOBS}*"),
    )
    guarded.client("sagemaker").create_hyper_parameter_tuning_job(**request)
    assert guarded.used() == [
        {"sagemaker:Create*": 1, "sagemaker:AddTags": 1},
        {"iam:PassRole": 1},
        {"sagemaker:StopHyperParameterTuningJob": 0},
    ]


@pytest.mark.parametrize(
    ("missing", "resource"),
    [
        ("sagemaker:CreateHyperParameterTuningJob", f"{JOBS}{{name}}"),
        ("sagemaker:AddTags", f"{JOBS}{{name}}"),
        ("iam:PassRole", "{role}"),
    ],
)
def test_what_is_missing_is_named(guarded: Guarded, missing: str, resource: str) -> None:
    """In AWS's words, with the resource; nothing is carried out, and nothing counts as used."""
    needed = {"sagemaker:CreateHyperParameterTuningJob", "sagemaker:AddTags", "iam:PassRole"}
    guarded.bind(*(allow(each) for each in sorted(needed - {missing})))
    request = example(guarded.bucket) | {"Tags": [{"Key": "team", "Value": "churn"}]}
    role, name = request["TrainingJobDefinition"]["RoleArn"], request["HyperParameterTuningJobName"]
    where = resource.format(name=name, role=role)
    sagemaker = guarded.client("sagemaker")
    status, code, message = refused(sagemaker.create_hyper_parameter_tuning_job, **request)
    assert (status, code) == (400, "AccessDeniedException")
    assert message == (
        f"User: {CALLER} is not authorized to perform: {missing} on resource: {where} because no"
        f" identity-based policy allows the {missing} action"
    )
    jobs = guarded.aws.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name)
    assert jobs["HyperParameterTuningJobSummaries"] == []
    assert not any(times for used in guarded.used() for times in used.values())
    assert [each["Action"] for each in guarded.control("GET")[1]["Refused"]] == [missing]


def test_another_resource_is_refused(guarded: Guarded) -> None:
    """An action that is allowed on one resource is on no other."""
    guarded.bind(allow("sagemaker:DescribeModel", on="arn:aws:sagemaker:*:*:model/churn-*"))
    describe = guarded.client("sagemaker").describe_model
    assert refused(describe, ModelName="churn-1")[1] == "ValidationException"
    assert refused(describe, ModelName="fraud-1")[1] == "AccessDeniedException"


def test_a_role_is_passed_to_whom_the_condition_names(guarded: Guarded) -> None:
    """Another service is not SageMaker."""
    to_others = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    guarded.bind(allow("sagemaker:*"), allow("iam:PassRole", Condition=to_others))
    sagemaker = guarded.client("sagemaker")
    message = refused(sagemaker.create_hyper_parameter_tuning_job, **example(guarded.bucket))[2]
    assert "is not authorized to perform: iam:PassRole" in message


def test_a_deny_wins(guarded: Guarded) -> None:
    """Over whatever allows it, and the message says that it is one."""
    guarded.bind(allow("*"), {**allow("sagemaker:ListModels"), "Effect": "Deny"})
    sagemaker = guarded.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert refused(sagemaker.list_models)[2].endswith(
        "perform: sagemaker:ListModels on resource: * with an explicit deny in an identity-based"
        " policy"
    )


@pytest.mark.parametrize(
    ("action", "operation", "arguments"),
    [
        ("GetObject", "get_object", {"Key": "train/part-0.csv"}),
        ("GetObject", "head_object", {"Key": "train/part-0.csv"}),
        ("PutObject", "put_object", {"Key": "new", "Body": b"1"}),
        ("PutObject", "create_multipart_upload", {"Key": "large"}),
        ("DeleteObject", "delete_object", {"Key": "new"}),
        ("DeleteObject", "delete_objects", {"Delete": {"Objects": [{"Key": "a&b"}]}}),
        ("ListBucket", "head_bucket", {}),
        ("ListBucket", "list_objects_v2", {"Prefix": "train/"}),
        ("ListBucket", "list_objects", {}),
        ("GetBucketLocation", "get_bucket_location", {}),
        ("GetBucketVersioning", "get_bucket_versioning", {}),
        ("GetObjectTagging", "get_object_tagging", {"Key": "train/part-0.csv"}),
    ],
)
def test_each_operation_of_s3_has_its_action(
    guarded: Guarded, action: str, operation: str, arguments: Document
) -> None:
    """One that allows just that, on the bucket, lets it pass; anything else does not."""
    on = [f"arn:aws:s3:::{guarded.bucket}", f"arn:aws:s3:::{guarded.bucket}/*"]
    call = getattr(guarded.client("s3"), operation)
    guarded.bind(allow(f"s3:{action}", on=on))
    call(Bucket=guarded.bucket, **arguments)
    assert guarded.used() == [{f"s3:{action}": 1}]
    guarded.bind({**allow(f"s3:{action}", on=on), "Effect": "Deny"}, allow("s3:*"))
    status, code, _ = refused(call, Bucket=guarded.bucket, **arguments)
    assert (status, code) in {(403, "AccessDenied"), (403, "403")}


def test_a_copy_reads_its_source(guarded: Guarded) -> None:
    """The object that is written and the one that is read each need their action."""
    source = f"arn:aws:s3:::{guarded.bucket}/train/part-0.csv"
    copy = {"Bucket": guarded.bucket, "Key": "copy/a b", "CopySource": source[13:]}
    s3 = guarded.client("s3")
    guarded.bind(allow("s3:PutObject", on=f"arn:aws:s3:::{guarded.bucket}/copy/*"))
    assert f's3:GetObject on resource: "{source}"' in refused(s3.copy_object, **copy)[2]


def test_who_may_not_list_is_not_told_what_is_absent(guarded: Guarded) -> None:
    """S3 says 403 of an absent object to whom s3:ListBucket is not allowed, 404 to others."""
    on = [f"arn:aws:s3:::{guarded.bucket}", f"arn:aws:s3:::{guarded.bucket}/*"]
    head = guarded.client("s3").head_object
    guarded.bind(allow("s3:GetObject", on=on))
    assert refused(head, Bucket=guarded.bucket, Key="absent")[0] == 403
    guarded.bind(allow("s3:GetObject", "s3:ListBucket", on=on))
    assert refused(head, Bucket=guarded.bucket, Key="absent")[0] == 404


def test_other_services_are_refused_in_their_own_form(guarded: Guarded) -> None:
    """JSON and query protocols; who one is everybody may ask."""
    guarded.bind(allow("sqs:CreateQueue", on=f"arn:aws:sqs:{REGION}:123456789012:mine"))
    logs, sqs = guarded.client("logs"), guarded.client("sqs")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/a:log-stream:"
    status, code, message = refused(logs.describe_log_streams, logGroupName="/a")
    assert (status, code) == (400, "AccessDeniedException")
    assert f"logs:DescribeLogStreams on resource: {group} because" in message
    sqs.create_queue(QueueName="mine")
    assert refused(sqs.create_queue, QueueName="other")[1] == "AccessDeniedException"
    iam = guarded.client("iam")
    assert refused(iam.get_role, RoleName="SageMakerTuning")[:2] == (403, "AccessDenied")
    assert guarded.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_invocations_are_of_an_endpoint(guarded: Guarded) -> None:
    """InvokeEndpoint names its endpoint in the path."""
    guarded.bind(allow("sagemaker:InvokeEndpoint", on="arn:aws:sagemaker:*:*:endpoint/mine"))
    invoke = guarded.client("sagemaker-runtime").invoke_endpoint
    assert refused(invoke, EndpointName="mine", Body=b"1")[1] == "ValidationError"
    assert refused(invoke, EndpointName="other", Body=b"1")[1] == "AccessDeniedException"


def test_nobody_else_is_bound(guarded: Guarded) -> None:
    """A policy of one access key leaves the others alone."""
    guarded.bind({**allow("*"), "Effect": "Deny"})
    assert guarded.aws.sagemaker.list_models()["Models"] is not None
    assert refused(guarded.client("sagemaker").list_models)[1] == "AccessDeniedException"
    assert guarded.control("DELETE") == (200, {"Policies": [], "Refused": []})
    guarded.client("sagemaker").list_models()


def test_policies_are_set_by_who_has_the_token(guarded: Guarded) -> None:
    """How they were used is told to anybody."""
    wrong = {"X-Fault-Token": "wrong"}
    assert guarded.control("PUT", [], **wrong)[0] == 403
    assert guarded.control("GET", **wrong)[0] == 200
    assert guarded.control("POST", [])[0] == 405


def test_files_bind_from_the_start(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """All callers, or those of an access key; what any of a caller's policies allows, it may do."""
    for name, action in (("all.json", "sagemaker:ListModels"), ("one.json", "s3:ListAllMyBuckets")):
        policy = {"Version": "2012-10-17", "Statement": allow(action)}
        (tmp_path / name).write_text(json.dumps(policy))
    aws, _ = start_endpoint(
        "--policy", f"{tmp_path}/all.json", "--policy", f"test={tmp_path}/one.json"
    )
    aws.sagemaker.list_models()
    aws.s3.list_buckets()
    assert refused(aws.sagemaker.list_endpoints)[1] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "not JSON"),
        ({"AirflowRole": {}}, "this is no policy"),
        ({"Version": "2008-10-17", "Statement": []}, "Version is '2008-10-17'"),
        ([allow("s3:*") | {"NotAction": "s3:Get*"}], r"Statement\[0\].NotAction is not evaluated"),
        ([allow("s3:*") | {"Effect": "allow"}], r"Statement\[0\].Effect is 'allow'"),
        ([{"Effect": "Allow", "Action": "s3:*"}], r"Statement\[0\].Resource is None"),
        ([allow("s3:*", on="${aws:username}/*")], r"variable \$\{aws:username\}"),
        ([allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})], "Condition.Bool"),
        (
            [allow("s3:*", Condition={"StringLike": {"s3:prefix": "a/*"}})],
            "Condition.StringLike.s3:prefix is not evaluated here",
        ),
    ],
)
def test_what_cannot_be_enforced_is_refused(policy: object, reason: str, tmp_path: Path) -> None:
    """At the start, on one line, by its name: nothing of a policy is ignored."""
    document = (
        {"Version": "2012-10-17", "Statement": policy} if isinstance(policy, list) else policy
    )
    file = tmp_path / "policy.json"
    file.write_text(policy if isinstance(policy, str) else json.dumps(document))
    command = [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0", "--policy", str(file)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=DEADLINE_SECONDS
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"--policy {file}: " in done.stderr
    assert re.search(reason, done.stderr), done.stderr
