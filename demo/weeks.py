"""Weeks of data that drift, as `retrain_on_schedule` reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from demo.samples import Rows, upload

PREFIX = "retrain-on-schedule"
"""The template's own default."""

_FEATURES = 4
_ROWS = {"train": 400, "validation": 200, "test": 200}
_HOUR = 6


def last_monday() -> datetime:
    """The moment of the run that the template's schedule has when it is unpaused now."""
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday())).replace(
        hour=_HOUR, minute=0, second=0, microsecond=0
    )
    return monday if monday <= now else monday - timedelta(weeks=1)


def write(s3: Any, day: datetime, drift: float, *, is_spoilt: bool = False) -> None:
    """Write the data of a run.

    Args:
        s3: A client.
        day: Of the run.
        drift: By which angle, in radians, what the label follows from has turned since the first
            week.
        is_spoilt: Whether the labels to learn from are noise; those of `test` never are.
    """
    channels = {
        channel: _rows(seed, count, drift, is_noise=is_spoilt and channel != "test")
        for seed, (channel, count) in enumerate(_ROWS.items())
    }
    upload(s3, f"{PREFIX}/{day:%Y-%m-%d}", channels)


def _rows(seed: int, count: int, drift: float, *, is_noise: bool) -> Rows:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, _FEATURES))
    signal = np.cos(drift) * features[:, 0] + np.sin(drift) * features[:, 1]
    labels = signal + 0.2 * rng.normal(size=count) > 0
    if is_noise:
        labels = rng.random(count) > 0.5  # noqa: PLR2004 -- as often as not
    return np.column_stack([labels, features])
