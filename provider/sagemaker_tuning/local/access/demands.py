"""What a request needs a policy's permission for.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from sagemaker_tuning.local.access import s3
from sagemaker_tuning.local.http.call import SAGEMAKER, Call
from sagemaker_tuning.local.names import ACCOUNT_ID

ANY = "*"
"""The resource of what takes no other, or of which none can be told."""

PASSED_TO = "iam:PassedToService"

_SAGEMAKER = "sagemaker"
# Of an endpoint the configuration is needed too, under the same action.
_WITH_CONFIG = frozenset({"CreateEndpoint", "UpdateEndpoint"})
_OF_TUNING_JOB = "ListTrainingJobsForHyperParameterTuningJob"
_OF_ONE = re.compile(r"(?:Create|Describe|Stop|Delete|Update)(\w+)")
_MODEL_PACKAGE = "ModelPackage"
_ROLES = ("RoleArn", "ExecutionRoleArn")
_DEFINITIONS = ("TrainingJobDefinition", "TrainingJobDefinitions")
_INVOCATION = re.compile(r"/endpoints/([^/]+)/")
# Those whose actions do not begin with the name that requests are signed for.
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
# Nobody needs a permission for it.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE = frozenset({"sts:GetCallerIdentity"})


@dataclass(frozen=True)
class Demand:
    """One action on one resource, and what conditions can ask about it."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def demands(call: Call) -> list[Demand]:
    """All that a request needs; each of them must be allowed."""
    # It is answered as SageMaker's, whichever service it is signed for; a bucket can be endpoints.
    invokes = call.operation == "InvokeEndpoint" and call.service != "s3"
    if call.target.startswith(SAGEMAKER) or invokes:
        return list(_of_sagemaker(call))
    if call.is_for_s3:
        return [Demand(action, resource) for action, resource in s3.actions(call)]
    service, _, operation = call.operation.rpartition(":")
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    if action in _FREE:
        return []
    return [Demand(action, _resource(service, operation, call))]


def _of_sagemaker(call: Call) -> Iterator[Demand]:
    operation, document = call.operation, _document(call)
    resources = list(_resources(operation, document, call))
    for resource in resources:
        yield Demand(f"{_SAGEMAKER}:{operation}", resource)
    if operation.startswith("Create") and document.get("Tags"):
        yield Demand(f"{_SAGEMAKER}:AddTags", resources[0])
    for role in _roles(document):
        yield Demand("iam:PassRole", role, {PASSED_TO: "sagemaker.amazonaws.com"})


def _resources(operation: str, document: Mapping[str, Any], call: Call) -> Iterator[str]:
    of_one = _OF_ONE.fullmatch(operation)
    if operation == "InvokeEndpoint":
        found = _INVOCATION.match(call.environ["PATH_INFO"])
        yield _arn(call, "endpoint", unquote(found[1])) if found else ANY
    elif "ResourceArn" in document:
        yield str(document["ResourceArn"])
    elif operation == _OF_TUNING_JOB:
        name = document.get("HyperParameterTuningJobName", "")
        yield _arn(call, "hyper-parameter-tuning-job", name)
    elif of_one is not None and of_one[1] == _MODEL_PACKAGE:
        yield _model_package(document, call)
    elif of_one is not None and f"{of_one[1]}Name" in document:
        yield _arn(call, _kebab(of_one[1]), document[f"{of_one[1]}Name"])
    else:
        yield ANY
    if operation in _WITH_CONFIG and "EndpointConfigName" in document:
        yield _arn(call, "endpoint-config", document["EndpointConfigName"])


def _model_package(document: Mapping[str, Any], call: Call) -> str:
    given = document.get("ModelPackageArn") or document.get("ModelPackageName")
    if given is not None:
        return _arn(call, "model-package", given)
    return _arn(call, "model-package-group", document.get("ModelPackageGroupName", ""))


def _arn(call: Call, kind: str, name_or_arn: object) -> str:
    name = str(name_or_arn)
    if name.startswith("arn:"):
        return name
    return f"arn:aws:sagemaker:{call.region}:{ACCOUNT_ID}:{kind}/{name}"


def _kebab(noun: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", noun).lower()


def _roles(document: Mapping[str, Any]) -> list[str]:
    """The roles that a request hands to SageMaker, each once."""
    parts: list[Any] = [document]
    for key in _DEFINITIONS:
        part = document.get(key)
        parts += part if isinstance(part, list) else [part]
    given = [part.get(key) for part in parts if isinstance(part, dict) for key in _ROLES]
    return list(dict.fromkeys(role for role in given if isinstance(role, str)))


def _resource(service: str, operation: str, call: Call) -> str:
    """The resource of a request to another service, as far as pipelines touch it."""
    given = _document(call) if call.target else dict(parse_qsl(call.body.decode(errors="replace")))
    place = f"{call.region}:{ACCOUNT_ID}"
    if service == "logs" and "logGroupName" in given:
        stream = "" if operation == "DescribeLogStreams" else given.get("logStreamName", "")
        return f"arn:aws:logs:{place}:log-group:{given['logGroupName']}:log-stream:{stream}"
    if service == "sqs":
        queue = given.get("QueueName") or str(given.get("QueueUrl", "")).rpartition("/")[2]
        return f"arn:aws:sqs:{place}:{queue}" if queue else ANY
    if service == "iam" and "RoleName" in given:
        return f"arn:aws:iam::{ACCOUNT_ID}:role/{given['RoleName']}"
    keys = {"sns": ("TopicArn", "TargetArn"), "sts": ("RoleArn",)}.get(service, ())
    return next((str(given[key]) for key in keys if key in given), ANY)


def _document(call: Call) -> dict[str, Any]:
    """The body as JSON; empty where it is none, which is refused later."""
    if not call.target:
        return {}
    try:
        document = json.loads(call.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
