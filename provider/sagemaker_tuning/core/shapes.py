"""The constraints of AWS's own service model, as botocore ships it.

The model is the first authority on what a request may say: which members exist, which are
required, their types, ranges, lengths, patterns and enumerations
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
is generated from it). botocore's own validator checks only part of that, one mistake at a time
where it matters, and after the credentials were resolved.
"""

from __future__ import annotations

import math
import numbers
import re
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
_PAGES = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
_CREATE_PAGE = f"{_PAGES}CreateHyperParameterTuningJob.html"
_SHOWN = 5
"""Values of an enumeration that a message shows at most."""
_SWITCHED_OFF = "Off"
"""What YAML reads as false where it is not quoted."""
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


def item_shape(operation: str, member: str) -> StructureShape:
    """Give the shape of what is in a list of an operation's input, such as of its ``Tags``."""
    shape = input_shape(operation).members[member]
    assert isinstance(shape, ListShape)  # noqa: S101 -- for mypy, as the next
    assert isinstance(shape.member, StructureShape)  # noqa: S101
    return shape.member


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
    if value is False and _SWITCHED_OFF in shape.metadata.get("enum", ()):
        return _SWITCHED_OFF
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


def why_unsendable(request: Mapping[str, Any], shape: StructureShape) -> str:
    """Say why boto3 would refuse to send a request, whatever AWS thought of it; empty if not."""
    report = ParamValidator().validate(request, shape)
    return str(report.generate_report()) if report.has_errors() else ""


def violations(value: Any, shape: Shape, path: str = "") -> Iterator[Violation]:
    """List everything in a document that the model does not allow; see ``findings``."""
    return (each for each in findings(value, shape, path) if isinstance(each, Violation))


def findings(
    value: Any, shape: Shape, path: str = "", page: str = _CREATE_PAGE
) -> Iterator[Violation | Advice]:
    """List everything in a document that the model does not allow, or does not know.

    A field or value of an enumeration that the model does not know may be newer than it, so it is
    a mistake only where it is a known one in other letters. What a Jinja template hides is
    neither.

    Args:
        value: The document, or a part of it.
        shape: What the model says of it.
        path: Where it stands; empty for the whole request.
        page: AWS's page of the structure that it is a member of.
    """
    if is_template(value):
        return
    if not _has_type(value, shape):
        found = "nothing" if value is None else f"{value!r} ({type(value).__name__})"
        yield Violation(path, found, f"must be {_TYPES[shape.type_name][1]} ({page})")
        return
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, path)
    elif isinstance(shape, ListShape):
        yield from _size(len(value), "items", shape, path, page)
        for index, item in enumerate(value):
            yield from findings(item, shape.member, f"{path}[{index}]", page)
    elif isinstance(shape, MapShape):
        yield from _size(len(value), "entries", shape, path, page)
        for key, item in value.items():
            yield from findings(key, shape.key, f"{path}.{key}", page)
            yield from findings(item, shape.value, f"{path}.{key}", page)
    else:
        yield from _scalar_findings(value, shape, path, page)


def _has_type(value: Any, shape: Shape) -> bool:
    types, _ = _TYPES.get(shape.type_name, (object, ""))
    # To Python a bool is an int; to the service it is not.
    return isinstance(value, types) and (types is bool or not isinstance(value, bool))


def _structure(
    value: Mapping[str, Any], shape: StructureShape, path: str
) -> Iterator[Violation | Advice]:
    prefix = f"{path}." if path else ""
    page = f"{_PAGES}{shape.name.removesuffix('Request').removesuffix('Input')}.html"
    for name in shape.required_members:
        if name not in value and not any(map(is_template, value)):
            yield Violation(f"{prefix}{name}", "missing", f"required ({page})")
    for name, item in value.items():
        if name in shape.members:
            yield from findings(item, shape.members[name], f"{prefix}{name}", page)
        elif not is_template(name):
            yield _unknown_field(f"{prefix}{name}", name, shape, page)


def _unknown_field(path: str, name: Any, shape: StructureShape, page: str) -> Violation | Advice:
    same = _in_other_letters(name, shape.members)
    if same:
        return Violation(path, "unknown field", f"did you mean {same}? ({page})")
    near = get_close_matches(str(name), shape.members, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return Advice(
        path,
        f"unknown to botocore {botocore.__version__}",
        f"{guess}It knows {', '.join(sorted(shape.members))}; if AWS has it since, upgrade boto3: "
        f"this one cannot send it ({page})",
    )


def _in_other_letters(name: Any, known: Iterable[str]) -> str | None:
    plain = _letters(str(name))
    return next((each for each in known if _letters(each) == plain), None)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _size(size: int, unit: str, shape: Shape, path: str, page: str) -> Iterator[Violation]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield Violation(path, f"{size} {unit}", f"at least {low} ({page})")
    if high is not None and size > high:
        yield Violation(path, f"{size} {unit}", f"at most {high} ({page})")


def _scalar_findings(
    value: Any, shape: Shape, path: str, page: str
) -> Iterator[Violation | Advice]:
    metadata = shape.metadata
    if isinstance(value, str):
        yield from _size(len(value), "characters", shape, path, page)
        if "enum" in metadata and value not in metadata["enum"]:
            yield _unknown_value(value, metadata["enum"], path, page)
        if "pattern" in metadata and not _matches(metadata["pattern"], value):
            yield Violation(path, repr(value), f"must match {metadata['pattern']} ({page})")
        return
    if isinstance(value, float) and not math.isfinite(value):
        yield Violation(path, repr(value), f"must be a finite number ({page})")
    if "min" in metadata and value < metadata["min"]:
        yield Violation(path, repr(value), f"at least {metadata['min']} ({page})")
    if "max" in metadata and value > metadata["max"]:
        yield Violation(path, repr(value), f"at most {metadata['max']} ({page})")


def _unknown_value(value: str, known: list[str], path: str, page: str) -> Violation | Advice:
    same = _in_other_letters(value, known)
    if same:
        return Violation(path, repr(value), f"did you mean {same}? ({page})")
    near = get_close_matches(value, known, n=_SHOWN) if len(known) > _SHOWN else known
    return Advice(
        path,
        f"{value!r} is unknown to botocore {botocore.__version__}",
        f"{'one of ' + ', '.join(near) if near else 'another value'}, unless AWS has it since "
        f"({page})",
    )


def _matches(pattern: str, value: str) -> bool:
    # The model's patterns are Java's. These classes Python writes differently, and a little wider:
    # never refuse what AWS accepts.
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\w"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # never refuse by a pattern that cannot be read
