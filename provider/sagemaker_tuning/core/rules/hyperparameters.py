"""Rules about the hyperparameters of built-in algorithms.

Their names and recommended ranges: core.algorithms.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sagemaker_tuning.core.algorithms import BuiltInAlgorithm

_KINDS = {kind: kind.removesuffix("ParameterRanges") for kind in parts.RANGE_KINDS}


def tuned_are_tunable(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """A hyperparameter with a range is one that the built-in algorithm can tune.

    The service refuses others, in script mode too:
    https://github.com/aws/sagemaker-python-sdk/issues/2226
    """
    for _, definition, algorithm in _built_in(request):
        for path, _, item in parts.ranges_of(request, definition):
            name = item["Name"]
            if name in algorithm.tunable or is_template(name):
                continue
            problem = f"{algorithm.name} cannot tune {name!r}"
            rule = f"{_choice(name, algorithm.tunable)} ({algorithm.sources[0]})"
            is_listed = name in algorithm.hyperparameters
            if algorithm.is_image and (algorithm.is_complete or not is_listed):
                yield Violation(path, problem, rule)
            else:
                yield Advice(path, f"{name!r} is not tunable by AWS's page", rule)


def static_are_known(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    """A static hyperparameter is one that the built-in algorithm has.

    The XGBoost container ends every training job that has another one:
    https://github.com/aws/sagemaker-xgboost-container
    """
    for where, definition, algorithm in _built_in(request):
        if algorithm.is_image and parts.is_script(definition):
            continue  # a script of the user's has whichever it likes
        for name in parts.mapping(definition, "StaticHyperParameters"):
            if not isinstance(name, str) or name in algorithm.hyperparameters:
                continue
            if name.startswith(("_", "sagemaker_")) or is_template(name):
                continue
            path = f"{where}.StaticHyperParameters.{name}"
            rule = f"{_choice(name, algorithm.hyperparameters)} ({algorithm.sources[1]})"
            if algorithm.is_complete:
                yield Violation(path, f"{algorithm.name} has no hyperparameter {name!r}", rule)
            else:
                yield Advice(path, f"{name!r} is not on AWS's page of {algorithm.name}", rule)


def required_are_given(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A hyperparameter without which no training job runs is static or tuned."""
    for where, definition, algorithm in _built_in(request):
        if parts.is_script(definition) or parts.hides_ranges(request, definition):
            continue
        if parts.is_autotuned(request):
            continue  # the service may choose a range for it
        given = {item["Name"] for _, _, item in parts.ranges_of(request, definition)}
        given |= set(parts.mapping(definition, "StaticHyperParameters"))
        for name in sorted(algorithm.required - given) if algorithm.is_complete else ():
            yield Violation(
                f"{where}.StaticHyperParameters.{name}",
                "missing",
                f"{algorithm.name} requires it, static or tuned ({algorithm.sources[1]})",
            )


def ranges_are_as_recommended(request: Mapping[str, Any]) -> Iterator[Advice]:
    """A range is of the kind, and within the bounds, that AWS recommends."""
    for _, definition, algorithm in _built_in(request):
        for path, kind, item in parts.ranges_of(request, definition):
            recommended = algorithm.tunable.get(item["Name"])
            if recommended is not None:
                yield from _beyond(path, _KINDS[kind], item, recommended, algorithm)


def _built_in(
    request: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any], BuiltInAlgorithm]]:
    for path, definition in parts.definitions(request):
        algorithm = parts.algorithm_of(definition)
        if algorithm is not None:
            yield path, definition, algorithm


def _beyond(
    path: str,
    kind: str,
    item: Mapping[str, Any],
    recommended: Mapping[str, Any],
    algorithm: BuiltInAlgorithm,
) -> Iterator[Advice]:
    page = algorithm.sources[0]
    if "values" in recommended:
        strange = [
            value
            for value in parts.items(item, "Values")
            if recommended["values"] and value not in recommended["values"]
            if isinstance(value, str) and not is_template(value)
        ]
        if strange:
            yield Advice(
                path,
                f"{', '.join(strange)} not among AWS's recommended values",
                f"{', '.join(recommended['values'])} ({page})",
            )
        return
    if kind == "Continuous" and recommended["kind"] == "Integer":
        yield Advice(path, "continuous, of whole numbers", f"IntegerParameterRanges ({page})")
    numbers = [parts.number(value) for value in _values(item)]
    known = [number for number in numbers if number is not None]
    if known and (min(known) < recommended["min"] or max(known) > recommended["max"]):
        yield Advice(
            path,
            f"from {min(known):g} to {max(known):g}, beyond AWS's recommended range",
            f"from {recommended['min']:g} to {recommended['max']:g} ({page})",
        )


def _values(item: Mapping[str, Any]) -> list[Any]:
    return [item.get("MinValue"), item.get("MaxValue"), *parts.items(item, "Values")]


def _choice(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(sorted(known))}"
