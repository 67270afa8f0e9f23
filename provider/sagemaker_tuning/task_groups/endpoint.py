"""From a registered model package to the endpoint that serves it, as a task group."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sagemaker_tuning._compat import approval_operator
from sagemaker_tuning.operators.deployment import SageMakerDeployModelPackageOperator
from sagemaker_tuning.operators.gate import SageMakerModelPackageGateOperator
from sagemaker_tuning.operators.model_package import SageMakerUpdateModelPackageOperator
from sagemaker_tuning.operators.prediction import SageMakerSmokePredictionOperator
from sagemaker_tuning.operators.rollback import SageMakerRollBackEndpointOperator
from sagemaker_tuning.task_groups.mapping import MappableTaskGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import XComArg

_THREE_DAYS = timedelta(days=3)


def _put_into_service(
    *,
    model_package_name: XComArg,
    endpoint_name: str,
    test_data: str,
    role: str,
    instance_type: str,
    s3_output_path: str,
    initial_instance_count: int = 1,
    margin: float | str = 0.0,
    response_timeout: timedelta = _THREE_DAYS,
    gate_arguments: Mapping[str, Any] | None = None,
    deployment_arguments: Mapping[str, Any] | None = None,
) -> None:
    """Serve a model package if it is better than the champion and a person agrees.

    The champion is the newest approved package of the group. The tasks:

    - ``is_better`` scores both on the same held-out data; a challenger that is not better is
      rejected, and the others are skipped.
    - ``approve`` asks a person, in Airflow's own form; needs Airflow 3.1. No goes to ``reject``.
    - ``deploy`` creates or updates the endpoint, without downtime.
    - ``predict`` asks it for a few predictions.
    - ``make_champion`` approves the package: from now on others are measured by it.
    - ``roll_back``, only after ``deploy`` or ``predict`` failed: the endpoint serves again what it
      did before, and the package is rejected.

    A package that loses or is not wanted makes no failed DAG run; one that cannot be deployed does.

        >>> from airflow.sdk import DAG
        >>> from sagemaker_tuning.task_groups.model_package import tune_and_register
        >>> with DAG("churn", schedule="@weekly") as dag:
        ...     registered = tune_and_register(
        ...         tuning_job_config="tuning_job_config.yaml",
        ...         training_job_definition="training_job_definition.yaml",
        ...         model_package_group_name="churn",
        ...     )
        ...     served = put_into_service(
        ...         model_package_name=registered.model_package["ModelPackageArn"],
        ...         endpoint_name="churn",
        ...         test_data="s3://my-bucket/churn/test/",
        ...         role="SageMakerTuning",
        ...         instance_type="ml.m5.large",
        ...         s3_output_path="s3://my-bucket/churn/scores",
        ...     )
        >>> sorted(dag.get_task("put_into_service.deploy").upstream_task_ids)
        ['put_into_service.approve', 'tune_and_register.register']

    Args:
        model_package_name: The ARN of the challenger, as an output of the task that registers it.
        endpoint_name: ``EndpointName``.
        test_data: S3 URI of CSV without a header, the label first, that nothing was tuned on.
        role: The role that models run under, its ARN or name.
        instance_type: Of the endpoint, and to score with.
        s3_output_path: S3 URI below which predictions are kept while they are compared.
        initial_instance_count: Of the endpoint, 1 or more.
        margin: By how much the challenger's metric has to be better, 0 or more.
        response_timeout: How long to wait for a person; no answer is a no.
        gate_arguments: Further arguments of ``SageMakerModelPackageGateOperator``, such as
            ``metric`` or ``model_fields``.
        deployment_arguments: Further arguments of ``SageMakerDeployModelPackageOperator``, such as
            ``adopt_endpoint`` or ``deployment_config``.
    """
    shared: dict[str, Any] = {"model_package_name": model_package_name}
    arn = _pulled(model_package_name)
    is_better = SageMakerModelPackageGateOperator(
        task_id="is_better",
        data=test_data,
        margin=margin,
        role=role,
        instance_type=instance_type,
        s3_output_path=s3_output_path,
        deferrable=True,
        **shared,
        **(gate_arguments or {}),
    )
    verdict: Any = is_better.output
    deploy = SageMakerDeployModelPackageOperator(
        task_id="deploy",
        endpoint_name=endpoint_name,
        role=role,
        instance_type=instance_type,
        initial_instance_count=initial_instance_count,
        deferrable=True,
        **shared,
        **(deployment_arguments or {}),
    )
    reject = SageMakerUpdateModelPackageOperator(
        task_id="reject",
        approval_status="Rejected",
        approval_description="Nobody agreed to put it into service",
        **shared,
    )
    approve = approval_operator()(
        task_id="approve",
        subject=f"Put {arn} into service?",
        body=_pulled(verdict["Reason"]),
        options=["Approve", "Reject"],
        options_mapping={"Approve": deploy.task_id, "Reject": reject.task_id},
        response_timeout=response_timeout,
        defaults="Reject",
    )
    predict = SageMakerSmokePredictionOperator(
        task_id="predict", endpoint_name=endpoint_name, data=test_data
    )
    make_champion = SageMakerUpdateModelPackageOperator(
        task_id="make_champion", approval_status="Approved", **shared
    )
    # By a template, since an output would make this a task after the one that registers, too.
    roll_back = SageMakerRollBackEndpointOperator(
        task_id="roll_back",
        endpoint_name=endpoint_name,
        model_package_name=arn,
        trigger_rule="one_failed",
    )
    is_better >> approve >> [deploy, reject]
    deploy >> predict >> make_champion
    deploy >> roll_back
    predict >> roll_back


put_into_service = MappableTaskGroup(
    _put_into_service,
    mappable=(),
    options={
        "group_id": "put_into_service",
        "tooltip": "A model package is served if it is better and somebody agrees",
    },
)


def _pulled(output: Any) -> str:
    """Give a template for an output that may be absent; then it is empty."""
    return f"{{{{ ti.xcom_pull({output.operator.task_id!r}, key={output.key!r}) or '' }}}}"
