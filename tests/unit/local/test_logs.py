"""Logs of training jobs, as CloudWatch Logs shows them."""

import itertools
import time
import uuid
from typing import Any

import pytest
from moto.backends import get_backend
from moto.logs.models import SubscriptionFilter

from sagemaker_tuning.local.logs import GROUP, LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID

REGION = "us-east-1"


def written(*lines: str) -> Any:
    """The stream that moto has of a closed log with these lines."""
    name = f"job-{uuid.uuid4().hex}"
    stream = LogShipper().open(REGION, name)
    for line in lines:
        stream.write(line)
    stream.close()
    streams = get_backend("logs")[ACCOUNT_ID][REGION].groups[GROUP].streams
    (found,) = (streams[each] for each in streams if each.startswith(name))
    return found


def test_of_a_log_with_many_lines_the_end_is_kept() -> None:
    """20 000 lines, in their order."""
    log = written(*(str(number) for number in range(25_000)))
    kept = [event.message for event in log.events]
    assert kept == [str(number) for number in range(5_000, 25_000)]
    assert log.stored_bytes == sum(map(len, kept))


def test_of_a_log_with_long_lines_the_end_is_kept() -> None:
    """16 Mi characters, in whole lines."""
    log = written(*(f"{number:03}{'x' * (2**18 - 3)}" for number in range(70)))
    assert [event.message[:3] for event in log.events] == [f"{each:03}" for each in range(6, 70)]


def test_a_short_log_is_kept_whole() -> None:
    """Without its empty lines, which CloudWatch does not have."""
    assert [event.message for event in written("first", "", "last").events] == ["first", "last"]


def test_a_clock_that_is_set_back_costs_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudWatch takes only lines in the order of their times."""
    back = itertools.count(time.time(), -1)
    monkeypatch.setattr(time, "time", lambda: next(back))
    assert [event.message for event in written("1", "2", "3").events] == ["1", "2", "3"]


def test_a_subscriber_that_is_gone_costs_no_line() -> None:
    """Nor does it fail the training job, or keep the lines of others from being shipped."""
    logs: Any = get_backend("logs")[ACCOUNT_ID][REGION]
    logs.ensure_log_group(GROUP)
    filters = logs.groups[GROUP].subscription_filters
    gone = f"arn:aws:firehose:{REGION}:{ACCOUNT_ID}:deliverystream/gone"
    filters["gone"] = SubscriptionFilter("gone", GROUP, "", gone, "role")
    try:
        log = written("first", "last")
    finally:
        del filters["gone"]
    assert [event.message for event in log.events] == ["first", "last"]
