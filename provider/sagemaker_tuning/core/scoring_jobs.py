"""Batch transform that scores a model package: names, and the requests of CreateTransformJob.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.merge_patch import merge_patch
from sagemaker_tuning.core.naming import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.deployments import PackageVersion
    from sagemaker_tuning.core.naming import LaunchIdentity

_LONGEST_NAME = 63
_REQUEST_DIGEST = 6
_PAYLOAD_IN_MB = 6
_SLASHES_OF_BUCKET = 2


@dataclass(frozen=True, slots=True)
class ScoringNames:
    """Names of what scores one model package for one task instance.

    Attributes:
        model_name: ``ModelName``, ``<group>-v<version>-<identity>-<epoch>-<request>``.
    """

    model_name: str

    @classmethod
    def of(
        cls, package: PackageVersion, identity: LaunchIdentity, epoch: int, *contents: object
    ) -> ScoringNames:
        """Make them up.

        Args:
            package: What is scored.
            identity: The task instance.
            epoch: Which Clear of the task this is; another one scores anew.
            contents: What else tells two scorings apart, JSON values: the request, the data.
        """
        request = digest_of(package.arn.lower(), *contents)[:_REQUEST_DIGEST]
        tail = f"-v{package.version}-{identity.digest}-{epoch}-{request}"
        room = _LONGEST_NAME - len(tail) - len("-00")
        return cls(f"{package.group.lower()[:room].rstrip('-')}{tail}")

    def job_name(self, generation: int) -> str:
        """Give ``TransformJobName``; each job since a failed one is a generation, from 1 to 99."""
        return f"{self.model_name}-{generation:02d}"


def name_part(identity: LaunchIdentity) -> str:
    """Give what all names of a task instance's scorings contain, of whichever epoch."""
    return identity.digest


def is_scoring_name(identity: LaunchIdentity, name: str) -> bool:
    """Whether a model or transform job is named as a task instance's scoring is."""
    pattern = rf"[a-z0-9-]+-v\d+-{identity.digest}-\d+-[a-z2-7]{{{_REQUEST_DIGEST}}}(-\d\d)?"
    return re.fullmatch(pattern, name) is not None


def transform_request(
    *,
    data: str,
    s3_output_path: str,
    instance_type: str,
    instance_count: int,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """Give a request without names, tags and the job's own folder.

    Args:
        data: ``S3Uri`` of the held-out data: CSV, the label first.
        s3_output_path: Where each job has its folder.
        instance_type: ``InstanceType``.
        instance_count: ``InstanceCount``.
        more: What is to be other in it, by the rules of JSON Merge Patch.
    """
    request: dict[str, Any] = {
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": _PAYLOAD_IN_MB,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": s3_output_path,
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": instance_type, "InstanceCount": instance_count},
    }
    request = merge_patch(request, more)
    # Of several numbers for a row none may be lost unseen, and how many a model predicts is not
    # known; AWS takes a list of columns or one range of them, so the whole row comes back.
    # https://github.com/aws/sagemaker-python-sdk/issues/1112
    request["DataProcessing"] = {"InputFilter": "$[1:]", "JoinSource": "Input"}
    return request


def is_within(data: str, output: str) -> bool:
    """Whether what is written to a place is data from then on.

    Args:
        data: S3 URI that all of the data begins with.
        output: S3 URI of a folder, with or without a slash at its end.
    """
    beginning = data if data.count("/") > _SLASHES_OF_BUCKET else f"{data}/"
    return f"{output.rstrip('/')}/".startswith(beginning)
