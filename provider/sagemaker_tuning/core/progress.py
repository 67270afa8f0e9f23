"""The progress line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sagemaker_tuning.core.snapshot import Snapshot


def progress_key(snapshot: Snapshot) -> tuple[object, ...]:
    """Give what must change for another progress line to be worth writing."""
    return (snapshot.status, snapshot.counters, snapshot.best)


def progress_line(snapshot: Snapshot, now: datetime) -> str:
    """Say in one line how far the tuning job is.

    For example: ``Completed 7/20 · 3 running · 1 failed (1 retryable) · best validation:auc
    0.9931 (…-007-1a2b3c4d) · 12 min, about 20 left``. A part that has nothing to say is left out.
    Where training jobs have ended since the best was looked up, it says how long ago that was.
    """
    counters = snapshot.counters
    of_all = "" if snapshot.max_training_jobs is None else f"/{snapshot.max_training_jobs}"
    parts = [f"Completed {counters.completed}{of_all}"]
    if snapshot.status != "InProgress":
        parts.insert(0, f"{snapshot.name} is {snapshot.status}")
    if counters.in_progress:
        parts.append(f"{counters.in_progress} running")
    if counters.stopped:
        parts.append(f"{counters.stopped} stopped")
    if counters.failed:
        retryable = f" ({counters.retryable_error} retryable)" if counters.retryable_error else ""
        parts.append(f"{counters.failed} failed{retryable}")
    if snapshot.best is not None:
        short = snapshot.best.training_job_name.removeprefix(snapshot.name)
        age = "" if snapshot.best_as_of is None else f", {_duration(now - snapshot.best_as_of)} ago"
        parts.append(f"best {snapshot.best.metric_name} {snapshot.best.value:.6g} (…{short}{age})")
    parts.append(_time(snapshot, now))
    return " · ".join(parts)


def _time(snapshot: Snapshot, now: datetime) -> str:
    elapsed = (snapshot.ended_at or now) - snapshot.created_at
    done = snapshot.counters.completed + snapshot.counters.stopped + snapshot.counters.failed
    left = (snapshot.max_training_jobs or 0) - done
    if snapshot.status != "InProgress" or not done or left <= 0:
        return _duration(elapsed)
    return f"{_duration(elapsed)}, about {_duration(elapsed * left / done)} left"


def _duration(duration: timedelta) -> str:
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 120:  # noqa: PLR2004 -- below two minutes, minutes say too little
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
