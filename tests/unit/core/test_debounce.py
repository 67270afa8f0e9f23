"""Bursts of arrivals, and which of the runs that they trigger goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagemaker_tuning.core.debounce import Arrival, Debounce, GoOn, Superseded, WaitUntil

START = datetime(2026, 1, 1, tzinfo=UTC)
QUIET, MAX_WAIT = 10, 35
DEBOUNCE = Debounce(timedelta(seconds=QUIET), timedelta(seconds=MAX_WAIT))
FIRST = "a"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def arrivals(*events: tuple[float, str | None]) -> list[Arrival]:
    return [Arrival(at(moment), number, run) for number, (moment, run) in enumerate(events)]


def decide(events: list[Arrival], run: str, *, started: float, now: float) -> object:
    return DEBOUNCE.decide(events, run, started=at(started), now=at(now))


def test_a_gap_of_quiet_begins_a_burst_and_max_wait_ends_one() -> None:
    """An event exactly ``quiet`` after the one before begins another, and so at ``max_wait``."""
    events = arrivals(*((moment, None) for moment in (0, 9, 19, 28, 37, 46, 54, 55)))
    found = [[each.at for each in burst] for burst in DEBOUNCE.bursts(reversed(events))]
    assert found == [
        [at(0), at(9)],
        [at(19), at(28), at(37), at(46)],
        [at(54), at(55)],
    ]


def test_the_first_run_waits_for_the_end_of_the_burst() -> None:
    """It waits anew for each event that comes, and goes on when no more has come."""
    events = arrivals((0, "a"), (5, "b"))
    assert decide(events, "a", started=1, now=10) == WaitUntil(at(15))
    events += [Arrival(at(14), 2)]
    assert decide(events, "a", started=1, now=15) == WaitUntil(at(24))
    assert decide(events, "a", started=1, now=24) == GoOn(at(14))


def test_the_other_runs_are_skipped_at_once() -> None:
    """With a reason that names the run that goes on."""
    decision = decide(arrivals((0, "a"), (5, "b")), "b", started=6, now=6)
    assert decision == Superseded(f"the burst that began at {at(0).isoformat()} is for the run a")


def test_a_run_that_went_on_does_so_again() -> None:
    """Cleared when newer bursts are there, it decides as before; so does one that was skipped."""
    events = arrivals((0, "a"), (5, "b"), (100, "c"), (200, None))
    assert decide(events, "a", started=300, now=300) == GoOn(at(5))
    assert isinstance(decide(events, "b", started=150, now=150), Superseded)
    assert decide(events, "c", started=300, now=300) == GoOn(at(100))


def test_events_from_before_the_dag_have_no_run_and_lead_nothing() -> None:
    """The first run that there is goes on, though its burst began before."""
    assert decide(arrivals((0, None), (5, "a")), "a", started=6, now=15) == GoOn(at(5))


def test_an_event_that_airflow_has_left_without_a_run_is_taken_by_the_next() -> None:
    """While ``a`` trained, ``d`` came, of which Airflow makes no run: that of ``b`` goes on."""
    events = arrivals((0, "a"), (5, "b"), (6, None), (100, None))
    assert decide(events, "b", started=103, now=104) == WaitUntil(at(110))
    assert decide(events, "b", started=103, now=110) == GoOn(at(100))
    events.append(Arrival(at(105), 4))  # of which a run will be made, of all that are left too
    assert "will trigger another" in str(decide(events, "b", started=103, now=106))


def test_a_run_of_two_bursts_goes_on_for_the_newer() -> None:
    """The DAG was paused: once is enough for all that has arrived."""
    events = arrivals((0, "a"), (100, "a"), (103, "a"))
    assert decide(events, "a", started=104, now=104) == WaitUntil(at(113))


@pytest.mark.parametrize(("quiet", "max_wait"), [(0, 10), (-1, 10), (10, 9)])
def test_what_is_no_burst_is_refused(quiet: int, max_wait: int) -> None:
    """Times that would let every run go on, or none."""
    with pytest.raises(ValueError, match="give"):
        Debounce(timedelta(seconds=quiet), timedelta(seconds=max_wait))


def test_the_beginning_of_a_burst_shows_by_a_gap() -> None:
    """With shorter gaps all the way back, more has to be known."""
    events = arrivals((12, None), (20, None), (30, None), (33, None))
    assert DEBOUNCE.is_whole(events, at(0), at(15))  # the time before the first one is known
    assert not DEBOUNCE.is_whole(events, at(5), at(25))
    assert DEBOUNCE.is_whole(events, at(5), at(33))


@dataclass
class Scheduler:
    """Airflow as it makes runs of events, and a DAG that debounces and then trains.

    The first event after a run was made puts the DAG in a queue; a run is made of the queue once
    there is room, of the events up to the one that has put it there.
    """

    moments: list[float]
    most_runs: int
    lag: float
    training: float
    events: list[Arrival] = field(default_factory=list)
    queued: float | None = None
    runs: dict[str, float] = field(default_factory=dict)
    """When each was made."""
    looks: dict[str, float] = field(default_factory=dict)
    """When each that is undecided looks."""
    ends: dict[str, float] = field(default_factory=dict)
    went_on: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        left = sorted(self.moments)
        now = 0.0
        while left or self.queued is not None or self.looks:
            steps = [*left[:1], *self.looks.values()]
            if self.queued is not None:
                busy = sorted(end for end in self.ends.values() if end > now)
                room = len(busy) + len(self.looks) < self.most_runs
                if room or not self.looks:
                    steps.append(max(self.queued + self.lag, now if room else busy[0]))
            now = max(now, min(steps))
            if left and left[0] <= now:
                self._arrive(left.pop(0))
            elif due := [run for run, look in self.looks.items() if look <= now]:
                self._look(due[0], now)
            else:
                self._make(now)

    def _arrive(self, moment: float) -> None:
        self.events.append(Arrival(at(moment), len(self.events)))
        if self.queued is None:
            self.queued = moment

    def _make(self, now: float) -> None:
        assert self.queued is not None
        run = f"run {len(self.runs)}"
        self.events = [
            replace(each, run_id=run)
            if each.run_id is None and each.at <= at(self.queued)
            else each
            for each in self.events
        ]
        self.runs[run] = self.looks[run] = now
        self.queued = None

    def _look(self, run: str, now: float) -> None:
        decision = DEBOUNCE.decide(self.events, run, started=at(self.runs[run]), now=at(now))
        if isinstance(decision, WaitUntil):
            self.looks[run] = (decision.moment - START).total_seconds()
            return
        del self.looks[run]
        self.ends[run] = now
        if isinstance(decision, GoOn):
            self.went_on[run] = now
            self.ends[run] += self.training


@given(
    gaps=st.lists(st.integers(1, 400), min_size=1, max_size=25),
    most_runs=st.sampled_from([1, 2, 100]),
    lag=st.sampled_from([0.25, 3.25]),
    training=st.sampled_from([1.5, 20.5, 200.5]),
)
@example(gaps=[1, 50, 250, 80], most_runs=1, lag=0.25, training=20.5)
def test_nothing_is_left_and_no_burst_is_run_twice(
    gaps: list[int], most_runs: int, lag: float, training: float
) -> None:
    """Whatever arrives when: a run goes on after each event, and never more than there are bursts.

    And in a DAG that may have any number of runs, exactly one goes on for each burst.
    """
    moments = [float(sum(gaps[: n + 1])) / 10 for n in range(len(gaps))]
    airflow = Scheduler(moments, most_runs, lag, training)
    airflow.run()
    bursts = DEBOUNCE.bursts(airflow.events)
    assert max(airflow.went_on.values()) >= moments[-1]
    for burst in bursts:
        assert any(at(moment) >= burst[-1].at for moment in airflow.went_on.values())
    assert len(airflow.went_on) <= len(bursts)


@given(
    moments=st.lists(st.integers(0, 200), min_size=1, max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_exactly_one_run_goes_on_for_each_burst(moments: list[int], order: object) -> None:
    """Where each event has a run of its own, in whichever order and whenever they look."""
    events = arrivals(*((moment, f"run {number}") for number, moment in enumerate(sorted(moments))))
    looked = list(events)
    order.shuffle(looked)  # type: ignore[attr-defined]
    going = {
        each.run_id
        for each in looked
        if isinstance(decide(events, str(each.run_id), started=0, now=1000), GoOn)
    }
    assert going == {burst[0].run_id for burst in DEBOUNCE.bursts(events)}
