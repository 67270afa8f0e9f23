"""The operator that brings a model package to an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.deployments import (
    ENDPOINT_TAG,
    MODEL_PACKAGE_TAG,
    PREVIOUS_TAG,
    UPDATE_TAG,
    PackageVersion,
    container_of,
)
from sagemaker_tuning.core.endpoint_configs import endpoint_config_fields
from sagemaker_tuning.core.errors import (
    DeploymentFailed,
    InvalidTuningRequest,
    Violation,
)
from sagemaker_tuning.core.model_packages import TRAINING_JOB, TUNING_JOB
from sagemaker_tuning.core.tags import identity_tags, tag_list, tag_value
from sagemaker_tuning.hooks import deploying, deployment, model_creation, roles
from sagemaker_tuning.links.console import EndpointLink
from sagemaker_tuning.operators.aws import aws_template_fields, hook_of
from sagemaker_tuning.operators.base import DEFAULT_POLL_INTERVAL, default_deferrable
from sagemaker_tuning.operators.documents import as_document, as_mapping
from sagemaker_tuning.operators.identity import launch_identity
from sagemaker_tuning.operators.waiting import WaitsByLooking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import Context

_BEING_MADE = frozenset({"Pending", "InProgress"})
_OTHERWISE = "role, tags and the model package say it"
_WAY_OUT = "delete it, or deploy with what it has"


class SageMakerDeployModelPackageOperator(WaitsByLooking):
    """Have an endpoint serve a version of a model package group, without an interruption.

    The endpoint is created, or updated to a new configuration: AWS starts new instances, shifts
    the traffic, and ends the old ones; where that fails, it goes back by itself.
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html

    The model is called ``<group>-v<version>``, the configuration likewise with a digest of endpoint
    and settings. The configuration has tags that say which model package it serves and which
    configuration the endpoint had before, so ``SageMakerRollBackEndpointOperator`` needs to be told
    neither.

    Safe to run again: a try that died at whichever call is taken up by the next, an update that is
    under way, whoever began it, is waited for, and each try asks AWS for one update at most. Where
    several runs deploy versions of one group, the newest stays: an older one is refused.

    The package may wait for approval: it is deployed by what it consists of. One that is Rejected
    is refused. Nothing is undone when the task is killed: an update that has begun goes on, and
    the next try, or the rollback, waits for it.

    Args:
        model_package_name: ``ModelPackageArn`` of a version of a group.
        endpoint_name: ``EndpointName``.
        role: ``ExecutionRoleArn`` of the model, or a role's name.
        instance_type: ``InstanceType``, such as ``ml.m5.large``; none for a serverless endpoint.
        initial_instance_count: ``InitialInstanceCount``, 1 or more.
        deployment_config: ``DeploymentConfig`` of updates: canary or linear traffic shifting,
            rolling updates, alarms that have AWS roll back. All at once if not given.
            https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html
        endpoint_config_fields: Further members of CreateEndpointConfig (``DataCaptureConfig``,
            ``KmsKeyId``, …) and of its ProductionVariant (``ServerlessConfig``,
            ``VolumeSizeInGB``, …), with AWS's own keys; they win.
        model_fields: Further arguments of CreateModel, such as ``VpcConfig``.
        tags: ``Tags`` of model, configuration and endpoint, ``[{"Key": …, "Value": …}]``, at most
            41, since the provider adds its own.
        retain_all_variant_properties: ``RetainAllVariantProperties``: keep the instance count that
            an autoscaled endpoint has, instead of going back to ``initial_instance_count``.
        adopt_endpoint: Update an endpoint, too, that serves what this operator did not deploy, or
            another group's model package. Otherwise that is an error.
        allow_downgrade: Replace, too, what serves a newer version of the group.
        deferrable: Wait deferred, in the triggerer, instead of in the worker.
        poll_interval: Seconds between looks; deferred, 15 at least.
        multiple_outputs: Push each key of the result as an XCom of its own too.

    Returns:
        ``EndpointName``, ``EndpointArn``, ``EndpointConfigName``, ``ModelName`` and
        ``PreviousEndpointConfigName``, null if nothing was served before.

    Raises:
        AirflowFailException: The request is not valid (``InvalidTuningRequest``), the endpoint
            serves what must stay, or another model has the name (``TuningJobConflict``), or AWS
            could not deploy it, with its ``FailureReason`` (``DeploymentFailed``).
        DeploymentFailed: AWS had no instances to give; it may have some later.
        TuningJobNotFound: There is no such model package.
        AwsCallFailed: AWS refuses a call.

    Example:
        >>> SageMakerDeployModelPackageOperator(
        ...     task_id="deploy",
        ...     model_package_name="{{ ti.xcom_pull('register')['ModelPackageArn'] }}",
        ...     endpoint_name="churn",
        ...     role="SageMakerServing",
        ...     instance_type="ml.m5.large",
        ... )
        <Task(SageMakerDeployModelPackageOperator): deploy>
    """

    hook = hook_of(lambda: deployment.SageMakerDeploymentHook)
    template_fields: Sequence[str] = aws_template_fields(
        "model_package_name",
        "endpoint_name",
        "role",
        "instance_type",
        "initial_instance_count",
        "deployment_config",
        "endpoint_config_fields",
        "model_fields",
        "tags",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("deployment_config", "endpoint_config_fields", "model_fields", "tags"), "json"
    )
    operator_extra_links = (EndpointLink(),)
    ui_color = "#f3e8fd"

    def __init__(
        self,
        *,
        model_package_name: str,
        endpoint_name: str,
        role: str,
        instance_type: str | None = None,
        initial_instance_count: int | str = 1,
        deployment_config: Mapping[str, Any] | str | None = None,
        endpoint_config_fields: Mapping[str, Any] | str | None = None,
        model_fields: Mapping[str, Any] | str | None = None,
        tags: Sequence[Mapping[str, str]] | str | None = None,
        retain_all_variant_properties: bool = False,
        adopt_endpoint: bool = False,
        allow_downgrade: bool = False,
        deferrable: bool | None = None,
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        multiple_outputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)
        self.model_package_name = model_package_name
        self.endpoint_name = endpoint_name
        self.role = role
        self.instance_type = instance_type
        self.initial_instance_count = initial_instance_count
        self.deployment_config = deployment_config
        self.endpoint_config_fields = endpoint_config_fields
        self.model_fields = model_fields
        self.tags = tags
        self.retain_all_variant_properties = retain_all_variant_properties
        self.adopt_endpoint = adopt_endpoint
        self.allow_downgrade = allow_downgrade
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self._deployment: deploying.Deployment | None = None

    def step(self, context: Context) -> dict[str, Any] | None:
        """Do the next thing that is missing until the endpoint serves the model package."""
        if self._deployment is None:
            hook, name = self.hook, self.endpoint_name
            is_local = hook.is_local
            EndpointLink.keep(context, self, hook.conn, is_local=is_local, endpoint_name=name)
            PackageVersion.of(self.model_package_name)
            package = self.hook.describe_model_package(self.model_package_name)
            if package["ModelPackageStatus"] in _BEING_MADE:
                return None
            _require_usable(package)
            self._deployment = self._from(package, context)
        return self._deployment.step()

    def _from(self, package: Mapping[str, Any], context: Context) -> deploying.Deployment:
        version = PackageVersion.of(package["ModelPackageArn"])
        identity = launch_identity(context)
        tags = as_document(self.tags, "tags") or []
        made_by = identity_tags(identity) | {MODEL_PACKAGE_TAG: version.arn}
        model_tags = made_by | _lineage_tags(package)
        model_request = self._model_request(version, package)
        config = endpoint_config_fields(
            version.model_name,
            self.instance_type,
            self.initial_instance_count,
            as_mapping(self.endpoint_config_fields, "endpoint_config_fields"),
        )
        name = version.endpoint_config_name(self.endpoint_name, config)
        deployment = deploying.Deployment(
            hook=self.hook,
            package=version,
            endpoint_name=self.endpoint_name,
            model=model_creation.ModelCreation(
                request=model_request,
                tags=tags,
                own_tags=model_tags,
                if_exists="reuse",
                is_first_try=False,
                way_out=_WAY_OUT,
            ),
            config={"EndpointConfigName": name, **config},
            update_options=self._update_options(),
            tags=tags,
            own_tags=made_by | {ENDPOINT_TAG: self.endpoint_name},
            try_id=f"{identity.digest}-{context['ti'].try_number}",
            adopt_endpoint=self.adopt_endpoint,
            allow_downgrade=self.allow_downgrade,
        )
        mistakes = list(_mistakes(deployment))
        if mistakes:
            raise InvalidTuningRequest(mistakes)
        return deployment

    def _model_request(self, version: PackageVersion, package: Mapping[str, Any]) -> dict[str, Any]:
        request = {
            "ModelName": version.model_name,
            "ExecutionRoleArn": self.role,
            **container_of(package),
            "Tags": [],
        }
        more = as_mapping(self.model_fields, "model_fields")
        mistakes = [
            Violation(f"model_fields.{key}", "not to be given here", _OTHERWISE)
            for key in sorted(request.keys() & more.keys())
        ]
        if mistakes:
            raise InvalidTuningRequest(mistakes)
        del request["Tags"]
        request = roles.with_role_arns(self.hook, request | more)
        return dict(shapes.to_model_types(request, shapes.input_shape("CreateModel")))

    def _update_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.retain_all_variant_properties:
            options["RetainAllVariantProperties"] = True
        config = as_mapping(self.deployment_config, "deployment_config")
        if config:
            options["DeploymentConfig"] = config
        return dict(shapes.to_model_types(options, shapes.input_shape("UpdateEndpoint")))


def _require_usable(package: Mapping[str, Any]) -> None:
    arn = package["ModelPackageArn"]
    if package["ModelPackageStatus"] != "Completed":
        msg = f"the model package {arn} is {package['ModelPackageStatus']}, not Completed"
        raise DeploymentFailed(msg)
    if package.get("ModelApprovalStatus") == "Rejected":
        reason = package.get("ApprovalDescription") or "no reason given"
        msg = (
            f"the model package {arn} is Rejected ({reason}): set its ModelApprovalStatus to "
            "Approved or PendingManualApproval to have it deployed all the same"
        )
        raise DeploymentFailed(msg)


def _lineage_tags(package: Mapping[str, Any]) -> dict[str, str]:
    metadata = package.get("CustomerMetadataProperties", {})
    return {key: tag_value(metadata[key]) for key in (TRAINING_JOB, TUNING_JOB) if key in metadata}


def _mistakes(deployment: deploying.Deployment) -> Iterator[Violation]:
    """List what any of the calls would be refused for, before the first of them."""
    names = {
        "EndpointName": deployment.endpoint_name,
        "EndpointConfigName": deployment.config["EndpointConfigName"],
    }
    to_come = dict.fromkeys((PREVIOUS_TAG, UPDATE_TAG), "")
    tags = [*deployment.tags, *tag_list({**deployment.own_tags, **to_come})]
    requests: dict[str, dict[str, Any]] = {
        "CreateModel": dict(deployment.model.request),
        "CreateEndpointConfig": {**deployment.config, "Tags": tags},
        "UpdateEndpoint": {**names, **deployment.update_options},
    }
    for operation, request in requests.items():
        yield from shapes.violations(request, shapes.input_shape(operation))
    for variant in deployment.config["ProductionVariants"]:
        if not {"InstanceType", "ServerlessConfig", "InstancePools"} & variant.keys():
            rule = "required, unless endpoint_config_fields have a ServerlessConfig"
            yield Violation("instance_type", "missing", rule)
