"""The clock: what it calls, and that nothing keeps it from that."""

import queue
from collections.abc import Iterator

import pytest

from sagemaker_tuning.local.runner.clock import Clock
from tests.unit.local.runner.fakes import DEADLINE_SECONDS


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.close()


def test_it_calls_what_it_is_asked_for(clock: Clock) -> None:
    """In order; what is due later comes later, what is cancelled does not, errors end nothing."""
    called: queue.SimpleQueue[str] = queue.SimpleQueue()

    def begin() -> None:
        clock.after(0.02, lambda: called.put("later"))
        clock.after(0.01, lambda: called.put("cancelled"))()
        called.put("first")

    def fail() -> None:
        raise RuntimeError("a defect")

    clock.soon(begin)
    clock.soon(fail)
    clock.soon(lambda: called.put("second"))
    found = [called.get(timeout=DEADLINE_SECONDS) for _ in range(3)]
    assert found == ["first", "second", "later"]


def test_a_closed_clock_calls_nothing(clock: Clock) -> None:
    """It may be asked all the same, as by jobs that end with the endpoint."""
    called: list[str] = []
    clock.soon(lambda: called.append("before"))
    clock.close()
    clock.soon(lambda: called.append("after"))
    clock.close()
    assert called in ([], ["before"])
