"""When a search has converged."""

import pytest

from sagemaker_tuning.local.search.convergence import Convergence


@pytest.mark.parametrize(
    ("later", "reached"), [(100, True), (101, True), (101.01, False), (50, True)]
)
def test_one_percent_decides(later: float, reached: bool) -> None:  # noqa: FBT001 -- one case of a table
    """An improvement on the earlier half by 1 % is none; a worse later half is none."""
    convergence = Convergence(maximize=True)
    for value in [100.0] * 10 + [later] * 10:
        convergence.take(value)
    assert convergence.reached() == reached


def test_lower_is_better_when_minimizing() -> None:
    """Half the loss is an improvement, twice the loss is none."""
    for later, reached in ((0.5, False), (2.0, True)):
        convergence = Convergence(maximize=False)
        for value in [1.0] * 10 + [later] * 10:
            convergence.take(value)
        assert convergence.reached() == reached


def test_few_results_say_nothing() -> None:
    """Fewer than 20 may all be alike."""
    convergence = Convergence(maximize=True)
    for _ in range(19):
        convergence.take(0.5)
        assert not convergence.reached()
    convergence.take(0.5)
    assert convergence.reached()
