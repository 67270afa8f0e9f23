"""Launch a tuning job exactly once, whatever was tried before."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from tenacity import (
    RetryCallState,
    Retrying,
    before_sleep_log,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)

from sagemaker_tuning.core.adoption import (
    IDENTITY_TAG,
    TRY_TAG,
    Adopt,
    Claim,
    Decision,
    NextGeneration,
    Refuse,
    StopFirst,
    decide,
)
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    QuotaExceeded,
    TuningJobConflict,
    TuningJobFailed,
    TuningJobNotFound,
)
from sagemaker_tuning.core.launch_request import LaunchedTuningJob, LaunchRequest
from sagemaker_tuning.core.naming import MAX_GENERATION
from sagemaker_tuning.core.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

log = logging.getLogger(__name__)

# About 1, 2, 4 … 30 seconds, each up to one second longer.
_WAIT = wait_exponential_jitter(initial=1, max=30)
_CREATE_ATTEMPTS = 7  # one minute
_TAG_ATTEMPTS = 7  # one minute
_LAG_ATTEMPTS = 14  # five minutes
_STOPPING_POLL_SECONDS = 10.0


class Launcher:
    """Carries a launch through to one live or completed tuning job.

    Create comes first, under a name that follows from the task instance. Whatever is uncertain
    about an earlier attempt, the name answers it: SageMaker has one job of a name.

    Args:
        hook: Where the calls go.
        request: What is to be launched.
        sleep: Waits that many seconds.
        check_next: Called with what Describe says of a job that an earlier try launched, before
            another is launched after it; may raise to prevent that.
    """

    def __init__(
        self,
        hook: SageMakerTuningHook,
        request: LaunchRequest,
        sleep: Callable[[float], None] = time.sleep,
        check_next: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._hook = hook
        self._request = request
        self._sleep = sleep
        self._check_next = check_next
        self._has_ambiguous_create = False
        self._without_tags = False

    def launch(self) -> LaunchedTuningJob:
        """Launch, or adopt what an earlier try launched.

        Raises:
            TuningJobConflict: The name is another's.
            TuningJobFailed: The same request failed in every training job before.
            TuningJobNotFound: The name is in use, yet no such job appears within five minutes.
            QuotaExceeded: The account's quota has no room; nothing was launched.
            AwsCallFailed: SageMaker refuses the request, or cannot be reached.
        """
        if self._request.policy.reuse_completed and (reused := self._completed_before()):
            return reused
        for epoch in range(self._request.try_number):
            # Later ones too: an edit of ``retries`` can take a task back to an earlier epoch.
            if epoch != self._request.epoch:
                self._end_epoch(epoch)
        for generation in range(1, MAX_GENERATION + 1):
            name = self._request.name(epoch=self._request.epoch, generation=generation)
            arn = self._create(name)
            if arn is not None:
                log.info("Launched the tuning job %s", name)
                return LaunchedTuningJob(name, arn, is_adopted=False)
            description = self._await_description(name)
            decision = self._decide(description, is_first_try=self._request.is_first_try)
            if isinstance(decision, Adopt):
                log.info("The tuning job %s was launched by this task before; adopted", name)
                arn = description["HyperParameterTuningJobArn"]
                return LaunchedTuningJob(name, arn, is_adopted=True, description=description)
            self._leave(name, decision, description)
        msg = f"{MAX_GENERATION} tuning jobs of this task instance have ended; clear it to go on"
        raise TuningJobConflict(msg)

    def stop(self, launched_arn: str | None = None) -> None:
        """Stop what is alive and ours, without waiting for its end.

        Needs no more of the request than who launches.

        Args:
            launched_arn: Of the job that this try launched or adopted, if that is known: it is
                ours, whatever its tags say, and there, though AWS may not show it yet.

        Raises:
            AwsCallFailed: A call was refused, or failed again and again for about a minute.
        """
        if launched_arn is not None:
            log.info("Stopping %s", launched_arn)
            self._stop(launched_arn)
            return
        for epoch in range(self._request.try_number):
            for name in self._live(epoch):
                log.info("Stopping %s", name)
                self._stop(name)

    def _create(self, name: str) -> str | None:
        """Create the job; None if the name is in use.

        A Create whose answer did not come is repeated under the same name: if it was carried
        out, the name is now in use, by us.
        """
        try:
            arn = self._retrying(_CREATE_ATTEMPTS, self._is_worth_repeating)(
                lambda: self._hook.create_tuning_job(self._document(name))
            )
        except AwsCallFailed as error:
            if error.code == "ResourceInUse":
                return None
            # Which of the two AWS looks at first is not documented: the quota may be used up by
            # the very job that an earlier attempt launched.
            if isinstance(error, QuotaExceeded) and self._is_there(name):
                return None
            raise
        if self._without_tags:
            log.warning(
                "The role may not tag the tuning job (sagemaker:AddTags), so it was created "
                "without: a later try knows it by its name and its request"
            )
        return arn

    def _is_worth_repeating(self, error: BaseException) -> bool:
        if not isinstance(error, AwsCallFailed):
            return False
        self._has_ambiguous_create |= error.is_ambiguous
        return error.is_transient or self._may_go_without_tags(error)

    def _document(self, name: str) -> dict[str, Any]:
        document = {"HyperParameterTuningJobName": name, **self._request.document}
        if not self._without_tags:
            document["Tags"] = self._request.tags()
        return document

    def _may_go_without_tags(self, error: AwsCallFailed) -> bool:
        """Whether the role may create the job but not tag it; then the name alone must do."""
        if error.code != "AccessDeniedException" or self._without_tags:
            return False
        if self._request.document.get("Tags"):
            return False  # the user wants these tags
        self._without_tags = True
        return True

    def _is_there(self, name: str) -> bool:
        is_retried = _is_lag if self._has_ambiguous_create else _is_transient
        try:
            self._retrying(_CREATE_ATTEMPTS, is_retried)(self._hook.describe_tuning_job, name)
        except TuningJobNotFound:
            return False
        return True

    def _await_description(self, name: str) -> dict[str, Any]:
        """Describe a job that must be there; what is not seen yet is lag, never absence."""
        return self._retrying(_LAG_ATTEMPTS, _is_lag)(self._hook.describe_tuning_job, name)

    def _decide(self, description: Mapping[str, Any], *, is_first_try: bool) -> Decision:
        claim = Claim(
            identity=self._request.identity.digest,
            fingerprint=self._request.fingerprint,
            try_id=self._request.try_id,
            is_first_try=is_first_try,
            has_ambiguous_create=self._has_ambiguous_create,
            is_chosen_name=self._request.chosen_name is not None,
            policy=self._request.policy,
        )
        return decide(
            claim,
            self._request.document,
            description,
            Snapshot.from_description(description),
            self._tags(description["HyperParameterTuningJobArn"]),
        )

    def _tags(self, arn: str) -> dict[str, str]:
        """Read the tags, with patience for ones that are not there yet; empty if refused."""
        retrying = Retrying(
            stop=stop_after_attempt(_TAG_ATTEMPTS),
            wait=_WAIT,
            retry=retry_if_exception(_is_lag)
            | retry_if_result(lambda tags: IDENTITY_TAG not in tags),
            retry_error_callback=_last_result,
            sleep=self._sleep,
        )
        try:
            return retrying(self._hook.list_tags, arn)
        except AwsCallFailed as error:
            log.warning("%s: the job is known by its name and its request alone", error)
            return {}

    def _leave(self, name: str, decision: Decision, description: Mapping[str, Any]) -> None:
        """Do what must be done about a job before the next generation may be launched."""
        if isinstance(decision, Refuse):
            if decision.is_conflict:
                raise TuningJobConflict(decision.why)
            digest = self._hook.failure_digest(name)
            raise TuningJobFailed(
                f"{decision.why}:\n{digest}",
                tuning_job_name=name,
                digest=digest,
                is_retried=False,
            )
        if not self._request.is_first_try:
            self._check_next(description)
        if isinstance(decision, StopFirst):
            log.info("%s: stopping it before another is launched", decision.why)
            self._stop_and_wait(name)
        elif isinstance(decision, NextGeneration):
            log.info("%s: launching the next", decision.why)

    def _end_epoch(self, epoch: int) -> None:
        """Stop what another epoch left alive: Clear means to run again."""
        for name in self._live(epoch):
            log.info("%s is of another Clear of this task: stopping it", name)
            self._stop_and_wait(name)

    def _completed_before(self) -> LaunchedTuningJob | None:
        """Find the newest completed job of the same request from before the task was cleared."""
        for epoch in reversed(range(self._request.epoch)):
            for name, description in reversed(list(self._jobs(epoch))):
                arn = description["HyperParameterTuningJobArn"]
                if (
                    description["HyperParameterTuningJobStatus"] == "Completed"
                    and self._is_ours(arn, epoch)
                    and isinstance(self._decide(description, is_first_try=False), Adopt)
                ):
                    log.info("%s of before the task was cleared has completed: reused", name)
                    return LaunchedTuningJob(name, arn, is_adopted=True, description=description)
        return None

    def _jobs(self, epoch: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the jobs under this task's names of an epoch, and what Describe says of them."""
        for generation in range(1, MAX_GENERATION + 1):
            name = self._request.name(epoch=epoch, generation=generation)
            try:
                yield (
                    name,
                    self._retrying(_CREATE_ATTEMPTS, _is_transient)(
                        self._hook.describe_tuning_job, name
                    ),
                )
            except TuningJobNotFound:
                return

    def _live(self, epoch: int) -> Iterator[str]:
        """Give the names of our jobs of an epoch that have not ended."""
        for name, description in self._jobs(epoch):
            if Snapshot.from_description(description).is_ended:
                continue
            if self._is_ours(description["HyperParameterTuningJobArn"], epoch):
                yield name
            else:
                log.warning("%s was launched by another task or person, so it is left alone", name)

    def _is_ours(self, arn: str, epoch: int) -> bool:
        """Whether the tags say so; without, a name that only earlier tries can have made does."""
        tags = self._tags(arn)
        # Nothing that was there before the first try can have been launched by this task.
        is_first = self._request.is_first_try and epoch == self._request.epoch
        if IDENTITY_TAG not in tags:
            return self._request.chosen_name is None and not is_first
        is_before = is_first and tags.get(TRY_TAG) != self._request.try_id
        return tags[IDENTITY_TAG] == self._request.identity.digest and not is_before

    def _retrying(self, attempts: int, is_retried: Callable[[BaseException], bool]) -> Retrying:
        return Retrying(
            stop=stop_after_attempt(attempts),
            wait=_WAIT,
            retry=retry_if_exception(is_retried),
            before_sleep=before_sleep_log(log, logging.WARNING),
            sleep=self._sleep,
            reraise=True,
        )

    def _stop(self, name_or_arn: str) -> None:
        self._retrying(_CREATE_ATTEMPTS, _is_lag)(self._hook.stop_tuning_job, name_or_arn)

    def _stop_and_wait(self, name: str) -> None:
        self._stop(name)
        while not Snapshot.from_description(self._await_description(name)).is_ended:
            self._sleep(_STOPPING_POLL_SECONDS)


def _last_result(state: RetryCallState) -> dict[str, str]:
    if state.outcome is None or state.outcome.failed:
        return {}
    tags: dict[str, str] = state.outcome.result()
    return tags


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, AwsCallFailed) and error.is_transient


def _is_lag(error: BaseException) -> bool:
    return isinstance(error, TuningJobNotFound) or _is_transient(error)
