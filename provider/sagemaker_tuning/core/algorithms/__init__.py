"""SageMaker's built-in algorithms as data: objective metrics, hyperparameters, recommended ranges.

The files in ``data/`` are written by a script from AWS's developer guide and the source of the
XGBoost container; each names its pages. A file is read when a request first uses its algorithm.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.image_uris import aws_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).parent / "data"
_AWS_REGISTRY = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?"
)


@dataclass(frozen=True, slots=True)
class BuiltInAlgorithm:
    """A built-in algorithm.

    Attributes:
        name: As AWS's documentation calls it.
        metrics: Objective metrics with their direction, ``Maximize`` or ``Minimize``; None where
            AWS's pages contradict themselves.
        tunable: Tunable hyperparameters, each with its ``kind`` of range (``Integer``,
            ``Continuous`` or ``Categorical``) and the recommended ``min`` and ``max``, or
            ``values``, which may be empty.
        hyperparameters: Names of all hyperparameters.
        required: Names of those without which no training job runs, as far as the algorithm's
            source says.
        sources: The pages that say so.
        is_image: Whether it is an image of its own, whose metrics and tunable hyperparameters the
            service knows; else a script in an image of a framework, of which it knows nothing.
        is_complete: Whether metrics and hyperparameters are from the algorithm's source: one that
            is not listed does not exist in this version.
    """

    name: str
    metrics: Mapping[str, str | None]
    tunable: Mapping[str, Mapping[str, Any]]
    hyperparameters: frozenset[str]
    required: frozenset[str]
    sources: tuple[str, ...]
    is_image: bool
    is_complete: bool


def built_in_algorithm(
    training_image: str, *, has_metrics: bool = False
) -> BuiltInAlgorithm | None:
    """Find the built-in algorithm of a registry path; None for any other image.

    Args:
        training_image: ``TrainingImage``.
        has_metrics: Whether the request defines metrics. Then a repository with the name of a
            built-in algorithm's, in an account that is not known for AWS's, is the user's own.
    """
    match = _AWS_REGISTRY.match(training_image)
    if match is None or (has_metrics and match["account"] not in aws_accounts()):
        return None
    file = _index()["repositories"].get(match["repository"])
    return None if file is None else _algorithm(file, match["tag"] or "", is_image=True)


def is_built_in_image(training_image: str) -> bool:
    """Whether an image is a built-in algorithm's, one without any data here included."""
    match = _AWS_REGISTRY.match(training_image)
    return match is not None and match["repository"] in _index()["repositories"]


def script_algorithm(submit_directory: str) -> BuiltInAlgorithm | None:
    """Find the built-in algorithm that is a script of AWS's; None for any other script.

    Args:
        submit_directory: The static hyperparameter ``sagemaker_submit_directory``.
    """
    for part, file in _index()["scripts"].items():
        if part in submit_directory:
            return _algorithm(file, "", is_image=False)
    return None


@cache
def _algorithm(file: str, tag: str, *, is_image: bool) -> BuiltInAlgorithm:
    data = _read(file)
    versions = data["complete_for_versions"]
    return BuiltInAlgorithm(
        name=data["name"],
        metrics=data["metrics"],
        tunable=data["tunable"],
        hyperparameters=frozenset(data["hyperparameters"]),
        required=frozenset(data["required"]),
        sources=tuple(data["sources"]),
        is_image=is_image,
        is_complete=any(tag == each or tag.startswith(f"{each}-") for each in versions),
    )


@cache
def _index() -> dict[str, Any]:
    return _read("index")


def _read(name: str) -> dict[str, Any]:
    return dict(json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8")))
