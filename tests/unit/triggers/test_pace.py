"""How calls are spaced out."""

from __future__ import annotations

import asyncio

import pytest

from sagemaker_tuning.triggers.pace import Pace


@pytest.mark.parametrize(("throttled", "seconds"), [(0, 0.04), (1, 0.08), (2, 0.16), (99, 2.0)])
def test_calls_are_spaced_out_further_when_aws_throttles(throttled: int, seconds: float) -> None:
    """25 a second at most, half of it after each throttling, one in two seconds at least."""
    pace = Pace()
    for _ in range(throttled):
        pace.throttled()
    turns = [pace.reserve(10.0) for _ in range(3)]
    assert turns == pytest.approx([10.0, 10.0 + seconds, 10.0 + 2 * seconds])
    assert pace.reserve(100.0) == 100.0


def test_answers_bring_the_pace_back() -> None:
    """One that is no longer throttled is at full speed after 25 answers."""
    pace = Pace()
    for _ in range(99):
        pace.throttled()
    for _ in range(25):
        pace.answered()
    assert [pace.reserve(10.0) for _ in range(2)] == pytest.approx([10.0, 10.04])


def test_who_queued_up_in_a_storm_does_not_wait_it_out() -> None:
    """When AWS answers again, those that are still in the queue have the pace of then."""

    async def storm() -> None:
        pace = Pace()
        for _ in range(99):
            pace.throttled()
        turns = [asyncio.create_task(pace.turn()) for _ in range(40)]
        await asyncio.sleep(0)
        for turn in turns[5:20]:
            turn.cancel()
        for _ in range(25):
            pace.answered()
        await asyncio.wait(turns)

    # At the pace of the storm it would take 78 seconds.
    asyncio.run(asyncio.wait_for(storm(), timeout=300))
