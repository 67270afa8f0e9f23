"""Built-in algorithms by training image, and the reasons they fail for."""

import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.xgboost import metrics as xgboost_metrics

Program = Callable[[Container, Path], None]
"""Trains in a container, with a directory to keep what other training processes may use."""

_FAILURE_LENGTH = 1024
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
        program: The module whose ``train`` is the program; imported only where it runs.
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
        """Whether a training job can report a metric of this name."""
        return metric_name in self.directions

    def direction(self, metric_name: str) -> str:
        """Which way the metric gets better: ``Maximize`` or ``Minimize``.

        Raises:
            KeyError: The algorithm does not emit the metric.
        """
        return self.directions[metric_name]

    def load(self) -> Program:
        """Import the program's ``train``.

        Raises:
            ImportError: A library that it needs is not installed.
        """
        train: Program = importlib.import_module(self.program).train
        return train


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


def built_in(image: str) -> BuiltInAlgorithm | None:
    """The built-in algorithm of a training image, None when it is not one known here."""
    return next((known for known in BUILT_IN if known.image.fullmatch(image)), None)


def known(image: str) -> BuiltInAlgorithm:
    """The built-in algorithm of a training image.

    Raises:
        UnknownAlgorithmError: It is not one known here.
    """
    algorithm = built_in(image)
    if algorithm is None:
        known_ones = "; ".join(f"{known.name}: {known.example}" for known in BUILT_IN)
        raise UnknownAlgorithmError(
            f"the local SageMaker endpoint has no program for the training image {image!r}; "
            f"it runs these built-in algorithms: {known_ones}"
        )
    return algorithm


def failure_reason(container: Container, exit_code: int) -> str | None:
    """FailureReason of a training job whose process ended with ``exit_code``, None on success.

    It is what the program wrote to ``output/failure``, the first 1024 characters of it:
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
    """
    if exit_code == 0:
        return None
    try:
        with container.failure_file.open(encoding="utf-8", errors="replace") as file:
            told = file.read(_FAILURE_LENGTH)
    except FileNotFoundError:
        told = ""
    if told.startswith(_CATEGORIES):
        return told
    return f"AlgorithmError: {told}, exit code: {exit_code if exit_code > 0 else 128 - exit_code}"
