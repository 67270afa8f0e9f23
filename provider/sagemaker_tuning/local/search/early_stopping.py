"""Early stopping of training jobs, `TrainingJobEarlyStoppingType` Auto.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

import bisect
import math
from array import array

# What is remembered is bounded: of a training job so many reports, and of all of them together
# as many as the documented quota of 750 training jobs makes with 5000 reports each.
_MOST_STEPS = 20_000
_MOST_AVERAGES = 750 * 5000


class MedianRule:
    """Stops a training job that is worse than the median of the previous ones.

    Previous are those that have ended with an objective metric, stopped early or not. Of each the
    running average of the objective up to the same step counts, if it came so far.

    Args:
        maximize: whether a higher objective metric is better.
    """

    def __init__(self, *, maximize: bool) -> None:
        self._sign = 1.0 if maximize else -1.0
        self._running: dict[int, array[float]] = {}
        self._previous: list[array[float]] = []
        self._kept = 0

    def report(self, number: int, step: int, value: float) -> bool:
        """Takes the objective at a step, which is 1 or the one after the last.

        Returns:
            Whether the training job is to be stopped.
        """
        if step > _MOST_STEPS:
            return False
        merit = self._sign * value
        if math.isnan(merit):
            merit = -math.inf
        averages = self._running.setdefault(number, array("d"))
        del averages[step - 1 :]  # another attempt begins anew
        average = ((averages[-1] if averages else 0.0) * (step - 1) + merit) / step
        averages.append(-math.inf if math.isnan(average) else average)
        return step <= len(self._previous) and merit < _median(self._previous[step - 1])

    def end(self, number: int, objective: float | None) -> None:
        """Makes an ended training job one of the previous; without an objective it is none."""
        averages = self._running.pop(number, None)
        if objective is None or averages is None or self._kept + len(averages) > _MOST_AVERAGES:
            return
        self._kept += len(averages)
        self._previous.extend(array("d") for _ in range(len(averages) - len(self._previous)))
        for earlier, average in zip(self._previous, averages, strict=False):
            bisect.insort(earlier, average)


def _median(ordered: "array[float]") -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
