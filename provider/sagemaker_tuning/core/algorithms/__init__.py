"""SageMaker's built-in algorithms as data: which metrics they emit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sagemaker_tuning.core.algorithms import xgboost


@dataclass(frozen=True, slots=True)
class BuiltInAlgorithm:
    """A built-in algorithm.

    Attributes:
        name: As AWS's documentation calls it.
        metrics: Names of the metrics that a tuning job may have as its objective.
        source: The page that lists the metrics.
    """

    name: str
    metrics: frozenset[str]
    source: str


_BY_REPOSITORY = {
    repository: BuiltInAlgorithm("XGBoost", xgboost.METRICS, xgboost.SOURCE)
    for repository in xgboost.REPOSITORIES
}
_AWS_REGISTRY = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
)


def built_in_algorithm(training_image: str) -> BuiltInAlgorithm | None:
    """Find the built-in algorithm of a registry path; None for any other image.

    A repository of the same name in an account of the user's own is taken for the built-in one:
    its metrics must then be in the request's metric definitions.
    """
    match = _AWS_REGISTRY.match(training_image)
    return None if match is None else _BY_REPOSITORY.get(match["repository"])
