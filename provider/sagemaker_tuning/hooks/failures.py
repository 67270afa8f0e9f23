"""Why training jobs failed, as far as AWS lets us look: by reason, with the end of their logs."""

from __future__ import annotations

import logging
import re
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_tuning.core.console import training_job_url
from sagemaker_tuning.core.digest import failure_digest, group_failures, with_log
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.log_lines import last_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemaker_tuning.core.digest import FailureGroup
    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""

log = logging.getLogger(__name__)

_MAX_FAILED = 1000
_MAX_COMPLETED = 100
_MAX_HOSTS = 2
_EVENTS = 50
_PAGES = 3
_SECONDS_FOR_LOGS = 30.0
_PATIENCE = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)


def explain_failures(
    hook: SageMakerTuningHook,
    tuning_job_name: str,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Put in at most 40 lines why training jobs of a tuning job failed; empty if none did.

    It never fails for anything that AWS answers, or does not answer: what is being explained must
    not be hidden by it. At most 11 List calls and 21 of CloudWatch Logs are made.

    Args:
        hook: Which account and region.
        tuning_job_name: ``HyperParameterTuningJobName``.
        clock: Gives seconds.
    """
    try:
        summaries, notes = _failed(hook, tuning_job_name)
        groups = group_failures(summaries)
        logs, log_notes = _logs(hook, groups, clock)
        url = (lambda _: None) if hook.is_local else training_job_url
        return failure_digest(groups, logs, [*notes, *log_notes], url)
    except Exception as error:
        log.warning("Why training jobs failed could not be found out", exc_info=True)
        return f"(why training jobs failed could not be found out: {type(error).__name__})"


class LogTails:
    """The ends of jobs' logs in CloudWatch Logs, within half a minute in all.

    Args:
        client: boto3's, of CloudWatch Logs.
        clock: Gives seconds.
        log_group: Where the jobs' log streams are.
        chosen: Which of a job's log streams are read, each with what its lines are labelled by.
    """

    def __init__(
        self,
        client: Any,
        clock: Callable[[], float] = time.monotonic,
        log_group: str = LOG_GROUP,
        chosen: Callable[[list[str]], dict[str, str]] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._log_group = log_group
        self._chosen = chosen or _newest_by_host
        self._deadline = clock() + _SECONDS_FOR_LOGS

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self._deadline

    def read(self, job_name: str, lines: int) -> list[str]:
        """Give the last lines of a job's log; none if it has no log.

        Of a training job's instances the first two are read. Where there are several log streams,
        each line has its stream's label.

        Raises:
            ClientError: CloudWatch Logs refuses.
            BotoCoreError: It does not answer.
        """
        answer = self._client.describe_log_streams(
            logGroupName=self._log_group, logStreamNamePrefix=f"{job_name}/"
        )
        names = [stream["logStreamName"] for stream in answer["logStreams"]]
        streams = self._chosen(names)
        events: list[tuple[int, str]] = []
        for host, stream in streams.items():
            label = f"{host}: " if len(streams) > 1 else ""
            events += [
                (event["timestamp"], label + event["message"]) for event in self._events(stream)
            ]
        events.sort(key=lambda event: event[0])
        return last_lines((message for _, message in events), lines)

    def _events(self, stream: str) -> list[dict[str, Any]]:
        request = {"logGroupName": self._log_group, "logStreamName": stream, "limit": _EVENTS}
        token: dict[str, str] = {}
        events: list[dict[str, Any]] = []
        # A page may be empty though there are events.
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
        for _ in range(_PAGES):
            answer = self._client.get_log_events(**request, startFromHead=False, **token)
            events = answer["events"]
            following = {"nextToken": answer["nextBackwardToken"]}
            if events or following == token or self.is_late:
                break
            token = following
        return events


def _newest_by_host(streams: list[str]) -> dict[str, str]:
    """Choose the last attempt's stream of each of the first hosts.

    Streams are ``<training job>/algo-<host>-<epoch seconds>``.
    """
    found = [re.search(r"/(algo-(\d+))-(\d+)$", stream) for stream in streams]
    by_age = sorted((match for match in found if match), key=lambda match: int(match[3]))
    newest = {(int(match[2]), match[1]): match.string for match in by_age}
    return {host: stream for (_, host), stream in sorted(newest.items())[:_MAX_HOSTS]}


def _failed(hook: SageMakerTuningHook, name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """List what failed; where nothing did, what completed without an objective metric."""
    failed: list[dict[str, Any]] = []
    try:
        for summary in islice(hook.iter_training_jobs(name, "Failed"), _MAX_FAILED):
            failed.append(summary)  # noqa: PERF402 -- what came before an error is kept
        if not failed:
            return list(islice(hook.iter_training_jobs(name, "Completed"), _MAX_COMPLETED)), []
    except SageMakerTuningError as error:
        return failed, [f"(the failed training jobs could not be listed: {error})"]
    return failed, [f"(the first {_MAX_FAILED} failed ones)"] if len(failed) == _MAX_FAILED else []


def _logs(
    hook: SageMakerTuningHook, groups: list[FailureGroup], clock: Callable[[], float]
) -> tuple[dict[str, list[str]], list[str]]:
    wanted = with_log(groups)
    logs: dict[str, list[str]] = {}
    if not wanted:
        return logs, []
    try:
        tails = LogTails(logs_client(hook), clock)
        for training_job, lines in wanted:
            if tails.is_late:
                return logs, ["(no more log lines: CloudWatch Logs is slow)"]
            logs[training_job] = tails.read(training_job, lines)
    except ClientError as error:
        return logs, [f"(no log lines: {refusal(error)})"]
    except BotoCoreError as error:
        return logs, [f"(no log lines: {type(error).__name__}: {error})"]
    except Exception as error:
        log.warning("The logs of training jobs could not be read", exc_info=True)
        return logs, [f"(no log lines: {type(error).__name__})"]
    has_lines = any(logs.values())
    return logs, [] if has_lines else [f"(no log lines: there are none in {LOG_GROUP})"]


def refusal(error: ClientError) -> str:
    """Say in a few words what was refused, and how."""
    answer = error.response.get("Error", {})
    return f"{error.operation_name} was refused: {answer.get('Code')}: {answer.get('Message')}"


def logs_client(hook: SageMakerTuningHook) -> Any:
    """Give a client that reaches what the hook reaches, and soon gives up."""
    return hook.get_session(region_name=hook.conn.meta.region_name).client(
        "logs",
        endpoint_url=hook.conn_config.get_service_endpoint_url(service_name="logs"),
        config=hook.config.merge(_PATIENCE),
        verify=hook.verify,
    )
