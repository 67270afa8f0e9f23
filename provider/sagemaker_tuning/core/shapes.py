"""The constraints of AWS's own service model, as botocore ships it.

The model is the first authority on what a request may say: which members exist, which are
required, their types, ranges, lengths, patterns and enumerations
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
is generated from it). botocore's own validator checks only part of that, one mistake at a time
where it matters, and after the credentials were resolved.
"""

from __future__ import annotations

import numbers
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from sagemaker_tuning.core.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TYPES: dict[str, tuple[Any, str]] = {
    "structure": (dict, "a mapping"),
    "map": (dict, "a mapping"),
    "list": (list, "a list"),
    "string": (str, "a string"),
    "integer": (int, "a whole number"),
    "long": (int, "a whole number"),
    "float": (int | float, "a number"),
    "double": (int | float, "a number"),
    "boolean": (bool, "true or false"),
}
_OPEN_ENUMERATIONS = frozenset({"TrainingInstanceType"})
"""Enumerations that AWS extends more often than anybody upgrades botocore."""
_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


@cache
def input_shape(operation: str) -> StructureShape:
    """Give the input shape of a SageMaker operation such as ``CreateHyperParameterTuningJob``."""
    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")
    shape = model.operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)  # noqa: S101 -- every input of this service is one
    return shape


def to_model_types(value: Any, shape: Shape) -> Any:
    """Give scalars the type that the model wants, where that loses nothing.

    Templates render to strings, so ``"20"`` becomes 20 where the model wants an integer; and
    hyperparameters are strings to SageMaker, so 100 becomes ``"100"``. Anything else stays as it
    is, for ``violations`` to name.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            key: to_model_types(item, shape.members[key]) if key in shape.members else item
            for key, item in value.items()
        }
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {str(key): to_model_types(item, shape.value) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [to_model_types(item, shape.member) for item in value]
    return _scalar(value, shape.type_name)


def _scalar(value: Any, type_name: str) -> Any:
    if isinstance(value, str):
        return _from_string(value, type_name)
    if isinstance(value, bool):
        return str(value).lower() if type_name == "string" else value
    # int() and float(), because numpy's numbers print as np.float64(0.1).
    if isinstance(value, numbers.Integral) and type_name in {"string", "integer", "long"}:
        return str(int(value)) if type_name == "string" else int(value)
    if isinstance(value, numbers.Real) and type_name == "string":
        return repr(float(value))
    return value


def _from_string(value: str, type_name: str) -> Any:
    read = _READERS.get(type_name, str)
    try:
        return read(value)
    except (KeyError, ValueError):
        return value


def violations(value: Any, shape: Shape, path: str = "") -> Iterator[Violation]:
    """List everything in a document that the model does not allow.

    Args:
        value: The document, or a part of it.
        shape: What the model says of it.
        path: Where it stands; empty for the whole request.
    """
    if not _has_type(value, shape):
        found = "nothing" if value is None else f"{value!r} ({type(value).__name__})"
        yield Violation(path, found, f"must be {_TYPES[shape.type_name][1]}")
        return
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, path)
    elif isinstance(shape, MapShape):
        yield from _size(len(value), "entries", shape, path)
        for key, item in value.items():
            yield from violations(key, shape.key, f"{path}.{key}")
            yield from violations(item, shape.value, f"{path}.{key}")
    elif isinstance(shape, ListShape):
        yield from _size(len(value), "items", shape, path)
        for index, item in enumerate(value):
            yield from violations(item, shape.member, f"{path}[{index}]")
    else:
        yield from _scalar_violations(value, shape, path)


def _has_type(value: Any, shape: Shape) -> bool:
    types, _ = _TYPES.get(shape.type_name, (object, ""))
    # To Python a bool is an int; to the service it is not.
    return isinstance(value, types) and (types is bool or not isinstance(value, bool))


def _structure(value: Mapping[str, Any], shape: StructureShape, path: str) -> Iterator[Violation]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            yield Violation(f"{prefix}{name}", "missing", "required")
    for name, item in value.items():
        if name in shape.members:
            yield from violations(item, shape.members[name], f"{prefix}{name}")
        else:
            yield Violation(f"{prefix}{name}", "unknown field", _known(name, shape))


def _known(name: str, shape: StructureShape) -> str:
    same = [known for known in shape.members if known.lower() == name.lower()]
    if same:
        return f"did you mean {same[0]}?"
    return (
        f"botocore {botocore.__version__} knows {', '.join(sorted(shape.members))}; "
        "if AWS has it since, upgrade boto3"
    )


def _size(size: int, unit: str, shape: Shape, path: str) -> Iterator[Violation]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield Violation(path, f"{size} {unit}", f"at least {low}")
    if high is not None and size > high:
        yield Violation(path, f"{size} {unit}", f"at most {high}")


def _scalar_violations(value: Any, shape: Shape, path: str) -> Iterator[Violation]:
    metadata = shape.metadata
    if isinstance(value, str):
        yield from _size(len(value), "characters", shape, path)
        is_closed = shape.name not in _OPEN_ENUMERATIONS
        if is_closed and "enum" in metadata and value not in metadata["enum"]:
            yield Violation(path, repr(value), "one of " + ", ".join(metadata["enum"]))
        if "pattern" in metadata and not _matches(metadata["pattern"], value):
            yield Violation(path, repr(value), f"must match {metadata['pattern']}")
        return
    if "min" in metadata and value < metadata["min"]:
        yield Violation(path, repr(value), f"at least {metadata['min']}")
    if "max" in metadata and value > metadata["max"]:
        yield Violation(path, repr(value), f"at most {metadata['max']}")


def _matches(pattern: str, value: str) -> bool:
    # The model's patterns are Java's. These classes Python writes differently, and a little wider:
    # never refuse what AWS accepts.
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\w"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # never refuse by a pattern that cannot be read
