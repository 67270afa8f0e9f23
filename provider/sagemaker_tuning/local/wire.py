"""Requests and responses of the API as JSON 1.1, read and written by botocore's service model."""

import json
import math
from functools import cache
from itertools import islice
from typing import Any, NoReturn

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from sagemaker_tuning.local.errors import serialization_error, validation_error
from sagemaker_tuning.local.validation import member_path, violations

Document = dict[str, Any]
"""A request or response with AWS's own keys; timestamps are epoch seconds."""

_JSON_KINDS = {
    bool: "BOOLEAN_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    str: "STRING_VALUE",
    list: "LIST_VALUE",
    dict: "MAP_VALUE",
    type(None): "NULL_VALUE",
}
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}
# So that a list with a million mistakes does not make a message of as many.
_MOST_VIOLATIONS = 100
_INTEGER_BITS = {"integer": 32, "long": 64}


@cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    """A service's model; reading SageMaker's takes a fraction of a second, once."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def _operation(name: str, service: str = "sagemaker") -> OperationModel:
    # The model builds its shapes anew at every call and caches what hangs below them, so one
    # operation model is kept per operation.
    return service_model(service).operation_model(name)


def parse(operation: str, body: bytes, *, service: str = "sagemaker") -> Document:
    """The request document of a body, checked against every constraint of the service model.

    A member that is null is absent, as on AWS. A member that the model does not know is
    refused: boto3 refuses it before it is sent, and whoever sends it otherwise has misspelt it.

    Raises:
        ApiError: SerializationException for what is no JSON of the right types,
            ValidationException for values outside the model's constraints, up to 100 at once.
    """
    shape = _operation(operation, service).input_shape
    if shape is None:
        return {}
    try:
        document: Document = _deserialise(shape, _decode(body), "")
        found = list(islice(violations(shape, document, ""), _MOST_VIOLATIONS))
    except RecursionError as error:
        raise serialization_error("The request body is nested too deeply") from error
    if found:
        count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise validation_error(f"{count} detected: {'; '.join(found)}")
    return document


def serialise(operation: str, document: Document) -> bytes:
    """The response body of a document: the members that the operation's output has, no others."""
    shape = _operation(operation).output_shape
    if shape is None:
        return b""
    return json.dumps(_project(shape, document), separators=(",", ":")).encode()


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise serialization_error(f"The request body is not valid JSON: {error}") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _deserialise(shape: Shape, value: Any, path: str) -> Any:
    """The value without its nulls, if it and everything in it has the type that the shape wants."""
    if not _has_type(shape, value):
        raise serialization_error(
            f"{_JSON_KINDS[type(value)]} can not be converted to {shape.type_name.capitalize()}"
            f" at '{path or shape.name}'"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise serialization_error(f"The number at '{path}' is out of range")
    if isinstance(value, str):
        _check_text(value, path)
    bits = _INTEGER_BITS.get(shape.type_name)
    if bits is not None and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise serialization_error(f"The number {value} at '{path}' does not fit in {bits} bits")
    if isinstance(shape, StructureShape):
        return {
            name: _deserialise(shape.members[name], member, member_path(path, name))
            if name in shape.members
            else member
            for name, member in value.items()
            if member is not None
        }
    if isinstance(shape, ListShape):
        return [
            _deserialise(shape.member, member, f"{path}.{number}.member")
            for number, member in enumerate(value, start=1)
        ]
    if isinstance(shape, MapShape):
        for key in value:
            _check_text(key, path)
        return {
            key: _deserialise(shape.value, member, f"{path}.{key}.member")
            for key, member in value.items()
            if member is not None
        }
    return value


def _check_text(text: str, path: str) -> None:
    """Refuses half a pair of surrogates, which JSON can write and neither file nor store can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise serialization_error(f"The text at '{path}' is not Unicode: {error}") from error


def _has_type(shape: Shape, value: Any) -> bool:
    accepted = _ACCEPTED[shape.type_name]
    # To Python a boolean is an integer.
    return isinstance(value, accepted) and (bool in accepted or not isinstance(value, bool))


def _project(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return {
            name: _project(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [_project(shape.member, member) for member in value]
    if shape.type_name == "timestamp":
        return round(value, 3)
    return value
