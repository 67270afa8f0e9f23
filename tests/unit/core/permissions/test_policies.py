"""Which policies come of what tasks use."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.permissions.features import FEATURES
from sagemaker_tuning.core.permissions.literals import WILDCARD, Literals
from sagemaker_tuning.core.permissions.operators import OPERATORS
from sagemaker_tuning.core.permissions.policies import Use, airflow_policy, training_policy
from sagemaker_tuning.core.permissions.resources import resources
from sagemaker_tuning.core.permissions.scope import Scope, Unscoped

ROLE = "arn:aws-cn:iam::123456789012:role/Training"
CREATE = "SageMakerCreateTuningJobOperator"
DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
    },
    "InputDataConfig": [
        {"DataSource": {"S3DataSource": {"S3Uri": f"s3://in/data/{WILDCARD}/train"}}}
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://out/models"},
    "CheckpointConfig": {"S3Uri": "s3://out/checkpoints/"},
    "RoleArn": ROLE,
}


def scope_of(*uses: Use, **limits: Any) -> Scope:
    literals = Literals()
    for use in uses:
        literals.read(use.arguments)
    return Scope(literals=literals, **limits).completed()


def statements(policy: dict[str, Any]) -> dict[str, tuple[list[str], Any]]:
    return {each["Sid"]: (each["Action"], each["Resource"]) for each in policy["Statement"]}


def test_resources_are_those_that_tasks_name() -> None:
    """Buckets, keys, role and repository; account and partition are the role's."""
    use = Use(CREATE, {"training_job_definition": DEFINITION, "check_inputs": True})
    scope = scope_of(use, region="cn-north-1")
    airflow = statements(airflow_policy([use], scope))
    job = "arn:aws-cn:sagemaker:cn-north-1:123456789012:hyper-parameter-tuning-job/*"
    assert airflow["LaunchTuningJobs"] == (["sagemaker:CreateHyperParameterTuningJob"], [job])
    assert airflow["PassTrainingRole"] == (["iam:PassRole"], [ROLE])
    buckets = ["arn:aws-cn:s3:::in", "arn:aws-cn:s3:::out"]
    assert airflow["OptionalCheckInputs"] == (["s3:ListBucket"], buckets)
    training = statements(training_policy([use], scope))
    assert training["ReadInput"] == (["s3:GetObject"], ["arn:aws-cn:s3:::in/data/*/train*"])
    assert training["WriteOutput"] == (["s3:PutObject"], ["arn:aws-cn:s3:::out/models/*"])
    assert training["KeepCheckpoints"][1] == ["arn:aws-cn:s3:::out/checkpoints/*"]
    assert training["PullImages"][1] == [
        "arn:aws-cn:ecr:us-east-1:683313688378:repository/sagemaker-xgboost"
    ]
    assert not {"RunInVpc", "EncryptOutput", "EncryptVolumes"} & training.keys()


def test_vpc_and_keys_are_for_whom_the_request_has_them() -> None:
    """Each with what AWS's page has for it."""
    definition = {
        **DEFINITION,
        "OutputDataConfig": {"S3OutputPath": "s3://out/models", "KmsKeyId": "1234"},
        "ResourceConfig": {"VolumeKmsKeyId": "alias/volumes"},
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }
    use = Use(CREATE, {"training_job_definition": definition})
    training = statements(training_policy([use], scope_of(use)))
    assert "ec2:CreateNetworkInterface" in training["RunInVpc"][0]
    key = "arn:aws-cn:kms:*:123456789012:key/"
    assert training["EncryptOutput"][1] == [f"{key}1234"]
    assert training["EncryptVolumes"] == (["kms:CreateGrant"], [f"{key}*"])


def test_options_take_the_place_of_what_tasks_name() -> None:
    """Bucket, prefix and role."""
    use = Use(CREATE, {"training_job_definition": DEFINITION})
    mine = "arn:aws:iam::999999999999:role/Mine"
    scope = scope_of(use, bucket="mine", prefix="churn", training_role=mine)
    assert statements(airflow_policy([use], scope))["PassTrainingRole"][1] == [mine]
    training = statements(training_policy([use], scope))
    assert training["ReadInput"][1] == training["WriteOutput"][1] == ["arn:aws:s3:::mine/churn/*"]


def test_what_would_be_too_much_is_asked_for() -> None:
    """Any role and any bucket: the message says which options tell them."""
    use = Use(CREATE, {})
    with pytest.raises(Unscoped, match="--training-role: nothing says which role"):
        airflow_policy([use], Scope())
    with pytest.raises(Unscoped, match="--bucket: nothing says which bucket has the data of jobs"):
        training_policy([use], Scope(training_role=ROLE))


@pytest.mark.parametrize(
    "role",
    [
        WILDCARD,
        f"{WILDCARD}-{WILDCARD}",
        f"arn:aws:iam::123456789012:role/{WILDCARD}",
        f"arn:aws:iam::123456789012:role/path/{WILDCARD}{WILDCARD}",
    ],
)
def test_a_role_that_a_run_alone_knows_is_no_reason_to_pass_any(role: str) -> None:
    """Not beside a role that is known, either; what is known of a name limits it well enough."""
    unknown = Use(CREATE, {"training_job_definition": {**DEFINITION, "RoleArn": role}})
    known = Use(CREATE, {"training_job_definition": DEFINITION})
    for uses in ([unknown], [known, unknown]):
        with pytest.raises(Unscoped, match="--training-role"):
            airflow_policy(uses, scope_of(*uses))
    of_stage = Use(CREATE, {"training_job_definition": {**DEFINITION, "RoleArn": f"T-{WILDCARD}"}})
    passed = statements(airflow_policy([of_stage], scope_of(of_stage)))["PassTrainingRole"][1]
    assert passed == ["arn:aws:iam::*:role/T-*", "arn:aws:iam::*:role/*/T-*"]


@pytest.mark.parametrize(
    "uri", [WILDCARD, f"{WILDCARD}/train/", f"s3://{WILDCARD}{WILDCARD}/a", f"s3://{WILDCARD}-/a"]
)
def test_data_that_a_run_alone_knows_is_asked_for(uri: str) -> None:
    """An input beside one that is known is neither left out nor of any bucket."""
    source = {"DataSource": {"S3DataSource": {"S3Uri": uri}}}
    inputs = [*DEFINITION["InputDataConfig"], source]
    use = Use(CREATE, {"training_job_definition": {**DEFINITION, "InputDataConfig": inputs}})
    with pytest.raises(Unscoped, match="--bucket: nothing says which bucket has the data of jobs"):
        training_policy([use], scope_of(use))
    training = statements(training_policy([use], scope_of(use, bucket="mine")))
    assert "arn:aws-cn:s3:::mine/" in training["ReadInput"][1][-1]


def test_images_and_keys_that_a_run_alone_knows_may_be_any() -> None:
    """They are what a role may read with, not what it may become."""
    definition = {
        **DEFINITION,
        "AlgorithmSpecification": {"TrainingImage": WILDCARD},
        "OutputDataConfig": {"S3OutputPath": "s3://out/models", "KmsKeyId": WILDCARD},
    }
    uses = [Use(CREATE, {"training_job_definition": each}) for each in (DEFINITION, definition)]
    training = statements(training_policy(uses, scope_of(*uses)))
    assert training["PullImages"][1] == ["arn:aws-cn:ecr:*:*:repository/*"]
    assert training["EncryptOutput"][1] == ["arn:aws-cn:kms:*:123456789012:key/*"]


@pytest.mark.parametrize(
    ("given", "is_needed"), [("replace", True), ("fail", False), (WILDCARD, True), (None, False)]
)
def test_what_a_run_may_decide_to_do_is_allowed(given: str | None, *, is_needed: bool) -> None:
    """A switch that is a template may be on."""
    use = Use("SageMakerCreateModelFromTrainingJobOperator", {"if_exists": given})
    policy = airflow_policy([use], Scope(training_role=ROLE))
    assert ("ReplaceModels" in statements(policy)) is is_needed


def test_roles_go_to_sagemaker_alone() -> None:
    """The condition is on the statement that passes them, and on no other."""
    use = Use(CREATE, {"training_job_definition": DEFINITION})
    policy = airflow_policy([use], scope_of(use))
    conditions = {
        each["Sid"]: each["Condition"] for each in policy["Statement"] if "Condition" in each
    }
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert conditions == {"PassTrainingRole": to_sagemaker}


def test_a_role_by_name_is_found_and_passed() -> None:
    """Whatever its path: a name is an account's only one."""
    use = Use(CREATE, {"training_job_definition": {**DEFINITION, "RoleArn": "Training"}})
    airflow = statements(airflow_policy([use], scope_of(use, account="123456789012")))
    place = "arn:aws:iam::123456789012:role/"
    assert airflow["FindRolesByName"][1] == [f"{place}Training", f"{place}*/Training"]
    assert airflow["PassTrainingRole"][1] == airflow["FindRolesByName"][1]


def test_nothing_is_allowed_twice() -> None:
    """Of all operators together, each action is allowed on a resource by one statement."""
    uses = [feature.use for feature in FEATURES.values()]
    policy = airflow_policy(uses, Scope(bucket="mine", training_role=ROLE))
    found = [
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]
    assert len(found) == len(set(found))
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(sid.isalnum() for sid in sids)


def test_what_tasks_succeed_without_can_be_left_out() -> None:
    """What is required elsewhere is not optional anywhere."""
    uses = [Use(CREATE, {"training_job_definition": DEFINITION, "tags": [{"Key": "a"}]})]
    scope = scope_of(*uses)
    required = statements(airflow_policy(uses, scope, required_only=True))
    every = statements(airflow_policy(uses, scope))
    assert required["TagTuningJobs"][0] == ["sagemaker:AddTags"]
    assert every["OptionalTagTuningJobs"][0] == ["sagemaker:ListTags"]
    assert every.keys() - required.keys() == {sid for sid in every if sid.startswith("Optional")}


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("endpoint", {"endpoint_name": "Churn"}, ["endpoint/Churn", "endpoint/churn"]),
        ("endpoint", {"endpoint_name": f"churn-{WILDCARD}"}, ["endpoint/churn-*"]),
        ("endpoint", {"endpoint_name": ["north", "south"]}, ["endpoint/north", "endpoint/south"]),
        ("endpoint", {}, ["endpoint/*"]),
        ("package", {"model_package_group_name": "churn"}, ["model-package/churn/*"]),
        ("package", {"model_package_name": WILDCARD}, ["model-package/*/*"]),
        ("deployed-model", {"model_package_group_name": "Churn"}, ["model/churn-v*"]),
        ("deployed-config", {}, ["endpoint-config/*"]),
        ("tuning-job", {"tuning_job_name": "mine"}, ["hyper-parameter-tuning-job/mine*"]),
        ("model", {"model_name": "a*b?c$d"}, ["model/a${*}b${?}c${$}d"]),
    ],
)
def test_names_limit_resources(kind: str, arguments: dict[str, Any], expected: list[str]) -> None:
    """As they are given, and in lower case; wildcards of IAM's are none in a name."""
    scope = Scope(region="eu-west-1", account="123456789012")
    begin = "arn:aws:sagemaker:eu-west-1:123456789012:"
    assert resources(kind, arguments, scope) == [f"{begin}{each}" for each in expected]


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("object:s3_uri", {"s3_uri": "s3://b/a.csv"}, ["arn:aws:s3:::b/a.csv"]),
        ("below:data", {"data": "s3://b/test"}, ["arn:aws:s3:::b/test*"]),
        ("folder:data", {"data": "s3://b/test"}, ["arn:aws:s3:::b/test/*"]),
        ("bucket:data", {"data": "s3://b/test"}, ["arn:aws:s3:::b"]),
        ("sensed", {"bucket_name": "b", "bucket_key": "a"}, ["arn:aws:s3:::b/a"]),
        ("sensed", {"bucket_key": [f"s3://b/{WILDCARD}/a"]}, ["arn:aws:s3:::b/*/a"]),
        (
            "queue:queue_url",
            {"queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/done"},
            ["arn:aws:sqs:eu-west-1:123456789012:done"],
        ),
        ("topic:target_arn", {"target_arn": "arn:aws:sns:a:1:b"}, ["arn:aws:sns:a:1:b"]),
        ("topic:target_arn", {"target_arn": WILDCARD}, ["arn:aws:sns:*:*:*"]),
    ],
)
def test_objects_and_queues(kind: str, arguments: dict[str, Any], expected: list[str]) -> None:
    """One object, those whose keys begin so, or those in a folder."""
    assert resources(kind, arguments, Scope()) == expected


def test_every_kind_of_the_table_is_known() -> None:
    """With an argument behind the colon where it needs one."""
    scope = Scope(bucket="b", training_role=ROLE)
    for needs in OPERATORS.values():
        for need in needs:
            for kind in need.on:
                resources(kind, {}, scope)


def test_every_operator_has_a_feature() -> None:
    """But for Airflow's own and the amazon provider's, for which one needs the DAG file."""
    named = {feature.operator for feature in FEATURES.values()}
    assert named <= OPERATORS.keys()
    ours = {name for name in OPERATORS if name.startswith("SageMaker")}
    assert ours - named == set()
