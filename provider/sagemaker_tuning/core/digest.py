"""Why training jobs failed, in a few lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sagemaker_tuning.core.log_lines import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

WITHOUT_OBJECTIVE = (
    "completed without the objective metric: no line of the log matches the regular expression of "
    "its metric definition, or the value is no number"
)

_MAX_GROUPS = 5
_MAX_NAMES = 3
_MAX_GROUPS_WITH_LOG = 3
_MAX_LOG_LINES = 24
_MAX_LOG_LINES_OF_ONE = 10
_MAX_REASON = 400

# AWS cuts a reason at 1024 characters.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
_CUT_REASON = 1000

# What differs between two training jobs that failed alike, and what only looks so: 137 is out of
# memory, and another line of the program is another mistake.
_VARYING = re.compile(
    r"""
    (?P<kept> \b(?i:exit[ _-]?(?:code|status)|signal|errno|(?:error|status)[ _-]?code|http|line)
              \W{0,3}\d+ )
    | \barn:[^\s'",)]+
    | \b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'",)]+
    | (?<![\w/])/[\w.@+=-]+(?:/[\w.@+=-]+)+/?
    | \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b
    | \b0x[0-9a-fA-F]+\b
    | \b(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}\b
    | (?<![A-Za-z0-9_])[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?
    """,
    re.VERBOSE,
)

_Failure: TypeAlias = "tuple[int, str, Mapping[str, Any]]"
"""Its place among all, its reason, and its summary."""


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Training jobs that failed alike.

    Attributes:
        reason: ``FailureReason`` of the first of them, on one line.
        names: All of them, in the order given; 1 or more.
        arn: ``TrainingJobArn`` of the first of them.
    """

    reason: str
    names: tuple[str, ...]
    arn: str


def group_failures(summaries: Iterable[Mapping[str, Any]]) -> list[FailureGroup]:
    """Group failed training jobs by their reason, the largest group first.

    Reasons that differ in numbers, ids, ARNs, URIs or paths alone are one reason, and so are
    those of which AWS cut the end off at different places.

    Args:
        summaries: ``TrainingJobSummaries`` of ListTrainingJobsForHyperParameterTuningJob. Those
            that failed count, and those that completed without an objective metric.
    """
    groups: dict[str, list[_Failure]] = {}
    cut: set[str] = set()
    for index, summary in enumerate(summaries):
        reason = _reason(summary)
        if reason is None:
            continue
        key = _key(reason, summary["TrainingJobName"])
        if len(reason) >= _CUT_REASON:
            key = key.rpartition(" ")[0] or key
            cut.add(key)
        groups.setdefault(key, []).append((index, reason, summary))
    alike = [sorted(group, key=lambda one: one[0]) for group in _joined(groups, cut)]
    alike.sort(key=lambda group: (-len(group), group[0][0]))
    return [
        FailureGroup(
            reason=group[0][1],
            names=tuple(summary["TrainingJobName"] for _, _, summary in group),
            arn=group[0][2]["TrainingJobArn"],
        )
        for group in alike
    ]


def with_log(groups: Sequence[FailureGroup]) -> list[tuple[str, int]]:
    """Say of which training jobs a digest shows the end of the log, and how many lines at most."""
    largest = groups[:_MAX_GROUPS_WITH_LOG]
    lines = min(_MAX_LOG_LINES_OF_ONE, _MAX_LOG_LINES // max(1, len(largest)))
    return [(group.names[0], lines) for group in largest]


def failure_digest(
    groups: Sequence[FailureGroup],
    logs: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
    url: Callable[[str], str | None] = lambda _: None,
) -> str:
    """Put in at most 38 lines why training jobs failed; empty if none did.

    Args:
        groups: The largest five are shown, the rest is counted.
        logs: The last lines of the log of training jobs, by name, as ``with_log`` wants them.
        notes: What could not be found out; one or two short lines.
        url: Gives the page of a training job by its ARN.
    """
    lines: list[str] = []
    for group in groups[:_MAX_GROUPS]:
        lines.append(_head(group))
        name, page = group.names[0], url(group.arn)
        log = (logs or {}).get(name, ())
        if page or log:
            lines.append(f"    {name}:" + (f" {page}" if page else ""))
        lines += [f"    | {line}" for line in log]
    rest = groups[_MAX_GROUPS:]
    if rest:
        count = sum(len(group.names) for group in rest)
        reasons = "1 other reason" if len(rest) == 1 else f"{len(rest)} other reasons"
        lines.append(f"{count} more, {reasons}")
    return "\n".join([*lines, *notes])


def _reason(summary: Mapping[str, Any]) -> str | None:
    status = summary["TrainingJobStatus"]
    if status == "Failed":
        said = " ".join(printable(summary.get("FailureReason", "")).split())
        return said or "no reason given"
    if status == "Completed" and summary.get("ObjectiveStatus") == "Failed":
        return WITHOUT_OBJECTIVE
    return None


def _key(reason: str, training_job_name: str) -> str:
    text = reason.replace(training_job_name, "#")
    return _VARYING.sub(lambda found: found[0] if found.lastgroup else "#", text)


def _joined(groups: Mapping[str, list[_Failure]], cut: set[str]) -> list[list[_Failure]]:
    """Put groups together of which one's key, having been cut, is the beginning of the other's."""
    joined: list[list[_Failure]] = []
    stem: str | None = None
    for key in sorted(groups):  # whatever begins with a key follows it at once
        if stem is not None and key.startswith(stem):
            joined[-1] += groups[key]
        else:
            joined.append(list(groups[key]))
            stem = key if key in cut else None
    return joined


def _head(group: FailureGroup) -> str:
    reason, names = group.reason, group.names
    if len(reason) > _MAX_REASON:
        # A traceback says the most at its end.
        half = _MAX_REASON // 2
        reason = f"{reason[:half]} … {reason[-half:]}"
    shown = ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")
    return f"{len(names)} × {reason} ({shown})"
