"""The launch of a tuning job as a task does it: patiently, once, and stopped if it is over."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from sagemaker_tuning._compat import (
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    first_start,
    without_secrets,
)
from sagemaker_tuning.core import rules, shapes
from sagemaker_tuning.core.adoption import AdoptionPolicy
from sagemaker_tuning.core.errors import (
    InvalidTuningRequest,
    QuotaExceeded,
    TuningJobEnded,
    TuningJobTimeout,
    Violation,
)
from sagemaker_tuning.core.merge_patch import merge_patch, without_nulls
from sagemaker_tuning.core.quota import quota_pause
from sagemaker_tuning.core.roles import with_roles_to_come
from sagemaker_tuning.hooks import inputs, launch, namespace, roles
from sagemaker_tuning.links.console import TuningJobLink
from sagemaker_tuning.operators.base import (
    OnStopped,
    elapsed,
    time_left,
)
from sagemaker_tuning.operators.budget import HasBudget
from sagemaker_tuning.operators.documents import as_mapping
from sagemaker_tuning.operators.identity import launch_request
from sagemaker_tuning.operators.lineage import ReportsTuningJobLineage
from sagemaker_tuning.triggers import pauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from airflow.sdk import Context

    from sagemaker_tuning.core.launch_request import LaunchedTuningJob, LaunchRequest

OnQuota = Literal["wait", "fail"]
"""What a service quota without room is to the task."""

LAUNCHED_KEY = "HyperParameterTuningJobName"
"""The XCom that is there from the launch on, however the task ends: a key of its result."""


class LaunchesTuningJob(ReportsTuningJobLineage, HasBudget):
    """An operator that launches a tuning job; what it then does is its own.

    Its ``__init__`` sets the attributes that are declared here, and ends by ``check_documents``.
    """

    deferrable: bool
    tuning_job_name: str | None
    additional_fields: Mapping[str, Any] | str | None
    check_inputs: bool
    retry_failed: bool
    reuse_completed: bool
    on_quota: OnQuota
    on_stopped: OnStopped
    fail_fast: int | None
    stop_on_kill: bool
    stop_on_timeout: bool

    _request: LaunchRequest | None = None
    _arn: str | None = None
    _is_killed = False
    _is_timed_out = False

    def check_documents(self) -> None:
        """Look for mistakes when the DAG is parsed, as far as templates and files hide none.

        Raises:
            InvalidTuningRequest: With all of them.
        """
        if self.additional_fields is not None:
            return  # they may bring what is missing, and take away what is wrong
        document = with_roles_to_come(self._typed(self.parsed_documents()))
        given = isinstance(self.tuning_job_name, str) and self.tuning_job_name
        found = rules.check({"HyperParameterTuningJobName": given or "any-name", **document})
        violations = [*found.violations, *self.parsed_budget_violations(document)]
        if violations:
            raise InvalidTuningRequest(violations)

    def execute_after_pause(self, context: Context, event: Any) -> Any:  # noqa: ARG002 -- Airflow calls it so
        """Try to launch again after the quota had no room."""
        if self.execution_timeout is not None and elapsed(context) > self.execution_timeout:
            raise self._time_is_over()
        return self.execute(context)

    def on_kill(self) -> None:
        """Stop the tuning job that this task waits for, or is launching, in its worker."""
        self._is_killed = True
        # Airflow kills the process for good after five seconds, so nothing is waited for.
        self._stop(sleep=lambda _: None)

    def _checked_request(self, context: Context) -> LaunchRequest:
        given, mistakes = self._document(context), list[Violation]()
        if LAUNCHED_KEY in given:  # a retry would look for its tuning job by another name
            name = repr(given.pop(LAUNCHED_KEY))
            rule = "the operator's tuning_job_name, for one to be found by"
            mistakes.append(Violation(f"additional_fields.{LAUNCHED_KEY}", name, rule))
        try:
            document = roles.with_role_arns(self.hook, given)
        except InvalidTuningRequest as error:
            document = with_roles_to_come(given)
            mistakes += error.violations
        self._known = document
        request = self._launch_request(context, document)
        self._validate(
            _as_sent(request),
            context,
            mistakes,
            # What an earlier try launched must be found again, whatever became of its input.
            with_inputs=self.check_inputs and request.is_first_try,
        )
        self.log_estimate(document)
        return request

    def _launch(self, context: Context) -> LaunchedTuningJob:
        request = self._checked_request(context)
        if not namespace.is_telling(request.identity.namespace) and not self.hook.is_local:
            self.log.warning(
                "Neither [sagemaker_tuning] namespace nor an [api] base_url that is not of this "
                "machine alone is set: another Airflow that runs the same DAG in this AWS account "
                "would want the same job names"
            )
        self._request = request
        try:
            launched = self._launch_patiently(request, context)
        except TuningJobEnded as error:  # of an earlier try, after which none is launched
            self._keep_name(context, error.tuning_job_name)
            raise
        self._arn = launched.arn
        if self._is_killed:  # while it was being launched
            self._stop()
        self._keep_name(context, launched.name)
        TuningJobLink.keep(
            context,
            self,
            self.hook.conn,
            is_local=self.hook.is_local,
            tuning_job_name=launched.name,
        )
        return launched

    def _keep_name(self, context: Context, name: str | None) -> None:
        if self.do_xcom_push and name is not None:
            context["ti"].xcom_push(key=LAUNCHED_KEY, value=name)

    def _rehearse(self, context: Context) -> NoReturn:
        """Say what would be launched, and skip the task."""
        request = self._checked_request(context)
        whole = _as_sent(request)
        unsendable = shapes.why_unsendable(
            whole, shapes.input_shape("CreateHyperParameterTuningJob")
        )
        if unsendable:  # such as a field that is too new for this boto3
            msg = f"CreateHyperParameterTuningJob cannot be sent: {unsendable}"
            raise AirflowFailException(msg)
        document = without_secrets(whole)
        self.log.info("This request would be sent:\n%s", json.dumps(document, indent=2))
        context["ti"].xcom_push("Request", document)
        for key, value in self.estimated_cost(request.document).items():
            context["ti"].xcom_push(key, value)
        msg = "dry_run: the request is valid, and nothing was launched"
        raise AirflowSkipException(msg)

    def _validate(
        self,
        document: Mapping[str, Any],
        context: Context,
        mistakes: Sequence[Violation],
        *,
        with_inputs: bool,
    ) -> None:
        found = [rules.check(document)]
        if with_inputs:
            found.append(inputs.check_inputs(self.hook, document))
        violations = [*mistakes]
        violations += [violation for findings in found for violation in findings.violations]
        violations += self.read_budget(document, context)
        if violations:
            raise InvalidTuningRequest(violations)
        for findings in found:
            for advice in findings.warnings:
                self.log.warning("%s", advice)

    def _launch_patiently(self, request: LaunchRequest, context: Context) -> LaunchedTuningJob:
        """Launch as soon as the account's quota has room."""
        while True:
            try:
                return launch.Launcher(self.hook, request, check_next=self.check_next).launch()
            except QuotaExceeded as error:
                if self.on_quota == "fail" or not error.is_retried:
                    raise
                refused = error
                pause = quota_pause(elapsed(context))
                self.log.warning("%s; trying again in %.0f s", error, pause.total_seconds())
            if self.deferrable:
                self.defer(
                    trigger=pauses.TimeDeltaTrigger(pause),
                    method_name="execute_after_pause",
                    kwargs=first_start(context),
                    timeout=time_left(self.execution_timeout, context),
                )
            time.sleep(pause.total_seconds())
            if self._is_killed:
                raise refused

    def _time_is_over(self) -> TuningJobTimeout:
        limit = self.execution_timeout
        return TuningJobTimeout(
            f"execution_timeout {limit} has passed before the tuning job was launched and ended"
        )

    @contextmanager
    def _stopping_if_over(self, context: Context) -> Iterator[None]:
        """Stop our tuning job if a failure is this task's last word: nobody will wait for it."""
        try:
            yield
        except AirflowTaskTimeout:
            self._is_timed_out = True  # Airflow calls on_kill next
            raise
        except TuningJobTimeout:
            self._is_timed_out = True
            self._stop()
            raise
        except Exception as error:
            ti = context["ti"]
            if isinstance(error, AirflowFailException) or ti.try_number > ti.max_tries:
                self._stop()
            raise

    def _stop(self, sleep: Callable[[float], None] = time.sleep) -> None:
        is_wanted = self.stop_on_timeout if self._is_timed_out else self.stop_on_kill
        if self._request is None or not is_wanted:
            return
        try:
            launch.Launcher(self.hook, self._request, sleep).stop(self._arn)
        except Exception:
            self.log.warning("The tuning job could not be stopped", exc_info=True)

    def _launch_request(self, context: Context, document: dict[str, Any]) -> LaunchRequest:
        return launch_request(
            context,
            retries=self.retries or 0,
            document=document,
            chosen_name=self.tuning_job_name or None,
            policy=AdoptionPolicy(
                retry_failed=self.retry_failed,
                accepts_stopped=self.on_stopped == "accept_best",
                fail_fast=self.fail_fast,
                reuse_completed=self.reuse_completed,
            ),
        )

    def _document(self, context: Context) -> dict[str, Any]:
        """Give the request without its name."""
        return self._typed(self.given_documents(context))

    def _typed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        more = as_mapping(self.additional_fields, "additional_fields")
        shape = shapes.input_shape("CreateHyperParameterTuningJob")
        return dict(shapes.to_model_types(merge_patch(without_nulls(document), more), shape))


def _as_sent(request: LaunchRequest) -> dict[str, Any]:
    name = request.name(epoch=request.epoch, generation=1)
    return {"HyperParameterTuningJobName": name, **request.document, "Tags": request.tags()}
