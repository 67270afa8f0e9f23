"""The operator that lets a model package pass only if it is better than the one in use."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException
from sagemaker_tuning.core.adoption import AdoptionPolicy
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    SageMakerTuningError,
    ScoringFailed,
)
from sagemaker_tuning.core.gate import Contest, Scored
from sagemaker_tuning.core.model_packages import objective_of
from sagemaker_tuning.core.scoring import Metric, ObjectiveType, metric_of
from sagemaker_tuning.core.scoring_jobs import transform_request
from sagemaker_tuning.hooks import (
    held_out_data,
    registry,
    roles,
    scoring,
    scoring_leftovers,
    services,
)
from sagemaker_tuning.operators.aws import aws_template_fields, hook_of
from sagemaker_tuning.operators.base import (
    DEFAULT_POLL_INTERVAL,
    check_choice,
    connection_arguments,
    default_deferrable,
)
from sagemaker_tuning.operators.gate_arguments import GateArguments
from sagemaker_tuning.operators.identity import launch_request
from sagemaker_tuning.operators.waiting import WaitsByLooking
from sagemaker_tuning.triggers import transform_job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from sagemaker_tuning.core.launch_request import LaunchRequest

OnLoss = Literal["skip", "fail"]
"""What a challenger that loses is to the tasks downstream."""

_BEING_MADE = frozenset({"Pending", "InProgress"})


class SageMakerModelPackageGateOperator(WaitsByLooking):
    """Let a model package pass only if it is better than its group's champion, on the same data.

    The champion is the newest ``Approved`` version of the same group, other than the challenger.
    Both predict the held-out data by batch transform, at the same time; a metric is computed of
    each one's predictions; the challenger passes if its score is better by more than ``margin``. A
    challenger of a group without a champion passes as well, once it is scored.
    https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html

    A challenger that loses becomes ``Rejected``, with both scores as the ``ApprovalDescription``,
    and the tasks downstream are skipped. Champion or challenger that cannot be scored is an error
    of the task: nobody wins by that.

    Safe to run again: models and transform jobs are named after the task instance, so a retry goes
    on waiting for what an earlier try launched, and launches again only what failed. A cleared
    task scores anew. A failed transform job is retried with the task. In the end, models and
    outputs are deleted, whatever the outcome, or the task is out of time. When it is killed, the
    transform jobs are stopped; models, and what was predicted already, stay until it is cleared.

    Args:
        model_package_name: ``ModelPackageArn`` of the challenger, a version of a group.
        data: S3 URI of the held-out data: an object, or what all keys begin with. CSV without a
            header, the label first; only numbers. Both are scored anew if it changes meanwhile.
        role: ``ExecutionRoleArn`` of the models that are scored, or a role's name.
        instance_type: ``InstanceType`` of each of the two transform jobs.
        s3_output_path: Where the predictions go until the task has ended, each job's into a folder
            of its own; outside of ``data``.
        instance_count: ``InstanceCount`` of each, 1 or more; more than one serve data of several
            objects.
        metric: Score by another metric than the challenger's own objective: ``auc``, ``rmse`` and
            so on, as built-in XGBoost's are named, or a function of labels and predictions, arrays
            of numpy. A model that predicts several numbers for a row gives a column for each, of
            which ``auc``, ``rmse`` and others that take one number choose none, but fail. The
            metrics are scikit-learn's, which the extra ``templates`` has; where classes are to be
            told from probabilities, the threshold is 0.5, or the largest of several wins.
        objective_type: ``"Maximize"`` or ``"Minimize"``, of a function; a metric has its own.
        margin: By how much more the challenger must be better, in the metric's own unit, 0 or
            more. At 0 an equal challenger still loses.
        on_loss: Whether a challenger that loses has the tasks downstream skipped (``"skip"``) or
            fails the task (``"fail"``), without a retry.
        transform_job_fields: What is to be other in both requests of CreateTransformJob
            (``ModelClientConfig``, ``{"TransformOutput": {"KmsKeyId": …}}``, …), merged into them.
        model_fields: Further arguments of CreateModel, such as ``VpcConfig``.
        tags: ``Tags`` of models and transform jobs, ``[{"Key": …, "Value": …}]``; at most 43.
        deferrable: Wait without a worker slot, in the triggerer.
        poll_interval: Seconds between two looks at the transform jobs, above 0; deferred, 15 at
            least.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``ModelPackageArn``, ``Verdict`` (``Won``, ``NoChampion`` or, as XCom only, ``Lost``),
        ``MetricName``, ``Type``, ``Margin``, ``Challenger`` and ``Champion``, each with
        ``ModelPackageArn`` and ``Value``, and ``Reason``, a sentence with the scores.

    Raises:
        AirflowSkipException: The challenger lost.
        AirflowFailException: It lost, and ``on_loss`` is ``"fail"``; an argument is wrong, the
            metric cannot be computed, or there is no such data (``InvalidTuningRequest``); of
            somebody's predictions there is no score (``ScoringFailed``); or a name is another's
            (``TuningJobConflict``).
        ScoringFailed: A transform job failed, with AWS's reason and the end of its log.
        TuningJobNotFound: There is no such model package.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerModelPackageGateOperator(
        ...     task_id="gate",
        ...     model_package_name="{{ ti.xcom_pull('register')['ModelPackageArn'] }}",
        ...     data="s3://bucket/churn/test/",
        ...     role="SageMakerServing",
        ...     instance_type="ml.m5.large",
        ...     s3_output_path="s3://bucket/churn/gate",
        ...     margin=0.001,
        ...     retries=2,
        ...     deferrable=True,
        ... )
        <Task(SageMakerModelPackageGateOperator): gate>
    """

    hook = hook_of(lambda: registry.SageMakerRegistryHook)
    template_fields: Sequence[str] = aws_template_fields(
        "model_package_name",
        "data",
        "role",
        "instance_type",
        "s3_output_path",
        "instance_count",
        "metric",
        "objective_type",
        "margin",
        "transform_job_fields",
        "model_fields",
        "tags",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("transform_job_fields", "model_fields", "tags"), "json"
    )
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        model_package_name: str,
        data: str,
        role: str,
        instance_type: str,
        s3_output_path: str,
        instance_count: int | str = 1,
        metric: str | Callable[[Any, Any], float] | None = None,
        objective_type: ObjectiveType | str | None = None,
        margin: float | str = 0.0,
        on_loss: OnLoss = "skip",
        transform_job_fields: Mapping[str, Any] | str | None = None,
        model_fields: Mapping[str, Any] | str | None = None,
        tags: Sequence[Mapping[str, str]] | str | None = None,
        deferrable: bool | None = None,
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        check_choice("on_loss", on_loss, OnLoss)
        if poll_interval <= 0:
            msg = f"poll_interval is {poll_interval!r}: give seconds, above 0"
            raise ValueError(msg)
        self.model_package_name = model_package_name
        self.data = data
        self.role = role
        self.instance_type = instance_type
        self.s3_output_path = s3_output_path
        self.instance_count = instance_count
        # Airflow calls whatever can be called in a template field, for its value.
        self.metric = None if callable(metric) else metric
        self._metric_function = metric if callable(metric) else None
        self.objective_type = objective_type
        self.margin = margin
        self.on_loss = on_loss
        self.transform_job_fields = transform_job_fields
        self.model_fields = model_fields
        self.tags = tags
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self._job_names: set[str] = set()
        self._is_killed = False

    def execute_again(self, context: Context, event: Sequence[str] | None = None) -> dict[str, Any]:
        """Go on, and know from the start what to stop if it is killed before it has looked."""
        self._job_names.update(event or ())
        return super().execute_again(context)

    def step(self, context: Context) -> dict[str, Any] | None:
        """Launch what is missing, look at the transform jobs, and decide once both are done."""
        try:
            contest = self._contest(context)
            if contest is None:
                return None
            self.log.info("%s", contest.reason)
            if contest.verdict == "Lost":
                self.hook.set_approval(contest.challenger.arn, "Rejected", contest.reason)
        except Exception as error:
            if not (isinstance(error, AwsCallFailed) and error.is_transient):  # that is waited out
                self._clean_up_if_over(context, error)
            raise
        self._clean_up(context)
        if contest.verdict == "Lost":
            self._lose(contest, context)
        return contest.to_document()

    def give_up(self, context: Context) -> None:
        """Stop and delete all: ``execution_timeout`` has passed."""
        self._clean_up(context)

    def on_kill(self) -> None:
        """Stop the transform jobs; Airflow leaves no time for more."""
        self._is_killed = True
        scoring_leftovers.stop_scoring(self.hook, sorted(self._job_names))

    def pause_trigger(self, context: Context, pause: timedelta) -> BaseTrigger:  # noqa: ARG002 -- as its base class has it
        """Give a pause that stops the transform jobs when the task is killed meanwhile."""
        return transform_job.SageMakerTransformPauseTrigger(
            transform_job_names=sorted(self._job_names),
            moment=(datetime.now(UTC) + pause).isoformat(),
            stop_on_kill=bool(self._job_names),
            **connection_arguments(self),
        )

    def _contest(self, context: Context) -> Contest | None:
        """Give both scores; None while a transform job runs."""
        given = GateArguments.of(self)
        challenger = self.hook.describe_model_package(self.model_package_name)
        if challenger["ModelPackageStatus"] in _BEING_MADE:
            return None
        _require_completed(challenger)
        arn, group = challenger["ModelPackageArn"], challenger.get("ModelPackageGroupName")
        chosen = self._metric_function or self.metric or None
        metric = metric_of(chosen, given.objective_type, _recorded(challenger))
        # Of no group, it is refused for that when it comes to its names.
        champion = self.hook.find_champion(group, other_than=arn) if group else None
        plan = self._plan(context, given, metric)
        scorings = [scoring.Scoring(self.hook, plan, challenger, "challenger", self._job_names)]
        if champion is not None:
            scorings.append(scoring.Scoring(self.hook, plan, champion, "champion", self._job_names))
        _validate(scorings)
        outputs = [each.look() for each in scorings]
        if any(each.is_launching for each in scorings):
            models = {each.names.model_name for each in scorings}
            scoring_leftovers.stop_superseded(self.hook, plan.launch, models)
        if self._is_killed:  # while one was being launched
            scoring_leftovers.stop_scoring(self.hook, sorted(self._job_names))
        if not all(outputs):
            return None
        predictions = [
            each.read(output) for each, output in zip(scorings, outputs, strict=True) if output
        ]
        for others in predictions[1:]:
            predictions[0].require_same_rows(others)
        scored = [
            Scored(each.arn, each.score(rows))
            for each, rows in zip(scorings, predictions, strict=True)
        ]
        return Contest(
            metric_name=metric.name,
            type=metric.type,
            margin=given.margin,
            challenger=scored[0],
            champion=scored[1] if champion is not None else None,
        )

    def _plan(self, context: Context, given: GateArguments, metric: Metric) -> scoring.ScoringPlan:
        return scoring.ScoringPlan(
            launch=self._launch(context),
            transform_request=transform_request(
                data=self.data,
                s3_output_path=self.s3_output_path,
                instance_type=self.instance_type,
                instance_count=given.instance_count,
                more=given.transform_job_fields,
            ),
            model_fields=given.model_fields,
            tags=given.tags,
            role_arn=self._role_arn,
            data=held_out_data.HeldOutData.at(services.AwsService(self.hook, "s3"), self.data),
            metric=metric,
        )

    @cached_property
    def _role_arn(self) -> str:
        found = roles.with_role_arns(self.hook, {"ExecutionRoleArn": self.role})
        return str(found["ExecutionRoleArn"])

    def _lose(self, contest: Contest, context: Context) -> NoReturn:
        result = contest.to_document()
        pushed = {"return_value": result, **(result if self.multiple_outputs else {})}
        for key, value in pushed.items() if self.do_xcom_push else ():
            context["ti"].xcom_push(key=key, value=value)
        if self.on_loss == "fail":
            raise AirflowFailException(contest.reason)
        raise AirflowSkipException(contest.reason)

    def _clean_up_if_over(self, context: Context, error: Exception) -> None:
        """Leave nothing behind if no other try will take it up."""
        ti = context["ti"]
        is_retried = not isinstance(error, SageMakerTuningError) or error.is_retried
        if not is_retried or ti.try_number > ti.max_tries:
            self._clean_up(context)

    def _clean_up(self, context: Context) -> None:
        scoring_leftovers.clean_up_scoring(self.hook, self._launch(context), self._job_names)

    def _launch(self, context: Context) -> LaunchRequest:
        return launch_request(
            context,
            retries=self.retries or 0,
            document={},
            chosen_name=None,
            policy=AdoptionPolicy(),
        )


def _recorded(package: Mapping[str, Any]) -> tuple[str, str] | None:
    objective = objective_of(package)
    return (objective.metric_name, objective.type) if objective else None


def _require_completed(package: Mapping[str, Any]) -> None:
    status = package["ModelPackageStatus"]
    if status != "Completed":
        msg = f"the model package {package['ModelPackageArn']} is {status}, not Completed"
        raise ScoringFailed(msg)


def _validate(scorings: Sequence[scoring.Scoring]) -> None:
    mistakes = [mistake for each in scorings for mistake in each.mistakes()]
    if mistakes:
        raise InvalidTuningRequest(dict.fromkeys(mistakes))
