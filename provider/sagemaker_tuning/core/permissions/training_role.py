"""What the role needs that SageMaker assumes for training and transform jobs and for models.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagemaker_tuning.core.permissions.literals import folder
from sagemaker_tuning.core.permissions.scope import ANY, Scope, Unscoped, images, key_arns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_Statement = tuple[str, list[str], list[str]]

_TRAINS = frozenset({"SageMakerCreateTuningJobOperator"})
_SCORES = frozenset({"SageMakerModelPackageGateOperator"})
_SERVES = frozenset(
    {"SageMakerCreateModelFromTrainingJobOperator", "SageMakerDeployModelPackageOperator"}
)
_IN_VPC = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def training_statements(operators: Collection[str], scope: Scope) -> list[_Statement]:
    """Give Sid, actions and resources of each statement; none where no role is handed over.

    Args:
        operators: Names of the classes that tasks use.
        scope: What resources are limited to.

    Raises:
        Unscoped: With a line for each option that would have to be given.
    """
    used = frozenset(operators)
    if not used & (_TRAINS | _SCORES | _SERVES):
        return []
    found: list[_Statement] = []
    missing: dict[str, None] = {}
    for part in (_data(used, scope), _common(scope)):
        try:
            found += part
        except Unscoped as error:
            missing[str(error)] = None
    if missing:
        raise Unscoped("\n".join(missing))
    return found


def _data(used: frozenset[str], scope: Scope) -> Iterator[_Statement]:
    literals = scope.literals
    outputs = list(map(folder, literals.outputs))
    if used & (_TRAINS | _SCORES):
        read = [*literals.inputs, *literals.checkpoints]
        listed = [*read, *literals.outputs] if literals.checkpoints else read
        yield "ListInput", ["s3:ListBucket"], scope.buckets(listed, "the data of jobs")
        yield "ReadInput", ["s3:GetObject"], scope.objects(literals.inputs, "the data of jobs")
        written = [*outputs, *map(folder, literals.predictions)]
        yield "WriteOutput", ["s3:PutObject"], scope.objects(written, "the output of jobs")
    if literals.checkpoints:
        kept = scope.objects(map(folder, literals.checkpoints), "checkpoints")
        yield "KeepCheckpoints", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], kept
    if used & (_SCORES | _SERVES):
        # What training jobs have put out is what models are made of.
        yield "ReadArtifacts", ["s3:GetObject"], scope.objects(outputs, "the models' artifacts")


def _common(scope: Scope) -> Iterator[_Statement]:
    yield (
        "WriteLogs",
        [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        [scope.arn("logs", f"log-group:/aws/sagemaker/{ANY}")],
    )
    yield "WriteMetrics", ["cloudwatch:PutMetricData"], [ANY]
    yield "LogInToRegistries", ["ecr:GetAuthorizationToken"], [ANY]
    pulled = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    yield "PullImages", pulled, images(scope)
    literals = scope.literals
    if literals.has_vpc:
        yield "RunInVpc", list(_IN_VPC), [ANY]
    if literals.output_keys:
        encrypts = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        yield "EncryptOutput", encrypts, key_arns(literals.output_keys, scope)
    if literals.volume_keys:
        yield "EncryptVolumes", ["kms:CreateGrant"], key_arns(literals.volume_keys, scope)
