"""Parts of a request, found where they are and skipped where they are not.

Rules run on requests with mistakes in them too, so that one run names every mistake; a part of
the wrong type has been named by its shape already. They run on requests with Jinja templates as
well: what a template hides is unknown, which is neither there nor missing.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.algorithms import built_in_algorithm, script_algorithm
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagemaker_tuning.core.algorithms import BuiltInAlgorithm

API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
RANGE_KINDS = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")

_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def lookup(document: Any, *keys: str) -> Any:
    """Follow the keys; None where there is nothing, the template where one hides what there is."""
    for key in keys:
        if is_template(document):
            return document
        document = document.get(key) if isinstance(document, dict) else None
    return document


def mapping(document: Any, *keys: str) -> dict[str, Any]:
    """Follow the keys to a mapping; an empty one where there is none."""
    found = lookup(document, *keys)
    return found if isinstance(found, dict) else {}


def items(document: Any, *keys: str) -> list[Any]:
    """Follow the keys to a list; an empty one where there is none."""
    found = lookup(document, *keys)
    return found if isinstance(found, list) else []


def config(request: Mapping[str, Any], *keys: str) -> Any:
    """Follow the keys from ``HyperParameterTuningJobConfig``."""
    return lookup(request, "HyperParameterTuningJobConfig", *keys)


def integer(value: Any) -> int | None:
    """Give a whole number; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """Give the finite number that a bound of a range says; None for anything else."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def is_autotuned(request: Mapping[str, Any]) -> bool:
    """Whether the service chooses what the request leaves out."""
    return bool(request.get("Autotune"))


def definitions(request: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each training job definition with its path."""
    single = request.get("TrainingJobDefinition")
    if isinstance(single, dict):
        yield "TrainingJobDefinition", single
    for index, definition in enumerate(items(request, "TrainingJobDefinitions")):
        if isinstance(definition, dict):
            yield f"TrainingJobDefinitions[{index}]", definition


def range_sets(request: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each set of parameter ranges with its path."""
    path = "HyperParameterTuningJobConfig.ParameterRanges"
    yield path, mapping(request, *path.split("."))
    for where, definition in definitions(request):
        yield f"{where}.HyperParameterRanges", mapping(definition, "HyperParameterRanges")


def ranges(request: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each parameter range of these kinds: its path, its kind, itself."""
    for path, range_set in range_sets(request):
        yield from ranges_in(path, range_set, *kinds)


def ranges_in(
    path: str, range_set: Mapping[str, Any], *kinds: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each parameter range of one set that has a name."""
    for kind in kinds:
        for item in items(range_set, kind):
            if isinstance(item, dict) and isinstance(item.get("Name"), str):
                yield f"{path}.{kind}[{item['Name']}]", kind, item


def ranges_of(
    request: Mapping[str, Any], definition: Mapping[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each parameter range that a definition tunes over: its own, else the shared ones."""
    own = lookup(definition, "HyperParameterRanges")
    if own is not None and not is_template(own):
        where = next((path for path, each in definitions(request) if each is definition), "")
        path, found = f"{where}.HyperParameterRanges", own
    else:
        path, found = "HyperParameterTuningJobConfig.ParameterRanges", None
        found = None if is_template(own) else config(request, "ParameterRanges")
    yield from ranges_in(path, found if isinstance(found, dict) else {}, *RANGE_KINDS)


def hides_ranges(request: Mapping[str, Any], definition: Mapping[str, Any]) -> bool:
    """Whether templates hide which values a definition tunes over."""
    return hides(definition.get("HyperParameterRanges")) or hides(
        config(request, "ParameterRanges")
    )


def algorithm_of(definition: Mapping[str, Any]) -> BuiltInAlgorithm | None:
    """Find the built-in algorithm of a definition; None if it is another, or hidden."""
    specification = mapping(definition, "AlgorithmSpecification")
    image = specification.get("TrainingImage")
    if not isinstance(image, str) or is_template(image):
        return None
    found = built_in_algorithm(image, has_metrics=bool(specification.get("MetricDefinitions")))
    script = mapping(definition, "StaticHyperParameters").get("sagemaker_submit_directory")
    return script_algorithm(script) if found is None and isinstance(script, str) else found


def is_script(definition: Mapping[str, Any]) -> bool:
    """Whether the training jobs run a script of the user's (or AWS's) in the image.

    A hyperparameter or a variable names it:
    https://github.com/aws/sagemaker-training-toolkit
    """
    static = lookup(definition, "StaticHyperParameters")
    environment = lookup(definition, "Environment")
    return (
        hides(static)
        or hides(environment)
        or any(
            isinstance(name, str) and name.startswith("sagemaker_")
            for name in (static if isinstance(static, dict) else ())
        )
        or (isinstance(environment, dict) and "SAGEMAKER_PROGRAM" in environment)
    )
