"""The failure digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.console import training_job_url
from sagemaker_tuning.core.digest import failure_digest, group_failures, with_log

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/"


def _job(number: int, status: str = "Failed", **more: str) -> dict[str, str]:
    name = f"job-{number:03d}-0a1b2c{number:02x}"
    job = {"TrainingJobName": name, "TrainingJobArn": _ARN + name, "TrainingJobStatus": status}
    return job | more


def _failed(number: int, reason: str) -> dict[str, str]:
    return _job(number, FailureReason=reason)


def _counts(reasons: Sequence[str]) -> list[int]:
    groups = group_failures(_failed(number, reason) for number, reason in enumerate(reasons))
    return [len(group.names) for group in groups]


def test_failures_are_grouped_by_reason_the_most_frequent_first() -> None:
    """Sixteen failures of one kind are one line, with a few names to look at."""
    summaries = [_failed(1, "InternalServerError: try again")]
    summaries += [_failed(number, "ClientError: no\n such data") for number in range(2, 18)]
    summaries += [_job(18, "Completed"), _job(19, "Stopped"), _job(20, "InProgress")]
    assert failure_digest(group_failures(summaries)).splitlines() == [
        "16 × ClientError: no such data (job-002-0a1b2c02, job-003-0a1b2c03, job-004-0a1b2c04, …)",
        "1 × InternalServerError: try again (job-001-0a1b2c01)",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ClientError: max_depth is 12, at most 10", "ClientError: max_depth is -3.5e4, at most 1"),
        ("no file /opt/ml/input/data/train/a.csv", "no file /opt/ml/input/data/validation/b"),
        (
            'No S3 objects found under S3 URL "s3://a/train"',
            'No S3 objects found under S3 URL "s3://b"',
        ),
        ("see churn-001-0a1b2c3d", "see churn-002-deadbee1"),
        ("id 0a1b2c3d-1111-2222-3333-123456789abc", "id aaaaaaaa-1111-2222-3333-123456789abc"),
        ("no access by arn:aws:iam::1:role/a", "no access by arn:aws:iam::2:role/b/c"),
        ("object at 0x7f00ab", "object at 0xdead"),
    ],
)
def test_reasons_that_differ_in_values_alone_are_one(one: str, other: str) -> None:
    """Numbers, paths, URIs, names and ids do not make another reason."""
    assert _counts([one, other]) == [2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AlgorithmError: exit code: 1", "AlgorithmError: exit code: 137"),
        ('File "train.py", line 12', 'File "train.py", line 13'),
        ("cannot convert to float32", "cannot convert to float64"),
        ("ClientError: no such data", "InternalServerError: no such data"),
    ],
)
def test_reasons_that_mean_something_else_are_two(one: str, other: str) -> None:
    """Out of memory is not another failure's exit code, nor a mistake in the next line the same."""
    assert _counts([one, other]) == [1, 1]


def test_reasons_that_aws_cut_are_one() -> None:
    """The same long reason, cut at 1024 characters, ends elsewhere after a longer number."""
    text = " --verbose true and so on" * 60
    cut = [
        f"AlgorithmError: Command python train.py --eta {eta}{text}"[:1024]
        for eta in ("0.1", "0.123456")
    ]
    assert _counts(cut) == [2]
    assert _counts([*cut, "AlgorithmError: Command"]) == [2, 1]


def test_many_reasons_are_cut_and_counted() -> None:
    """A digest stays short, and says how much it leaves out."""
    digest = failure_digest(group_failures(_failed(n, f"reason {'x' * n}") for n in range(8)))
    lines = digest.splitlines()
    assert len(lines) == 6
    assert lines[-1] == "3 more, 3 other reasons"


def test_the_longest_digest_has_forty_lines_at_most() -> None:
    """Links and log lines of as many groups as are shown still fit."""
    groups = group_failures(_failed(n, "reason " + "x" * n) for n in range(8))
    logs = {name: ["a line"] * lines for name, lines in with_log(groups)}
    digest = failure_digest(groups, logs, ["(a note)", "(another)"], training_job_url)
    assert len(logs) == 3
    assert len(digest.splitlines()) == 13 + 3 * 8 <= 38


def test_a_group_shows_its_page_and_the_end_of_its_log() -> None:
    """One failure's place in the console and its last lines follow its reason."""
    groups = group_failures([_failed(1, "AlgorithmError: exit code: 1")])
    (name, count), *_ = with_log(groups)
    digest = failure_digest(groups, {name: ["ValueError: three"]}, url=training_job_url)
    assert count == 10
    assert digest.splitlines() == [
        f"1 × AlgorithmError: exit code: 1 ({name})",
        f"    {name}: https://console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/{name}",
        "    | ValueError: three",
    ]


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    """Of a traceback the kind and the last line are worth most."""
    reason = "AlgorithmError: Traceback" + " frame" * 150 + " ValueError: three"
    (line,) = failure_digest(group_failures([_failed(1, reason)])).splitlines()
    assert len(line) < 450
    assert line.startswith("1 × AlgorithmError: Traceback")
    assert "ValueError: three (job-001" in line


def test_training_jobs_without_an_objective_are_told() -> None:
    """A regular expression that matches nothing fails a tuning job of completed training jobs."""
    summaries = [_job(n, "Completed", ObjectiveStatus="Failed") for n in range(3)]
    summaries += [_job(3, "Completed", ObjectiveStatus="Succeeded")]
    assert failure_digest(group_failures(summaries)).startswith(
        "3 × completed without the objective metric"
    )


def test_no_failure_no_digest() -> None:
    """A tuning job without failed training jobs has an empty digest."""
    assert failure_digest(group_failures([])) == ""
    assert failure_digest(group_failures([_job(1, "Failed")])).startswith("1 × no reason given")


@given(st.lists(st.text(max_size=1100), max_size=12))
def test_every_failure_is_in_one_group(reasons: list[str]) -> None:
    """Whatever the reasons say, each training job is counted once, one line at a time."""
    groups = group_failures(_failed(number, reason) for number, reason in enumerate(reasons))
    names = [name for group in groups for name in group.names]
    assert sorted(names) == sorted(_failed(n, "")["TrainingJobName"] for n in range(len(reasons)))
    digest = failure_digest(groups)
    assert len(digest.splitlines()) == min(len(groups), 5) + (len(groups) > 5)
    digest.encode()
