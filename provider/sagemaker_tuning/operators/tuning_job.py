"""The operator that launches a tuning job."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeGuard

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sagemaker_tuning._compat import AirflowFailException, TaskDeferralTimeout, conf
from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.core.naming import LaunchIdentity, launch_epoch
from sagemaker_tuning.core.rules import validate
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.tuning_job import tuning_job_result
from sagemaker_tuning.hooks.launch import LaunchedTuningJob, Launcher, LaunchRequest
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.links.console import TuningJobLink
from sagemaker_tuning.operators.base import (
    DEFAULT_POLL_INTERVAL,
    as_document,
    connection_arguments,
    default_deferrable,
    errors_for_airflow,
    raise_unless_completed,
    raise_wait_error,
)
from sagemaker_tuning.triggers.tuning_job import SageMakerTuningJobTrigger, wait_for_tuning_job
from sagemaker_tuning.triggers.watcher import Connection, WatchedJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from airflow.sdk import Context

_DOCUMENTS = {
    "tuning_job_config": "HyperParameterTuningJobConfig",
    "training_job_definition": "TrainingJobDefinition",
    "training_job_definitions": "TrainingJobDefinitions",
    "warm_start_config": "WarmStartConfig",
    "autotune": "Autotune",
    "tags": "Tags",
}
_DOCUMENT_FILES = (".json", ".yaml", ".yml")


def _is_file(value: object) -> TypeGuard[str]:
    """Whether it is a path: a document, whose last line may end so too, has more than one word."""
    return isinstance(value, str) and value.endswith(_DOCUMENT_FILES) and len(value.split()) == 1


def _namespace() -> str:
    """Give what tells this deployment apart; empty where nothing is configured."""
    return (
        conf.get("sagemaker_tuning", "namespace", fallback=None)
        or conf.get("api", "base_url", fallback=None)
        or ""
    )


class SageMakerCreateTuningJobOperator(AwsBaseOperator[SageMakerTuningHook]):
    """Launch a hyperparameter tuning job, exactly once, and wait for it.

    The documents are those of boto3's ``create_hyper_parameter_tuning_job``, with AWS's own keys:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    Each is a mapping (or a list, for ``training_job_definitions`` and ``tags``), or the path of a
    ``.json`` or ``.yaml`` file beside the DAG, and templated either way. Scalars are given the
    type that AWS wants (``100`` becomes ``"100"`` in a hyperparameter), so templates work in
    number fields too. The request is checked against AWS's service model and the documented rules
    before it is sent.

    A retry never launches a second job: the job's name follows from DAG, run, task and map index,
    so a later try finds what an earlier one launched, and goes on waiting for it. Give the task
    ``retries``: they cost nothing. Clearing the task means to run it again: it stops the job that
    it launched before, if that is still alive, and launches another.

    Args:
        tuning_job_config: ``HyperParameterTuningJobConfig``: strategy, objective, parameter
            ranges, resource limits.
        training_job_definition: ``TrainingJobDefinition``.
        training_job_definitions: ``TrainingJobDefinitions``, 1 to 10, instead of the former.
        warm_start_config: ``WarmStartConfig``.
        autotune: ``Autotune``.
        tags: ``Tags`` of the tuning job, ``[{"Key": …, "Value": …}]``; at most 44, since
            the provider adds its own by which a later try knows the job.
        tuning_job_name: 1 to 32 characters, letters, digits and hyphens, another one for each DAG
            run; made up if not given. A job that must be launched again, after a failed one or a
            Clear, ends in ``-<number>``.
        retry_failed: Launch the same request again on a retry even if every training job failed
            by its request, data or algorithm.
        wait_for_completion: Succeed only when the tuning job has completed; without, as soon as
            it is launched.
        deferrable: Wait without a worker slot, in the triggerer.
        poll_interval: Seconds between two looks at the job, above 0.
        stop_on_kill: Stop the tuning job when the task is killed, times out, or has failed with no
            try left; and when a person ends or clears it while it is deferred, which Airflow tells
            a trigger since 3.3.
        multiple_outputs: Push each key of the result as an XCom of its own too, so that
            ``create.output["HyperParameterTuningJobName"]`` is one.

    Returns:
        ``HyperParameterTuningJobName``, ``…Arn``, ``…Status``, ``TrainingJobStatusCounters``,
        ``ObjectiveStatusCounters`` and, once there is one, ``BestTrainingJob``.

    Raises:
        AirflowFailException: Nothing was launched and a retry would not help: the request is
            invalid (``InvalidTuningRequest``), or the name is another's (``TuningJobConflict``).
        TuningJobFailed: The tuning job failed; the message says which training jobs failed why.
        TuningJobStopped: It was stopped.
        AwsCallFailed: AWS refuses a call.
    """

    aws_hook_class = SageMakerTuningHook
    template_fields: Sequence[str] = aws_template_fields(*_DOCUMENTS, "tuning_job_name")
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(_DOCUMENTS, "json")
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
        tuning_job_name: str | None = None,
        retry_failed: bool = False,
        wait_for_completion: bool = True,
        deferrable: bool | None = None,
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        stop_on_kill: bool = True,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        if poll_interval <= 0:
            msg = f"poll_interval is {poll_interval!r}: give seconds, above 0"
            raise ValueError(msg)
        self.tuning_job_config = tuning_job_config
        self.training_job_definition = training_job_definition
        self.training_job_definitions = training_job_definitions
        self.warm_start_config = warm_start_config
        self.autotune = autotune
        self.tags = tags
        self.tuning_job_name = tuning_job_name
        self.retry_failed = retry_failed
        self.wait_for_completion = wait_for_completion
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self.stop_on_kill = stop_on_kill
        self._request: LaunchRequest | None = None
        self._is_killed = False

    def resolve_template_files(self) -> None:
        """Read the documents that are given as files beside the DAG.

        Not by ``template_ext``: with that, Airflow would take any string inside a document that
        ends in ``.json``, an S3 object for one, for a file too.
        """
        for field in _DOCUMENTS:
            value = getattr(self, field)
            if _is_file(value):
                setattr(self, field, self._read(value))

    def _read(self, file: str) -> str:
        environment = self.get_template_env()
        assert environment.loader is not None  # noqa: S101 -- Airflow gives it one
        return environment.loader.get_source(environment, file)[0]

    def execute(self, context: Context) -> dict[str, Any]:
        """Launch the tuning job, or find it launched, and wait."""
        with self._stopping_if_over(context), errors_for_airflow():
            launched = self._launch(context)
            if not self.wait_for_completion:
                return {
                    "HyperParameterTuningJobName": launched.name,
                    "HyperParameterTuningJobArn": launched.arn,
                }
            if self.deferrable:
                self._defer(launched)
            connection = Connection.of(**connection_arguments(self))
            job = WatchedJob(launched.name, self.poll_interval, launched.arn)
            snapshot = asyncio.run(wait_for_tuning_job(connection, job, self.log))
            return self._result(snapshot.description)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 -- Airflow calls it so
        """Go on after the deferred wait."""
        with errors_for_airflow():
            raise_wait_error(event)
            name, arn = (event[f"HyperParameterTuningJob{key}"] for key in ("Name", "Arn"))
            launched = LaunchedTuningJob(name, arn, is_adopted=True)
            try:
                description = self.hook.describe_tuning_job(name)
            except AwsCallFailed as error:
                if not error.is_transient:
                    raise
                self.log.warning("%s; waiting on", error)
                self._defer(launched)
            if not Snapshot.from_description(description).is_ended:
                self._defer(launched)  # an answer from before the end
            return self._result(description)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Go on after the deferred wait; stop the job that nobody will wait for any more."""
        self._request = self._launch_request(context, {})
        with self._stopping_if_over(context):
            return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """Stop the tuning job that this task waits for, or is launching, in its worker."""
        self._is_killed = True
        # Airflow kills the process for good after five seconds, so nothing is waited for.
        self._stop(sleep=lambda _: None)

    def _launch(self, context: Context) -> LaunchedTuningJob:
        request = self._launch_request(context, self._document(context))
        name = request.name(epoch=request.epoch, generation=1)
        validate({"HyperParameterTuningJobName": name, **request.document, "Tags": request.tags()})
        if not request.identity.namespace and not self.hook.is_local:
            self.log.warning(
                "Neither [sagemaker_tuning] namespace nor [api] base_url is set: another Airflow "
                "that runs the same DAG in this AWS account would want the same job names"
            )
        self._request = request
        launched = Launcher(self.hook, request).launch()
        if self._is_killed:  # while it was being launched
            self._stop()
        self._keep_link(context, launched.name)
        return launched

    def _keep_link(self, context: Context, name: str) -> None:
        meta = self.hook.conn.meta
        try:
            if self.hook.is_local:
                # Airflow asks for the value of every link, and logs an error if there is none.
                context["ti"].xcom_push(key=TuningJobLink.key, value={})
                return
            TuningJobLink.persist(
                context, self, meta.region_name, meta.partition, tuning_job_name=name
            )
        except Exception:
            self.log.warning("The link to %s could not be kept", name, exc_info=True)

    def _defer(self, launched: LaunchedTuningJob) -> NoReturn:
        trigger = SageMakerTuningJobTrigger(
            tuning_job_name=launched.name,
            tuning_job_arn=launched.arn,
            poll_interval=self.poll_interval,
            stop_on_kill=self.stop_on_kill,
            **connection_arguments(self),
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)

    def _result(self, description: Mapping[str, Any]) -> dict[str, Any]:
        raise_unless_completed(self.hook, description)
        return tuning_job_result(description)

    @contextmanager
    def _stopping_if_over(self, context: Context) -> Iterator[None]:
        """Stop our tuning job if a failure is this task's last word: nobody will wait for it."""
        try:
            yield
        except Exception as error:
            ti = context["ti"]
            is_final = isinstance(error, AirflowFailException | TaskDeferralTimeout)
            if is_final or ti.try_number > ti.max_tries:
                self._stop()
            raise

    def _stop(self, sleep: Callable[[float], None] = time.sleep) -> None:
        if self._request is None or not self.stop_on_kill:
            return
        try:
            Launcher(self.hook, self._request, sleep).stop()
        except Exception:
            self.log.warning("The tuning job could not be stopped", exc_info=True)

    def _launch_request(self, context: Context, document: dict[str, Any]) -> LaunchRequest:
        ti = context["ti"]
        epoch = launch_epoch(
            max_tries=ti.max_tries, retries=self.retries or 0, try_number=ti.try_number
        )
        return LaunchRequest(
            identity=LaunchIdentity(
                namespace=_namespace(),
                dag_id=ti.dag_id,
                run_id=ti.run_id,
                task_id=ti.task_id,
                map_index=-1 if ti.map_index is None else ti.map_index,
            ),
            epoch=epoch,
            try_id=str(ti.id),
            is_first_try=ti.try_number == epoch + 1,
            document=document,
            chosen_name=self.tuning_job_name or None,
            retry_failed=self.retry_failed,
        )

    def _document(self, context: Context) -> dict[str, Any]:
        """Give the request without its name."""
        given = {key: getattr(self, field) for field, key in _DOCUMENTS.items()}
        # Airflow does not resolve the files of a mapped operator.
        given = {
            key: self.render_template(self._read(value), context) if _is_file(value) else value
            for key, value in given.items()
            if value is not None
        }
        document = {key: as_document(value, key) for key, value in given.items()}
        shape = shapes.input_shape("CreateHyperParameterTuningJob")
        return dict(shapes.to_model_types(document, shape))


class SageMakerStopTuningJobOperator(AwsBaseOperator[SageMakerTuningHook]):
    """Stop a tuning job; one that has ended already is left as it is.

    Meant as the teardown of a task that launches without waiting, so that the job does not run
    on when the DAG run has failed: ``stop.as_teardown(setups=create)``.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopHyperParameterTuningJob.html

    Args:
        tuning_job_name: ``HyperParameterTuningJobName``.

    Raises:
        TuningJobNotFound: There is no such tuning job.
        AwsCallFailed: AWS refuses the call.
    """

    aws_hook_class = SageMakerTuningHook
    template_fields: Sequence[str] = aws_template_fields("tuning_job_name")
    ui_color = "#f3e8fd"

    def __init__(self, *, tuning_job_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name

    def execute(self, context: Context) -> None:  # noqa: ARG002 -- Airflow calls it so
        """Stop it; training jobs get a SIGTERM and keep what they have made so far."""
        self.hook.stop_tuning_job(self.tuning_job_name)
        self.log.info("%s is stopped, or had ended already", self.tuning_job_name)
