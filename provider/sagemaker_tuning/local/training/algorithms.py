"""Algorithms by training image, and the reasons they fail for."""

import fnmatch
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sagemaker_tuning.local.training import toolkit
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.programs import Command, Script
from sagemaker_tuning.local.training.xgboost import metrics as xgboost_metrics
from sagemaker_tuning.local.training.xgboost import ranges as xgboost_ranges

FAILURE_LENGTH = 1024
"""The most characters of a FailureReason."""

_MOST_OF_A_SCRIPT = 900

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
        other_objectives: Those of metrics that it lists only where one is the objective.
        directions: ``Maximize`` or ``Minimize`` by metric name.
        tunable: The hyperparameters that can have a parameter range.
    """

    name: str
    image: re.Pattern[str]
    example: str
    program: str
    metric_definitions: Sequence[dict[str, str]]
    directions: dict[str, str]
    other_objectives: Sequence[dict[str, str]] = ()
    tunable: Collection[str] = ()

    def metrics(self, objective: str) -> list[dict[str, str]]:
        """The metric definitions of a training job, that of its objective among them."""
        names = {each["Name"] for each in self.metric_definitions}
        return [
            dict(each)
            for each in (*self.metric_definitions, *self.other_objectives)
            if each["Name"] in names or each["Name"] == objective
        ]

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
    other_objectives=xgboost_metrics.OTHER_OBJECTIVES,
    tunable=xgboost_ranges.TUNABLE,
)
BUILT_IN = (XGBOOST,)


@dataclass(frozen=True)
class Simulation:
    """Nothing runs: training jobs take a time, and their objective metric is made up.

    Attributes:
        seconds: How long each takes.
    """

    seconds: float


@dataclass(frozen=True)
class OwnAlgorithm:
    """An algorithm of the user's.

    Attributes:
        image: Its training images: one, or a pattern where ``*`` is any text and ``?`` any
            character.
        program: What runs; a Script takes only requests for script mode.
    """

    image: str
    program: Command | Script | Simulation


@dataclass(frozen=True)
class Algorithm:
    """What a training job runs.

    Attributes:
        program: A built-in algorithm's module, a user's program, or none at all.
        built_in: The built-in algorithm whose metrics it has, None where the request defines them.
    """

    program: str | Command | Script | Simulation
    built_in: BuiltInAlgorithm | None = None


class Algorithms:
    """All that training jobs can run here.

    Args:
        own: The user's; the first that has an image is taken, before any built-in algorithm.
        built_in: SageMaker's own.
    """

    def __init__(
        self, own: Sequence[OwnAlgorithm] = (), built_in: Sequence[BuiltInAlgorithm] = BUILT_IN
    ) -> None:
        self._own = own
        self._built_in = built_in

    def find(self, image: str, hyperparameters: Mapping[str, str]) -> Algorithm:
        """What runs for a training image.

        Any image runs in script mode if hyperparameters say so, as a framework's does.

        Raises:
            UnknownAlgorithmError: Nothing does.
        """
        script_mode = toolkit.is_script_mode(hyperparameters)
        for own in self._own:
            if fnmatch.fnmatchcase(image, own.image):
                if isinstance(own.program, Command):
                    return Algorithm(own.program)
                if isinstance(own.program, Script) and not script_mode:
                    raise UnknownAlgorithmError(
                        f"the training image {image!r} runs scripts only, and there is no"
                        f" hyperparameter {toolkit.PROGRAM}"
                    )
                return Algorithm(own.program, self._find_built_in(image))
        built_in = self._find_built_in(image)
        if script_mode:
            return Algorithm(Script(sys.executable), built_in)
        if built_in is None:
            raise UnknownAlgorithmError(self._unknown(image))
        return Algorithm(built_in.program, built_in)

    def _find_built_in(self, image: str) -> BuiltInAlgorithm | None:
        return next((each for each in self._built_in if each.image.fullmatch(image)), None)

    def _unknown(self, image: str) -> str:
        offers = [f"{algorithm.name}: {algorithm.example}" for algorithm in self._built_in]
        offers += [
            f"{'--simulate' if isinstance(own.program, Simulation) else '--algorithm'}: {own.image}"
            for own in self._own
        ]
        return (
            f"the local SageMaker endpoint has no program for the training image {image!r}; "
            f"what it can run: {'; '.join(offers)}; any image in script mode, with the"
            f" hyperparameters {toolkit.PROGRAM} and {toolkit.SUBMIT_DIRECTORY}. Start it with"
            " --algorithm IMAGE=COMMAND to have it run a command of yours"
        )


BUILT_IN_ALONE = Algorithms()


def failure_reason(
    container: Container, exit_code: int, last_lines: Sequence[str] = ()
) -> str | None:
    """FailureReason of a training job whose process ended with ``exit_code``, None on success.

    It is what the program wrote to ``output/failure``, the first 1024 characters of it, and for a
    script what it said last, as SageMaker's training toolkit does it:
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
    number = exit_code if exit_code > 0 else 128 - exit_code
    suffix = f", exit code: {number}"
    if not told and toolkit.is_script_mode(container.hyperparameters):
        told = _script_failed(number, last_lines)
    return f"AlgorithmError: {told}"[: FAILURE_LENGTH - len(suffix)] + suffix


def _script_failed(exit_code: int, last_lines: Sequence[str]) -> str:
    lines = list(last_lines)
    begins = [number for number, line in enumerate(lines) if line.startswith("Traceback")]
    message = "\n".join(lines[begins[-1] :] if begins else lines[-1:])
    # The end of a long traceback says what was wrong.
    return (
        f"ExecuteUserScriptError:\nExitCode {exit_code}\n"
        f'ErrorMessage "{message[-_MOST_OF_A_SCRIPT:]}"'
    )
