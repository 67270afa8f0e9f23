"""The operator that finds the parents of a warm start."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    InvalidTuningRequest,
    TuningJobNotFound,
    Violation,
)
from sagemaker_tuning.core.merge_patch import without_nulls
from sagemaker_tuning.core.naming import name_slug
from sagemaker_tuning.core.roles import with_roles_to_come
from sagemaker_tuning.core.warm_start import (
    MAX_PARENTS,
    MAX_TRAINING_JOBS,
    TERMINAL,
    Parents,
    WarmStartType,
    launched_by,
    why_never,
    why_not_before,
)
from sagemaker_tuning.operators.aws import CallsAws, aws_template_fields
from sagemaker_tuning.operators.base import check_choice, errors_for_airflow
from sagemaker_tuning.operators.documents import TakesDocuments
from sagemaker_tuning.operators.identity import launch_identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import Context

    from sagemaker_tuning.core.naming import LaunchIdentity

_MOST_LOOKED_AT = 100


class SageMakerFindWarmStartParentsOperator(TakesDocuments, CallsAws):
    """Find the last tuning jobs of this DAG that a new one may start warm from.

    They are completed (or stopped, with a result) tuning jobs that earlier runs of this DAG, in
    this deployment, have launched by ``SageMakerCreateTuningJobOperator``, which its tags tell;
    newest first, of the same map index where this task is mapped. Each is held against the
    restrictions of warm start, and one that does not fit is left out with the reasons in the log
    and in the result. If none is left, the result has no ``WarmStartConfig``, so that its output of
    that name is None, which to that operator is a start without parents.

    What a DAG run has launched itself, or what was launched after it had started, is no parent, nor
    is what a run for a later time has, by Airflow's run ids: so a run that is cleared, or made up
    for, finds what it would have found. https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html

    Args:
        tuning_job_config: ``HyperParameterTuningJobConfig``, the same that is given to
            ``SageMakerCreateTuningJobOperator``: a mapping, or a file, and templated.
        training_job_definition: ``TrainingJobDefinition``, likewise. What ``additional_fields``
            would change in the request is not looked at here.
        warm_start_type: ``TransferLearning``, for new data, or ``IdenticalDataAndAlgorithm``, whose
            parents have the same training image and input data.
        max_parents: 1 to 5.
        max_training_jobs: Training jobs of the new tuning job and its parents together, which AWS
            counts against one limit.
        tuning_task_id: The task, with its groups, whose tuning jobs these are; any of the DAG if
            not given.
        name_contains: Of the names of the tuning jobs, where ``tuning_job_name`` is given: the part
            that all have. Not given, it is the part of the name that is made of DAG and task.

    Returns:
        ``WarmStartConfig``, if there are parents; ``Parents``, a list of names; ``Refused``, a list
        of ``HyperParameterTuningJobName`` and ``Reasons`` of each tuning job of this DAG that is
        none.
        At most 100 tuning jobs of that name are looked at.

    Raises:
        AirflowFailException: A document is none, or not as AWS's service model wants it
            (``InvalidTuningRequest``).
        AwsCallFailed: AWS refuses a call: ``sagemaker:ListHyperParameterTuningJobs``, ``ListTags``
            or ``DescribeHyperParameterTuningJob``.

    Example:
        >>> parents = SageMakerFindWarmStartParentsOperator(
        ...     task_id="parents",
        ...     tuning_job_config="tuning_job_config.yaml",  # beside the DAG
        ...     training_job_definition="training_job_definition.yaml",
        ... )
        >>> warm_start_config = parents.output["WarmStartConfig"]  # for the tuning job
    """

    documents: ClassVar[Mapping[str, str]] = {
        "tuning_job_config": "HyperParameterTuningJobConfig",
        "training_job_definition": "TrainingJobDefinition",
    }
    template_fields: Sequence[str] = aws_template_fields(
        *documents, "tuning_task_id", "name_contains"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(documents, "json")
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        tuning_job_config: Mapping[str, Any] | str,
        training_job_definition: Mapping[str, Any] | str,
        warm_start_type: WarmStartType = "TransferLearning",
        max_parents: int = MAX_PARENTS,
        max_training_jobs: int = MAX_TRAINING_JOBS,
        tuning_task_id: str | None = None,
        name_contains: str | None = None,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        check_choice("warm_start_type", warm_start_type, WarmStartType)
        if not 1 <= max_parents <= MAX_PARENTS:
            msg = f"max_parents is {max_parents!r}: give 1 to {MAX_PARENTS}"
            raise ValueError(msg)
        if max_training_jobs < 1:
            msg = f"max_training_jobs is {max_training_jobs!r}: give a number of 1 or more"
            raise ValueError(msg)
        self.tuning_job_config = tuning_job_config
        self.training_job_definition = training_job_definition
        self.warm_start_type = warm_start_type
        self.max_parents = max_parents
        self.max_training_jobs = max_training_jobs
        self.tuning_task_id = tuning_task_id
        self.name_contains = name_contains
        _checked(self.parsed_documents())

    def execute(self, context: Context) -> dict[str, Any]:
        """Look at earlier tuning jobs, newest first, until there are enough parents."""
        with errors_for_airflow():
            request = _checked(self.given_documents(context))
            parents = Parents(
                request, self.warm_start_type, self.max_parents, self.max_training_jobs
            )
            reason = why_never(request)
            refused = {} if reason else self._look(context, parents)
        if parents.names:
            self.log.info("warm start from %s", ", ".join(parents.names))
        start = "not a parent" if parents.names else "cold start"
        for name, reasons in refused.items():
            self.log.info("%s: %s: %s", start, name, "; ".join(reasons))
        if not parents.names and not refused:
            self.log.info("cold start: %s", reason or "this DAG has completed no tuning job before")
        config = parents.warm_start_config()
        # Before 3.1, Airflow cannot push an XCom that is None.
        return ({"WarmStartConfig": config} if config else {}) | {
            "Parents": parents.names,
            "Refused": [
                {"HyperParameterTuningJobName": name, "Reasons": reasons}
                for name, reasons in refused.items()
            ],
        }

    def _look(self, context: Context, parents: Parents) -> dict[str, list[str]]:
        finder = launch_identity(context)
        refused: dict[str, list[str]] = {}
        for arn, name, launcher in self._of_this_dag(context, finder):
            if parents.is_complete:
                break
            if too_late := why_not_before(launcher.run_id, finder.run_id):
                refused[name] = [too_late]
                continue
            try:
                reasons = parents.offer(self.hook.describe_tuning_job(arn))
            except TuningJobNotFound:
                continue  # it was deleted meanwhile
            if reasons:
                refused[name] = reasons
        return refused

    def _of_this_dag(
        self, context: Context, finder: LaunchIdentity
    ) -> Iterator[tuple[str, str, LaunchIdentity]]:
        """Give ARN, name and launcher of tuning jobs that this DAG has launched, newest first."""
        run = context["dag_run"]
        found = self.hook.iter_tuning_jobs_of_name(
            self.name_contains or name_slug(finder.dag_id, self.tuning_task_id or ""),
            created_before=run.start_date or run.run_after,
        )
        for summary in islice(found, _MOST_LOOKED_AT):
            if summary["HyperParameterTuningJobStatus"] not in TERMINAL:
                continue
            arn = summary["HyperParameterTuningJobArn"]
            launcher = launched_by(self._tags(arn), finder, self.tuning_task_id or None)
            if launcher is not None:
                yield arn, summary["HyperParameterTuningJobName"], launcher

    def _tags(self, arn: str) -> dict[str, str]:
        try:
            return self.hook.list_tags(arn)
        except AwsCallFailed:
            try:
                self.hook.describe_tuning_job(arn)
            except TuningJobNotFound:
                return {}  # it was deleted meanwhile
            raise


def _checked(documents: Mapping[str, Any]) -> dict[str, Any]:
    """Give the documents in the types that AWS's service model wants.

    The rules across fields are the new tuning job's own matter, which sees all of its request.
    """
    request = shapes.input_shape("CreateHyperParameterTuningJob")
    typed = with_roles_to_come(dict(shapes.to_model_types(without_nulls(documents), request)))
    violations: list[Violation] = []
    for key in SageMakerFindWarmStartParentsOperator.documents.values():
        if key in typed:
            violations += shapes.violations(typed[key], request.members[key], key)
        else:
            violations.append(Violation(key, "missing", "required"))
    if violations:
        raise InvalidTuningRequest(violations)
    return typed
