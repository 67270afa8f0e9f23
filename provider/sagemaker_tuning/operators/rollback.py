"""The operator that takes a model package off an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning._compat import AirflowSkipException
from sagemaker_tuning.core.deployments import PackageVersion
from sagemaker_tuning.core.errors import SageMakerTuningError, TuningJobNotFound
from sagemaker_tuning.hooks import deployment, rollback
from sagemaker_tuning.links.console import EndpointLink
from sagemaker_tuning.operators.aws import aws_template_fields, hook_of
from sagemaker_tuning.operators.base import DEFAULT_POLL_INTERVAL, default_deferrable
from sagemaker_tuning.operators.identity import launch_identity
from sagemaker_tuning.operators.waiting import WaitsByLooking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class SageMakerRollBackEndpointOperator(WaitsByLooking):
    """Have an endpoint serve again what it served before a model package, and reject the package.

    Everything is found out by looking: if the endpoint's configuration is one of the package's, it
    is updated to the one that stands in that configuration's tag, past those whose package was
    rejected meanwhile. If nothing was served before, the endpoint is deleted. One that AWS left
    Failed is deleted and created again with what it served before. If the endpoint serves another
    package, nothing is done to it. An update under way is waited for first.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html

    The package's ``ModelApprovalStatus`` becomes Rejected, also where the endpoint cannot go back,
    so that nobody deploys it again unnoticed.

    With ``one_failed``, Airflow runs the task, too, where one failed that comes before the
    deployment. Then it is skipped, and endpoint and package are left as they are, for the package
    may be in service from an earlier run of a task that was cleared. So is a package that nobody
    has begun to deploy there.

    Safe to run again, at whichever call a try died. Killing the task undoes nothing: an update
    that has begun goes on.

        >>> rollback = SageMakerRollBackEndpointOperator(
        ...     task_id="rollback",
        ...     endpoint_name="churn",
        ...     model_package_name="{{ ti.xcom_pull('register', key='ModelPackageArn') or '' }}",
        ...     trigger_rule="one_failed",
        ... )

    Args:
        endpoint_name: ``EndpointName``.
        model_package_name: ``ModelPackageArn`` of a version of a group; empty if there is none.
        reason: ``ApprovalDescription`` of the package, 1024 characters at most.
        retain_all_variant_properties: ``RetainAllVariantProperties``: keep the instance count that
            an autoscaled endpoint has.
        deferrable: Wait deferred, in the triggerer, instead of in the worker.
        poll_interval: Seconds between looks; deferred, 15 at least.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``EndpointName``, ``EndpointConfigName`` that it has now, null if there is no endpoint,
        ``ModelPackageArn`` and ``ModelApprovalStatus``, null if there is no such package.

    Raises:
        AirflowSkipException: There is nothing to roll back, or none of the tasks right before this
            one has failed: Airflow did not run them, for others had failed.
        AirflowFailException: That is no version of a group (``InvalidTuningRequest``), what was
            served before is not there any more (``TuningJobConflict``), or AWS could not bring
            the endpoint back (``DeploymentFailed``).
        AwsCallFailed: AWS refuses a call.
    """

    hook = hook_of(lambda: deployment.SageMakerDeploymentHook)
    template_fields: Sequence[str] = aws_template_fields(
        "endpoint_name", "model_package_name", "reason"
    )
    operator_extra_links = (EndpointLink(),)
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        endpoint_name: str,
        model_package_name: str,
        reason: str = "Rolled back: its deployment or its first predictions failed.",
        retain_all_variant_properties: bool = False,
        deferrable: bool | None = None,
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.endpoint_name = endpoint_name
        self.model_package_name = model_package_name
        self.reason = reason
        self.retain_all_variant_properties = retain_all_variant_properties
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval

    def step(self, context: Context) -> dict[str, Any] | None:
        """Do the next thing that is missing until the endpoint does not serve the model package."""
        hook, name = self.hook, self.endpoint_name
        is_local = hook.is_local
        EndpointLink.keep(context, self, hook.conn, is_local=is_local, endpoint_name=name)
        if not self.model_package_name:
            raise AirflowSkipException(
                "no model package was made, so there is nothing to roll back"
            )
        package = PackageVersion.of(self.model_package_name)
        retain = {"RetainAllVariantProperties": True} if self.retain_all_variant_properties else {}
        way_back = rollback.Rollback(
            hook=self.hook,
            package=package,
            endpoint_name=self.endpoint_name,
            update_options=retain,
            try_id=f"{launch_identity(context).digest}-{context['ti'].try_number}",
        )
        if self._has_only_failed_before(context):
            msg = "no task right before this one has failed: nothing to roll back"
            raise AirflowSkipException(msg)
        if not way_back.has_begun():
            msg = f"{package.arn} was never deployed to {self.endpoint_name}: nothing to roll back"
            raise AirflowSkipException(msg)
        try:
            result = way_back.step()
        except SageMakerTuningError:
            self._reject_after_all()
            raise
        if result is None:
            return None
        return {**result, "ModelPackageArn": package.arn, "ModelApprovalStatus": self._reject()}

    def _reject(self) -> str | None:
        try:
            self.hook.set_approval(self.model_package_name, "Rejected", self.reason)
        except TuningJobNotFound as error:
            self.log.warning("%s: there is nothing to reject", error)
            return None
        self.log.info("The model package %s is Rejected", self.model_package_name)
        return "Rejected"

    def _reject_after_all(self) -> None:
        try:
            self._reject()
        except SageMakerTuningError as error:
            self.log.warning("The model package could not be rejected: %s", error)

    def _has_only_failed_before(self, context: Context) -> bool:
        """Whether tasks have failed, and none of those right before this one."""
        ti = context["ti"]
        if not self.upstream_task_ids:
            return False
        found = ti.get_task_states(
            dag_id=ti.dag_id,
            map_index=ti.map_index,
            task_ids=sorted(self.upstream_task_ids),
            run_ids=[ti.run_id],
        )
        states = set(found.get(ti.run_id, {}).values())
        return "upstream_failed" in states and "failed" not in states
