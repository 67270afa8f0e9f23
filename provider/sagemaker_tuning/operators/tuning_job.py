"""The operator that launches a tuning job."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from sagemaker_tuning._compat import TaskDeferralTimeout, first_start, with_first_start
from sagemaker_tuning.core.budget import Budget
from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.core.launch_request import LaunchedTuningJob
from sagemaker_tuning.core.poll_interval import PollInterval, checked
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.tuning_job import is_failing_fast, tuning_job_result
from sagemaker_tuning.links.console import TuningJobLink
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import (
    DEFAULT_POLL_INTERVAL,
    OnStopped,
    check_choice,
    connection_arguments,
    default_deferrable,
    errors_for_airflow,
    raise_failed_fast,
    raise_unless_completed,
    raise_wait_error,
    time_left,
)
from sagemaker_tuning.operators.budget import OnCeiling
from sagemaker_tuning.operators.documents import as_bool
from sagemaker_tuning.operators.launching import LaunchesTuningJob, OnQuota
from sagemaker_tuning.triggers import tuning_job, watched_job, watcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from airflow.sdk import Context


class SageMakerCreateTuningJobOperator(LaunchesTuningJob):
    """Launch a hyperparameter tuning job, exactly once, and wait for it.

    The documents are those of boto3's ``create_hyper_parameter_tuning_job``, with AWS's own keys:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    Each is a mapping (or a list, for ``training_job_definitions`` and ``tags``), or the path of a
    ``.json`` or ``.yaml`` file beside the DAG, and templated either way. Scalars are given the
    type that AWS wants (``100`` becomes ``"100"`` in a hyperparameter), so templates work in
    number fields too; None, which boto3 does not take, is as not given, at any depth. The request
    is checked against AWS's service model and the documented rules before it is sent, and as far
    as templates, files and ``additional_fields`` do not hide it, as soon as the DAG is parsed.

    A retry never launches a job beside another: the job's name follows from DAG, run, task and map
    index, so a later try finds what an earlier one launched, and goes on waiting for it. Give the
    task ``retries``: they cost nothing while the job lives or has completed, and launch another
    only after one that has failed or was stopped. Clearing the task means to run it again: it stops
    the job that it launched before, if that is still alive, and launches another.

    Args:
        tuning_job_config: ``HyperParameterTuningJobConfig``: strategy, objective, parameter
            ranges, resource limits.
        training_job_definition: ``TrainingJobDefinition``. ``RoleArn`` may be a role's name.
        training_job_definitions: ``TrainingJobDefinitions``, 1 to 10, instead of the former.
        warm_start_config: ``WarmStartConfig``.
        autotune: ``Autotune``.
        tags: ``Tags`` of the tuning job, ``[{"Key": …, "Value": …}]``; at most 43, since
            the provider adds its own by which a later try knows the job. They may differ in a
            retry, which leaves the job those of the try that launched it.
        additional_fields: Further fields of the request, or others, with AWS's own keys, such as
            ``{"TrainingJobDefinition": {"EnableManagedSpotTraining": True}}``: a mapping, or JSON
            or YAML text. It is a JSON Merge Patch (RFC 7396): objects are merged at any depth,
            None takes a field away, anything else takes the place of what is there.
        tuning_job_name: 1 to 32 characters, letters, digits and hyphens, another one for each DAG
            run; made up if not given. A job that must be launched again, after a failed one or a
            Clear, ends in ``-<number>``.
        check_inputs: Look before the launch whether every S3 input has objects, the buckets of
            output and checkpoints exist, and the roles: what is missing is refused with the
            request's other mistakes. What the connection may not look at (``s3:ListBucket``,
            ``iam:GetRole``) is a warning. A retry does not look again; on a local endpoint nobody
            looks for roles given as ARNs.
        retry_failed: Launch the same request again on a retry even if every training job failed
            by its request, data or algorithm.
        reuse_completed: When the task is cleared, let its completed tuning job of the same request
            stand. By default Clear launches another: the data behind equal requests may be new.
        on_quota: Whether to ``wait`` (deferred, 30 s to 10 min between two tries, until
            ``execution_timeout``) or to ``fail`` when a service quota of the account has no room.
            A quota of 0 fails in any case.
        on_stopped: What a tuning job is that was stopped, by whomever, a kill or timeout of an
            earlier try included: a failure (``fail``), or as good as a completed one if it has a
            best training job (``accept_best``).
        fail_fast: Stop the tuning job and fail as soon as more than this many training jobs have
            ended with NonRetryableError, 0 or more; None for never.
        hourly_rates: What an hour of an instance costs, by instance type, for estimates of the
            cost: ``{"ml.m5.large": 0.115}``, or ``{"OnDemand": 0.115, "Spot": 0.04}`` for each;
            numbers or numeric text, in any one currency. A mapping, a file beside the DAG, or a
            template such as ``{{ var.json.sagemaker_hourly_rates }}``. Spot training without a
            rate of its own counts as on-demand. An instance type of the request that has no rate
            is refused. Estimates are of instance time: not of volumes, S3, logs, data transfer,
            nor of the minutes that a training job takes to stop at its limit.
        max_cost: What the tuning job may cost, above 0, in the currency of ``hourly_rates``; each
            one that a retry launches may cost as much. A running job that passes it, by the
            training jobs' times, is stopped; the task then fails, and is not retried, unless
            ``on_stopped`` accepts the best. Nobody watches it without ``wait_for_completion``.
            None, or an empty text, for no limit.
        on_ceiling: What a request is whose training jobs could cost more than ``max_cost`` if each
            took all of its time: a mistake (``refuse``), or launched to be stopped at
            ``max_cost`` (``watch``).
        dry_run: Check the request, inputs with ``check_inputs``, write it and the estimate of its
            cost to the log and the XComs ``Request`` and ``EstimatedCost``, and launch nothing:
            the task is skipped, and so is what follows it. A bool, or a template of ``true`` or
            ``false``. What Airflow masks in logs is masked there too.
        wait_for_completion: Succeed only when the tuning job has completed; without, as soon as
            it is launched.
        deferrable: Wait without a worker slot, in the triggerer.
        poll_interval: Seconds between two looks at the job, above 0; or ``"adaptive"``, a tenth of
            the job's age, from 5 to 60 seconds, which notices soon that a short job has ended.
        stop_on_kill: Stop the tuning job when the task is killed, or has failed with no try left,
            and when a person ends or clears it while it is deferred.
        stop_on_timeout: Stop the tuning job when ``execution_timeout`` has passed, deferred waits
            included. A retry launches another, unless ``accept_best`` takes what there is.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``create.output["HyperParameterTuningJobName"]`` is one.

    Returns:
        ``HyperParameterTuningJobName``, ``…Arn``, ``…Status``, ``TrainingJobStatusCounters``,
        ``ObjectiveStatusCounters`` and, once there is one, ``BestTrainingJob``. The XCom
        ``HyperParameterTuningJobName`` is there from the launch on, however the task ends. With
        ``hourly_rates`` also ``EstimatedCost``: ``AtMost`` with its ``Formula``, unless nothing
        limits it, and what the training jobs have ``Consumed``.

    Raises:
        AirflowFailException: Nothing was launched and a retry would not help: the request is
            invalid (``InvalidTuningRequest``), the name is another's (``TuningJobConflict``), or a
            quota is 0 (``QuotaExceeded``). Or ``fail_fast`` or ``max_cost`` was exceeded.
        AirflowSkipException: ``dry_run``.
        TuningJobFailed: The tuning job failed; the message says which training jobs failed why.
        TuningJobStopped: It was stopped.
        TuningJobTimeout: ``execution_timeout`` has passed while the task was deferred.
        QuotaExceeded: A quota has no room, and ``on_quota`` is ``fail``.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> tune = SageMakerCreateTuningJobOperator(
        ...     task_id="tune",
        ...     tuning_job_config={
        ...         "Strategy": "Bayesian",
        ...         "HyperParameterTuningJobObjective": {
        ...             "MetricName": "validation:auc",
        ...             "Type": "Maximize",
        ...         },
        ...         "ParameterRanges": {
        ...             "ContinuousParameterRanges": [
        ...                 {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}
        ...             ]
        ...         },
        ...         "ResourceLimits": {
        ...             "MaxNumberOfTrainingJobs": 20,
        ...             "MaxParallelTrainingJobs": 2,
        ...         },
        ...     },
        ...     training_job_definition="training_job_definition.yaml",  # beside the DAG
        ...     retries=3,
        ...     deferrable=True,
        ... )
        >>> name = tune.output["HyperParameterTuningJobName"]  # for the next task
    """

    documents: ClassVar[Mapping[str, str]] = {
        "tuning_job_config": "HyperParameterTuningJobConfig",
        "training_job_definition": "TrainingJobDefinition",
        "training_job_definitions": "TrainingJobDefinitions",
        "warm_start_config": "WarmStartConfig",
        "autotune": "Autotune",
        "tags": "Tags",
    }
    template_fields: Sequence[str] = aws_template_fields(
        *documents,
        "additional_fields",
        "tuning_job_name",
        "hourly_rates",
        "max_cost",
        "is_dry_run",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        (*documents, "additional_fields", "hourly_rates"), "json"
    )
    operator_extra_links = (TuningJobLink(),)
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_config: Mapping[str, Any] | str,
        training_job_definition: Mapping[str, Any] | str | None = None,
        training_job_definitions: Sequence[Mapping[str, Any]] | str | None = None,
        warm_start_config: Mapping[str, Any] | str | None = None,
        autotune: Mapping[str, Any] | str | None = None,
        tags: Sequence[Mapping[str, str]] | str | None = None,
        additional_fields: Mapping[str, Any] | str | None = None,
        tuning_job_name: str | None = None,
        check_inputs: bool = False,
        retry_failed: bool = False,
        reuse_completed: bool = False,
        on_quota: OnQuota = "wait",
        on_stopped: OnStopped = "fail",
        fail_fast: int | None = None,
        hourly_rates: Mapping[str, Any] | str | None = None,
        max_cost: float | Decimal | str | None = None,
        on_ceiling: OnCeiling = "refuse",
        dry_run: bool | str = False,
        wait_for_completion: bool = True,
        deferrable: bool | None = None,
        poll_interval: PollInterval = DEFAULT_POLL_INTERVAL,
        stop_on_kill: bool = True,
        stop_on_timeout: bool = True,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        if fail_fast is not None and fail_fast < 0:
            msg = f"fail_fast is {fail_fast!r}: give a number of training jobs, 0 or more"
            raise ValueError(msg)
        check_choice("on_quota", on_quota, OnQuota)
        check_choice("on_stopped", on_stopped, OnStopped)
        check_choice("on_ceiling", on_ceiling, OnCeiling)
        if on_ceiling == "watch" and not wait_for_completion:
            msg = "on_ceiling is 'watch', but with wait_for_completion=False nobody watches"
            raise ValueError(msg)
        self.tuning_job_config = tuning_job_config
        self.training_job_definition = training_job_definition
        self.training_job_definitions = training_job_definitions
        self.warm_start_config = warm_start_config
        self.autotune = autotune
        self.tags = tags
        self.additional_fields = additional_fields
        self.tuning_job_name = tuning_job_name
        self.check_inputs = check_inputs
        self.retry_failed = retry_failed
        self.reuse_completed = reuse_completed
        self.on_quota = on_quota
        self.on_stopped = on_stopped
        self.fail_fast = fail_fast
        self.hourly_rates = hourly_rates
        self.max_cost = max_cost
        self.on_ceiling = on_ceiling
        self.is_dry_run = dry_run  # an operator's dry_run is a method of Airflow's
        self.wait_for_completion = wait_for_completion
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = checked(poll_interval)
        self.stop_on_kill = stop_on_kill
        self.stop_on_timeout = stop_on_timeout
        self.check_documents()

    def execute(self, context: Context) -> dict[str, Any]:
        """Launch the tuning job, or find it launched, and wait."""
        with errors_for_airflow():
            if as_bool(self.is_dry_run, "dry_run"):
                self._rehearse(context)
        request = self._launch_request(context, {})
        # What an earlier try launched is to be stopped even if this one comes to no launch.
        self._request = None if request.is_first_try else request
        with self._stopping_if_over(context), errors_for_airflow():
            launched = self._launch(context)
            if not self.wait_for_completion:
                return {
                    "HyperParameterTuningJobName": launched.name,
                    "HyperParameterTuningJobArn": launched.arn,
                } | self.estimated_cost(self._known or {})
            if launched.has_ended:
                return self._result(launched.description)
            if self.deferrable:
                self._defer(launched, context)
            connection = watcher.Connection.of(**connection_arguments(self))
            job = watched_job.WatchedJob(launched.name, self.poll_interval, launched.arn)
            waiting = tuning_job.wait_for_tuning_job(
                connection, job, self.log, self._fails_fast, self._budget
            )
            return self._result(asyncio.run(waiting).description)

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any],
        name: str | None = None,
        arn: str | None = None,
        budget: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Go on after the deferred wait for the tuning job of this name, ARN and budget.

        Without them, which ``dag.test()`` drops, it was for the event's.
        """
        self._budget = Budget.from_document(budget or event.get("Budget"))
        told = event["HyperParameterTuningJobName"]
        launched = LaunchedTuningJob(
            name or told, arn or event["HyperParameterTuningJobArn"], is_adopted=True
        )
        self._arn = launched.arn
        if told != launched.name:
            # Airflow may hand the last event of before a Clear to the try after it.
            self.log.info("%s is of before the task was cleared; waiting on", told)
            self._defer(launched, context)
        with errors_for_airflow():
            raise_wait_error(event)
            try:
                description = self.hook.describe_tuning_job(launched.arn)
            except AwsCallFailed as error:
                if not error.is_transient:
                    raise
                self.log.warning("%s; waiting on", error)
                self._defer(launched, context)
            snapshot = Snapshot.from_description(description)
            if not (snapshot.is_ended or self._fails_fast(snapshot)):
                self._defer(launched, context)  # an answer from before the end
            return self._result(description)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Go on after the deferred wait; stop the job that nobody will wait for any more."""
        next_kwargs = with_first_start(context, next_kwargs)
        # What has our name was there when the task was deferred, so it is not another's.
        self._request = replace(self._launch_request(context, {}), is_first_try=False)
        with self._stopping_if_over(context):
            try:
                return super().resume_execution(next_method, next_kwargs, context)
            except TaskDeferralTimeout as error:
                raise self._time_is_over() from error

    def _defer(self, launched: LaunchedTuningJob, context: Context) -> NoReturn:
        budget = None if self._budget is None else self._budget.to_document()
        trigger = tuning_job.SageMakerTuningJobTrigger(
            tuning_job_name=launched.name,
            tuning_job_arn=launched.arn,
            fail_fast=self.fail_fast,
            budget=budget,
            poll_interval=self.poll_interval,
            stop_on_kill=self.stop_on_kill,
            **connection_arguments(self),
        )
        self.defer(
            trigger=trigger,
            method_name="execute_complete",
            kwargs=first_start(context)
            | {"name": launched.name, "arn": launched.arn, "budget": budget},
            timeout=time_left(self.execution_timeout, context),
        )

    def _fails_fast(self, snapshot: Snapshot) -> bool:
        return is_failing_fast(snapshot, self.fail_fast)

    def _result(self, description: Mapping[str, Any]) -> dict[str, Any]:
        self._known = description
        snapshot = Snapshot.from_description(description)
        if self._fails_fast(snapshot):
            if not snapshot.is_ended:
                self.hook.stop_tuning_job(snapshot.name)
            raise_failed_fast(self.hook, snapshot, self.fail_fast)
        spent = self.consumed_by(description)
        is_accepted = self.on_stopped == "accept_best" and snapshot.best is not None
        self.check_spending(description, spent, is_accepted=is_accepted)
        raise_unless_completed(self.hook, description, self.on_stopped)
        return tuning_job_result(description) | self.estimated_cost(description, spent)


class SageMakerStopTuningJobOperator(CallsAws):
    """Stop a tuning job; one that has ended already is left as it is, and none is none to stop.

    Meant as the teardown of a task that launches without waiting, so that the job does not run
    on when the DAG run has failed: ``stop.as_teardown(setups=create)``.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopHyperParameterTuningJob.html

    Args:
        tuning_job_name: ``HyperParameterTuningJobName`` or ``…Arn``, of a job launched by whomever.
            None, or empty, where none was launched, as the output of a task that was refused is.

    Raises:
        AirflowFailException: It is no tuning job's name or ARN (``InvalidTuningRequest``), or
            another account's (``TuningJobConflict``).
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses the call.

    Example:
        >>> SageMakerStopTuningJobOperator(
        ...     task_id="stop",
        ...     tuning_job_name="{{ ti.xcom_pull('tune')['HyperParameterTuningJobName'] }}",
        ... ).as_teardown()
        <Task(SageMakerStopTuningJobOperator): stop>
    """

    template_fields: Sequence[str] = aws_template_fields("tuning_job_name")
    ui_color = "#f3e8fd"

    def __init__(self, *, tuning_job_name: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name

    def execute(self, context: Context) -> None:  # noqa: ARG002 -- Airflow calls it so
        """Stop it; training jobs get a SIGTERM and keep what they have made so far."""
        if not self.tuning_job_name:
            self.log.info("No tuning job was launched, so there is none to stop")
            return
        with errors_for_airflow():
            self.hook.stop_tuning_job(self.tuning_job_name)
        self.log.info("%s is stopped, or had ended already", self.tuning_job_name)
