"""A look at what a request points to: input and buckets in S3, and roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from sagemaker_tuning.core.errors import AwsCallFailed, Violation
from sagemaker_tuning.core.findings import Advice, Findings
from sagemaker_tuning.core.templates import is_template
from sagemaker_tuning.hooks.services import AwsService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

_URI = re.compile(r"s3://(?P<bucket>[^/:]+)(?:/(?P<key>.*))?", re.DOTALL)
# A service that is out of reach is not worth a wait: it is only looked at.
_BRIEF = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)
_ONE_OBJECT = frozenset({"ManifestFile", "AugmentedManifestFile"})
_NO_BUCKET = frozenset({"NoSuchBucket", "404"})
_S3_RULE = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html"
_ROLE_RULE = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"


def check_inputs(hook: SageMakerTuningHook, request: Mapping[str, Any]) -> Findings:
    """Look whether there is what training jobs read, write to and run as.

    Every S3 input needs an object, the buckets of output and checkpoints must exist, and the role,
    which on a local endpoint nobody assumes. What may not be looked at (``s3:ListBucket``,
    ``iam:GetRole``), or cannot be, is a warning. What several definitions share is looked at once.

    Args:
        hook: Whose connection, region and endpoints serve.
        request: Of CreateHyperParameterTuningJob. Any value in any place is borne.
    """
    found = list(_Look(hook).findings(request))
    return Findings(
        tuple(each for each in found if isinstance(each, Violation)),
        tuple(each for each in found if isinstance(each, Advice)),
    )


@dataclass(frozen=True, slots=True)
class _Missing:
    """What is not there, and what would be right."""

    problem: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Why it cannot be said whether it is there."""

    reason: str


class _Look:
    def __init__(self, hook: SageMakerTuningHook) -> None:
        self._s3 = AwsService(hook, "s3", _BRIEF)
        self._iam = AwsService(hook, "iam", _BRIEF)
        self._has_roles = not hook.is_local
        self._answers: dict[tuple[str, ...], _Missing | _Unseen | None] = {}

    def findings(self, request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
        for path, definition in _definitions(request):
            for channel_path, source in _sources(path, definition):
                uri, kind = source.get("S3Uri"), source.get("S3DataType")
                yield from self._at(f"{channel_path}.S3Uri", self._input, uri, kind)
            for key, member in (
                ("OutputDataConfig", "S3OutputPath"),
                ("CheckpointConfig", "S3Uri"),
            ):
                place = definition.get(key)
                if isinstance(place, dict):
                    yield from self._at(f"{path}.{key}.{member}", self._bucket, place.get(member))
            if self._has_roles:
                yield from self._at(f"{path}.RoleArn", self._role, definition.get("RoleArn"))

    def _at(
        self, path: str, look: Callable[..., _Missing | _Unseen | None], *subject: Any
    ) -> Iterator[Violation | Advice]:
        if not all(isinstance(part, str) and part and not is_template(part) for part in subject):
            return  # others say so: the shapes' own rules, or who looked for a role's ARN
        asked = (look.__name__, *subject)
        if asked not in self._answers:
            self._answers[asked] = look(*subject)
        match self._answers[asked]:
            case _Missing(problem, rule):
                yield Violation(path, problem, rule)
            case _Unseen(reason):
                yield Advice(path, f"{subject[0]!r} was not looked at: {reason}", "it may be there")

    def _input(self, uri: str, kind: str) -> _Missing | _Unseen | None:
        parts = _URI.fullmatch(uri)
        if parts is None:
            return _Unseen("this is no s3://<bucket>/<key>")
        bucket, key = parts["bucket"], parts["key"] or ""
        try:
            listed = self._s3.call("ListObjectsV2", Bucket=bucket, Prefix=key, MaxKeys=1)
        except AwsCallFailed as error:
            return _without_bucket(bucket, error)
        # A key comes before all that begin with it.
        first = next((item["Key"] for item in listed.get("Contents", [])), None)
        if kind in _ONE_OBJECT and first != key:
            return _Missing(f"there is no object {uri!r}", f"a manifest ({_S3_RULE})")
        if first is None:
            problem = f"no object's key begins with {key!r} in the bucket {bucket!r}"
            return _Missing(problem, f"at least one object ({_S3_RULE})")
        return None

    def _bucket(self, uri: str) -> _Missing | _Unseen | None:
        parts = _URI.fullmatch(uri)
        if parts is None:
            return _Unseen("this is no s3://<bucket>/<key>")
        try:
            self._s3.call("HeadBucket", Bucket=parts["bucket"])
        except AwsCallFailed as error:
            return _without_bucket(parts["bucket"], error)
        return None

    def _role(self, arn: str) -> _Missing | _Unseen | None:
        name = arn.rpartition("/")[2]
        try:
            there = str(self._iam.call("GetRole", RoleName=name)["Role"]["Arn"])
        except AwsCallFailed as error:
            if error.code == "NoSuchEntity":
                rule = f"an existing role ({_ROLE_RULE})"
                return _Missing(f"this account has no role {name!r}, so no {arn!r}", rule)
            return _Unseen(str(error))
        if arn.startswith("arn:") and there.casefold() != arn.casefold():
            problem = f"{arn!r}, but this account's role of that name is {there!r}"
            return _Missing(problem, f"a role of the account that training runs in ({_ROLE_RULE})")
        return None


def _without_bucket(bucket: str, error: AwsCallFailed) -> _Missing | _Unseen:
    if error.code in _NO_BUCKET:
        return _Missing(f"there is no bucket {bucket!r}", f"an existing bucket ({_S3_RULE})")
    return _Unseen(str(error))


def _definitions(request: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    one, several = request.get("TrainingJobDefinition"), request.get("TrainingJobDefinitions")
    if isinstance(one, dict):
        yield "TrainingJobDefinition", one
    for index, definition in enumerate(several if isinstance(several, list) else []):
        if isinstance(definition, dict):
            yield f"TrainingJobDefinitions[{index}]", definition


def _sources(path: str, definition: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the S3 data source of each input channel that has one."""
    channels = definition.get("InputDataConfig")
    for index, channel in enumerate(channels if isinstance(channels, list) else []):
        data = channel.get("DataSource") if isinstance(channel, dict) else None
        source = data.get("S3DataSource") if isinstance(data, dict) else None
        if isinstance(source, dict):
            yield f"{path}.InputDataConfig[{index}].DataSource.S3DataSource", source
