"""Convergence of a search, for `ConvergenceDetected`."""

from array import array

_FEWEST_RESULTS = 20
_SIGNIFICANT = 0.01


class Convergence:
    """Whether a search has stopped finding better training jobs.

    AWS documents the threshold, an improvement of 1 % or less, and not over how many training
    jobs. Here a search of at least 20 results has converged once the later half of them has not
    improved on the best of the earlier half by more than 1 %.

    Args:
        maximize: whether a higher objective metric is better.
    """

    def __init__(self, *, maximize: bool) -> None:
        self._sign = 1.0 if maximize else -1.0
        self._bests = array("d")

    def take(self, objective: float) -> None:
        """Takes the next result, in the order in which training jobs end."""
        merit = self._sign * objective
        self._bests.append(max(merit, self._bests[-1]) if self._bests else merit)

    def reached(self) -> bool:
        """Whether it has converged with the results so far."""
        count = len(self._bests)
        if count < _FEWEST_RESULTS:
            return False
        earlier = self._bests[count // 2 - 1]
        return self._bests[-1] - earlier <= _SIGNIFICANT * abs(earlier)
