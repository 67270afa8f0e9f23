"""Built-in algorithms by training image, and the reasons they fail for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.xgboost import metrics as xgboost_metrics

FAILURE_LENGTH = 1024
"""The most characters of a FailureReason."""

_CATEGORIES = ("ClientError:", "AlgorithmError:", "InternalServerError:")


class UnknownAlgorithmError(LookupError):
    """No program is known for a training image."""


@dataclass(frozen=True)
class BuiltInAlgorithm:
    """An algorithm of SageMaker's own that runs here without its image.

    Attributes:
        name: As AWS calls it.
        image: Matches the whole of its training images.
        example: What such an image looks like.
        program: The module whose ``train(container, cache_dir)`` trains. Only training processes
            and their fork server import it; what it keeps in ``cache_dir`` is there for the next.
        metric_definitions: As AWS lists them in an AlgorithmSpecification.
        directions: ``Maximize`` or ``Minimize`` by metric name.
    """

    name: str
    image: re.Pattern[str]
    example: str
    program: str
    metric_definitions: Sequence[dict[str, str]]
    directions: dict[str, str]

    def emits(self, metric_name: str) -> bool:
        """Whether a tuning job can have a metric of this name as its objective."""
        return metric_name in self.directions

    def direction(self, metric_name: str) -> str:
        """Which way the metric gets better: ``Maximize`` or ``Minimize``.

        Raises:
            KeyError: The algorithm does not emit the metric.
        """
        return self.directions[metric_name]


# Built-in images are copied to accounts of all kinds, so any account and region will do.
_REGISTRY = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"

XGBOOST = BuiltInAlgorithm(
    name="XGBoost",
    image=re.compile(rf"{_REGISTRY}/(sagemaker-xgboost(:[\w.-]+)?|xgboost:(1|latest))"),
    example="<account>.dkr.ecr.<region>.amazonaws.com/sagemaker-xgboost:1.7-1",
    program="sagemaker_tuning.local.training.xgboost.program",
    metric_definitions=xgboost_metrics.METRIC_DEFINITIONS,
    directions=xgboost_metrics.DIRECTIONS,
)
BUILT_IN = (XGBOOST,)


def find(image: str, algorithms: Sequence[BuiltInAlgorithm] = BUILT_IN) -> BuiltInAlgorithm:
    """The one of ``algorithms`` that has the training image.

    Raises:
        UnknownAlgorithmError: None has.
    """
    for algorithm in algorithms:
        if algorithm.image.fullmatch(image):
            return algorithm
    offers = "; ".join(f"{algorithm.name}: {algorithm.example}" for algorithm in algorithms)
    raise UnknownAlgorithmError(
        f"the local SageMaker endpoint has no program for the training image {image!r}; "
        f"what it can run: {offers}"
    )


def built_in(image: str) -> BuiltInAlgorithm | None:
    """The built-in algorithm of a training image, None when it is not one known here."""
    try:
        return find(image)
    except UnknownAlgorithmError:
        return None


def failure_reason(container: Container, exit_code: int) -> str | None:
    """FailureReason of a training job whose process ended with ``exit_code``, None on success.

    It is what the program wrote to ``output/failure``, the first 1024 characters of it:
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
    """
    if exit_code == 0:
        return None
    try:
        with container.failure_file.open(encoding="utf-8", errors="replace") as file:
            told = file.read(FAILURE_LENGTH)
    except OSError:
        told = ""
    if told.startswith(_CATEGORIES):
        return told
    # As a shell and AWS number it, where Python has the negative signal.
    suffix = f", exit code: {exit_code if exit_code > 0 else 128 - exit_code}"
    return f"AlgorithmError: {told}"[: FAILURE_LENGTH - len(suffix)] + suffix
