"""What the arguments of a DAG's tasks say of buckets, roles and images, as far as it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WILDCARD = "\ue001"
"""Stands for what only a run knows; it becomes ``*`` in a resource."""

_PARAM = re.compile(r"\{\{\s*params(?:\.(\w+)|\[['\"](\w+)['\"]\])\s*\}\}")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_URI = re.compile(r"s3://([^/]+)(?:/(.*))?", re.DOTALL)
_ROLE_KEYS = frozenset({"RoleArn", "ExecutionRoleArn", "role", "role_arn", "execution_role_arn"})
_IMAGE_KEYS = frozenset({"TrainingImage", "Image", "inference_image"})
_KEY_KEYS = frozenset({"KmsKeyId", "kms_key_id"})
_DEFINITION_KEYS = frozenset({"training_job_definition", "training_job_definitions"})


def is_unknown(name: str) -> bool:
    """Whether a run alone knows a name: a resource of it would be any."""
    return WILDCARD in name and not any(map(str.isalnum, name))


@dataclass(frozen=True, slots=True)
class Place:
    """Objects in S3: those whose keys begin so.

    Attributes:
        bucket: Its name; may have a wildcard.
        key: What keys begin with; empty for all.
    """

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: object) -> Place | None:
        """Read ``s3://<bucket>/<key>``; None if it is none."""
        found = _URI.fullmatch(uri) if isinstance(uri, str) else None
        return cls(found[1], found[2] or "") if found else None


_ANYWHERE = Place(WILDCARD, "")


def folder(place: Place) -> Place:
    """Give a place of which only what is below it is meant."""
    return (
        place if not place.key or place.key.endswith("/") else Place(place.bucket, place.key + "/")
    )


@dataclass(slots=True)
class Literals:
    """What all the tasks together name; each once, in their order.

    What only a run knows is a name with wildcards, so that nothing is missing unsaid.

    Attributes:
        inputs: What training jobs read.
        outputs: Below which they write.
        predictions: Below which transform jobs write.
        checkpoints: Where they read and write.
        roles: ARNs or names.
        images: Registry paths.
        groups: Model package groups.
        output_keys: KMS keys of output.
        volume_keys: KMS keys of volumes.
        has_vpc: Whether anything runs in a VPC.
    """

    inputs: dict[Place, None] = field(default_factory=dict)
    outputs: dict[Place, None] = field(default_factory=dict)
    predictions: dict[Place, None] = field(default_factory=dict)
    checkpoints: dict[Place, None] = field(default_factory=dict)
    roles: dict[str, None] = field(default_factory=dict)
    images: dict[str, None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    output_keys: dict[str, None] = field(default_factory=dict)
    volume_keys: dict[str, None] = field(default_factory=dict)
    has_vpc: bool = False

    def read(self, arguments: Mapping[str, Any]) -> None:
        """Add what an operator's arguments say."""
        for path, value in _leaves(arguments, ()):
            if isinstance(value, str) and value:
                self._add(path, value)

    def _add(self, path: tuple[str, ...], value: str) -> None:
        key = path[-1]
        if key in {"VpcConfig", "Subnets", "SecurityGroupIds"}:
            self.has_vpc = True
        elif key in _ROLE_KEYS:
            self.roles[value] = None
        elif key in _IMAGE_KEYS:
            self.images[value] = None
        elif key in _KEY_KEYS:
            self.output_keys[value] = None
        elif key == "VolumeKmsKeyId":
            self.volume_keys[value] = None
        elif key in {"model_package_group_name", "ModelPackageGroupName"}:
            self.groups[value] = None
        elif key in _DEFINITION_KEYS and value == WILDCARD:
            self._add_unknown_definition()
        elif (place := Place.of(value)) is not None:
            self._add_place(path, place)
        elif WILDCARD in value:
            self._add_place(path, _ANYWHERE)

    def _add_unknown_definition(self) -> None:
        self.roles[WILDCARD] = self.images[WILDCARD] = None
        self.inputs[_ANYWHERE] = self.outputs[_ANYWHERE] = None

    def _add_place(self, path: tuple[str, ...], place: Place) -> None:
        if path[-1] == "S3OutputPath":
            self.outputs[place] = None
        elif path[-1] == "s3_output_path":
            self.predictions[place] = None
        elif path[-1] == "data":
            self.inputs[place] = None
        elif path[-1] == "S3Uri":
            (self.checkpoints if "CheckpointConfig" in path else self.inputs)[place] = None


def rendered(value: Any, params: Mapping[str, Any]) -> Any:
    """Put the values of params where templates ask for them; wildcards for all else.

    A template that stands alone gives the param's own type.
    """
    if isinstance(value, dict):
        return {key: rendered(item, params) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rendered(item, params) for item in value]
    if not is_template(value):
        return value
    alone = _PARAM.fullmatch(value.strip())
    if alone and _name(alone) in params:
        return params[_name(alone)]
    known = _PARAM.sub(lambda found: _shown(params.get(_name(found), found[0])), value)
    return _TEMPLATE.sub(WILDCARD, known)


def _name(found: re.Match[str]) -> str:
    return found[1] or found[2]


def _shown(value: object) -> str:
    return str(value)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give everything that is no container, with the keys that lead there; lists have none."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, value
