"""What there is before an operator runs, and what each then does, for the tests of permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException
from sagemaker_tuning.operators.deployment import SageMakerDeployModelPackageOperator
from sagemaker_tuning.operators.endpoint import SageMakerDeleteEndpointOperator
from sagemaker_tuning.operators.gate import SageMakerModelPackageGateOperator
from sagemaker_tuning.operators.leaderboard import SageMakerTuningJobLeaderboardOperator
from sagemaker_tuning.operators.leftovers import (
    SageMakerDeleteTuningJobArtifactsOperator,
    SageMakerDeleteTuningJobLogStreamsOperator,
)
from sagemaker_tuning.operators.model import (
    SageMakerCreateModelFromTrainingJobOperator,
    SageMakerDeleteModelOperator,
)
from sagemaker_tuning.operators.model_package import (
    SageMakerDeleteModelPackageOperator,
    SageMakerRegisterModelPackageOperator,
    SageMakerUpdateModelPackageOperator,
)
from sagemaker_tuning.operators.prediction import SageMakerSmokePredictionOperator
from sagemaker_tuning.operators.retention import SageMakerApplyRetentionOperator
from sagemaker_tuning.operators.rollback import SageMakerRollBackEndpointOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerCreateTuningJobOperator,
    SageMakerStopTuningJobOperator,
)
from sagemaker_tuning.operators.warm_start import SageMakerFindWarmStartParentsOperator
from sagemaker_tuning.sensors.tuning_job import (
    SageMakerTrainingJobCountersSensor,
    SageMakerTuningJobSensor,
)
from tests.contract import serving
from tests.contract.examples import example
from tests.operators.task import (
    FOR_EVER,
    FakeTaskInstance,
    context,
    launch_endless,
    tuning_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from tests.contract.aws import Aws, Document

MOST_TRIES = 40
_ROLE = "arn:aws:iam::123456789012:role/SageMakerTuning"


@dataclass
class World:
    """What there is before an operator runs, made by who may do everything."""

    aws: Aws
    client: Any
    bucket: str
    tuning_job: Document

    @property
    def name(self) -> str:
        return str(self.tuning_job["HyperParameterTuningJobName"])

    @property
    def best(self) -> str:
        return str(self.tuning_job["BestTrainingJob"]["TrainingJobName"])

    def own_tuning_job(self) -> str:
        """A tuning job of the test's own, which it may clean away."""
        return str(self.aws.run(example(self.bucket))["HyperParameterTuningJobName"])

    def package(self, group: str, training_job: str | None = None, **arguments: Any) -> str:
        operator = SageMakerRegisterModelPackageOperator(
            task_id="register",
            training_job_name=training_job or self.best,
            model_package_group_name=group,
            content_types=["text/csv"],
            response_types=["text/csv"],
            **arguments,
        )
        return str(operator.execute(context())["ModelPackageArn"])

    def another_package(self, group: str) -> str:
        """Another version of the group, of the same model."""
        specification = {
            "Containers": [
                {
                    "Image": self.tuning_job["TrainingJobDefinition"]["AlgorithmSpecification"][
                        "TrainingImage"
                    ],
                    "ModelDataUrl": serving.artifact_of(self.aws, self.tuning_job),
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        answer = self.aws.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification=specification,
            ModelApprovalStatus="Approved",
        )
        return str(answer["ModelPackageArn"])

    def deployed(self, package: str, endpoint: str) -> None:
        _deploy(package, endpoint).execute(context())


def _deploy(package: str, endpoint: str, **more: Any) -> SageMakerDeployModelPackageOperator:
    return SageMakerDeployModelPackageOperator(
        task_id="deploy",
        model_package_name=package,
        endpoint_name=endpoint,
        role=_ROLE,
        instance_type="ml.m5.large",
        deferrable=False,
        poll_interval=0.1,
        **more,
    )


def _tune(_: World) -> list[Any]:
    return [_tuning_operator()]


def _tuning_operator(rounds: int = 3, **more: Any) -> SageMakerCreateTuningJobOperator:
    return SageMakerCreateTuningJobOperator(
        task_id="tune",
        aws_conn_id="bound",
        deferrable=False,
        poll_interval=0.1,
        retries=MOST_TRIES,
        **(tuning_request(jobs=1, rounds=rounds) | more),
    )


class _Killed(SageMakerCreateTuningJobOperator):
    """Is killed as soon as its tuning job runs."""

    def execute(self, context: Context) -> dict[str, Any]:
        name = super().execute(context)["HyperParameterTuningJobName"]
        self.on_kill()
        status = self.hook.describe_tuning_job(name)["HyperParameterTuningJobStatus"]
        assert status != "InProgress"
        return {}


def _kill(_: World) -> list[Any]:
    request = tuning_request(rounds=FOR_EVER)
    bound: Document = {"aws_conn_id": "bound", "retries": MOST_TRIES}
    return [_Killed(task_id="tune", wait_for_completion=False, **bound, **request)]


def _tune_tagged(_: World) -> list[Any]:
    return [_tuning_operator(tags=[{"Key": "team", "Value": "churn"}])]


class _TooDear(SageMakerCreateTuningJobOperator):
    """Is stopped for what it costs, and that is well."""

    def execute(self, context: Context) -> dict[str, Any]:
        with pytest.raises(AirflowFailException, match="max_cost"):
            super().execute(context)
        return {}


def _tune_budgeted(_: World) -> list[Any]:
    return [
        _TooDear(
            task_id="tune",
            aws_conn_id="bound",
            hourly_rates={"ml.m5.large": 0.1},
            max_cost=0.000001,
            on_ceiling="watch",
            deferrable=False,
            poll_interval=0.1,
            retries=MOST_TRIES,
            **tuning_request(jobs=1, rounds=FOR_EVER),
        )
    ]


def _stop(world: World) -> list[Any]:
    arn = world.client.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=launch_endless()
    )["HyperParameterTuningJobArn"]
    return [SageMakerStopTuningJobOperator(task_id="s", aws_conn_id="bound", tuning_job_name=arn)]


def _sensors(world: World) -> list[Any]:
    return [
        SageMakerTuningJobSensor(
            task_id="w", aws_conn_id="bound", tuning_job_name=world.name, deferrable=False
        )
    ]


def _counters(world: World) -> list[Any]:
    return [
        SageMakerTrainingJobCountersSensor(
            task_id="c",
            aws_conn_id="bound",
            tuning_job_name=world.name,
            counters={"Completed": 1},
            deferrable=False,
        )
    ]


def _best(world: World) -> list[Any]:
    name = world.name
    return [
        SageMakerGetBestTrainingJobOperator(task_id="b", aws_conn_id="bound", tuning_job_name=name)
    ]


_OTHER = {"MetricName": "train:auc", "Type": "Maximize"}


def _best_by_other(world: World) -> list[Any]:
    return [
        SageMakerGetBestTrainingJobOperator(
            task_id="b", aws_conn_id="bound", tuning_job_name=world.name, objective=_OTHER
        )
    ]


def _leaderboard(world: World) -> list[Any]:
    return [
        SageMakerTuningJobLeaderboardOperator(
            task_id="l",
            aws_conn_id="bound",
            tuning_job_name=world.name,
            objective=_OTHER,
            s3_uri=f"s3://{world.bucket}/{serving.unique('board')}.csv",
        )
    ]


def _find_parents(_: World) -> list[Any]:
    arguments = tuning_request(jobs=1)
    before = SageMakerCreateTuningJobOperator(
        task_id="tune", deferrable=False, poll_interval=0.1, **arguments
    )
    before.execute(context(FakeTaskInstance(dag_id="of_permissions")))
    return [SageMakerFindWarmStartParentsOperator(task_id="f", aws_conn_id="bound", **arguments)]


def _create_model(world: World) -> list[Any]:
    name = serving.unique("model")
    old = serving.create_model(world.aws, serving.artifact_of(world.aws, world.tuning_job))
    return [
        SageMakerCreateModelFromTrainingJobOperator(
            task_id="m",
            aws_conn_id="bound",
            training_job_name=world.best,
            model_name=each,
            execution_role_arn=_ROLE,
            if_exists="replace",
            tags=[{"Key": "team", "Value": "churn"}],
        )
        for each in (name, old)
    ]


def _delete_model(world: World) -> list[Any]:
    name = serving.create_model(world.aws, serving.artifact_of(world.aws, world.tuning_job))
    once = SageMakerDeleteModelOperator(task_id="d", aws_conn_id="bound", model_name=name)
    return [once, once]


def _delete_package(world: World) -> list[Any]:
    arn = world.package(serving.unique("group"))
    once = SageMakerDeleteModelPackageOperator(
        task_id="d", aws_conn_id="bound", model_package_name=arn
    )
    return [once, once]


def _delete_endpoint(world: World) -> list[Any]:
    model = serving.create_model(world.aws, serving.artifact_of(world.aws, world.tuning_job))
    name = serving.create_endpoint(world.aws, model)
    described = world.aws.sagemaker.describe_endpoint(EndpointName=name)
    once = SageMakerDeleteEndpointOperator(
        task_id="d",
        aws_conn_id="bound",
        endpoint_name=name,
        endpoint_config_name=described["EndpointConfigName"],
        wait_for_completion=False,
    )
    return [once, once]


def _delete_artifacts(world: World) -> list[Any]:
    return [
        SageMakerDeleteTuningJobArtifactsOperator(
            task_id="d",
            aws_conn_id="bound",
            tuning_job_name=world.own_tuning_job(),
            keep_best=False,
        )
    ]


def _delete_logs(world: World) -> list[Any]:
    return [
        SageMakerDeleteTuningJobLogStreamsOperator(
            task_id="d", aws_conn_id="bound", tuning_job_name=world.own_tuning_job()
        )
    ]


def _register(world: World) -> list[Any]:
    return [
        SageMakerRegisterModelPackageOperator(
            task_id="r",
            aws_conn_id="bound",
            training_job_name=world.best,
            model_package_group_name=serving.unique("group"),
            content_types=["text/csv"],
            response_types=["text/csv"],
        )
    ]


def _approve(world: World) -> list[Any]:
    arn = world.package(serving.unique("group"))
    return [
        SageMakerUpdateModelPackageOperator(
            task_id="u", aws_conn_id="bound", model_package_name=arn, approval_status="Approved"
        )
    ]


class _Losing(SageMakerModelPackageGateOperator):
    """Skips what is downstream, and that is well."""

    def execute(self, context: Context) -> dict[str, Any]:
        with pytest.raises(AirflowSkipException):
            super().execute(context)
        return {}


def _gate(world: World) -> list[Any]:
    group = serving.unique("group")
    challenger = world.package(group)
    world.another_package(group)
    return [
        _Losing(
            task_id="gate",
            aws_conn_id="bound",
            model_package_name=challenger,
            data=f"s3://{world.bucket}/validation/",
            role=_ROLE,
            instance_type="ml.m5.large",
            s3_output_path=f"s3://{world.bucket}/gate",
            deferrable=False,
            poll_interval=0.1,
            retries=MOST_TRIES,
        )
    ]


def _deploy_twice(world: World) -> list[Any]:
    group, endpoint = serving.unique("group"), serving.unique("endpoint")
    packages = (world.package(group), world.another_package(group))
    tags = [{"Key": "team", "Value": "churn"}]
    return [_deploy(package, endpoint, aws_conn_id="bound", tags=tags) for package in packages]


def _roll_back_twice(world: World) -> list[Any]:
    group, endpoint = serving.unique("group"), serving.unique("endpoint")
    packages = (world.package(group), world.another_package(group))
    for package in packages:
        world.deployed(package, endpoint)
    return [
        SageMakerRollBackEndpointOperator(
            task_id="r",
            aws_conn_id="bound",
            endpoint_name=endpoint,
            model_package_name=package,
            deferrable=False,
            poll_interval=0.1,
        )
        for package in (*packages[::-1], packages[0])
    ]


def _predict(world: World) -> list[Any]:
    model = serving.create_model(world.aws, serving.artifact_of(world.aws, world.tuning_job))
    return [
        SageMakerSmokePredictionOperator(
            task_id="p",
            aws_conn_id="bound",
            endpoint_name=serving.create_endpoint(world.aws, model),
            data=f"s3://{world.bucket}/validation/",
        )
    ]


def _retain(world: World) -> list[Any]:
    group, endpoint = serving.unique("group"), serving.unique("endpoint")
    jobs = [world.aws.describe(world.own_tuning_job()) for _ in range(2)]
    trained = [job["BestTrainingJob"]["TrainingJobName"] for job in jobs]
    old, new = (world.package(group, each, approval_status="Approved") for each in trained)
    world.deployed(old, endpoint)
    world.aws.sagemaker.delete_endpoint(EndpointName=endpoint)
    world.deployed(new, serving.unique("endpoint"))
    return [
        SageMakerApplyRetentionOperator(
            task_id="clean_up",
            aws_conn_id="bound",
            model_package_group_name=group,
            endpoint_name=endpoint,
            keep=1,
            delete_log_streams=True,
        )
    ]


SCENARIOS: dict[Callable[[World], list[Any]], set[str]] = {
    _tune: {"StopHyperParameterTuningJob"},
    _kill: set(),
    _tune_tagged: {"StopHyperParameterTuningJob"},
    _tune_budgeted: set(),
    _stop: set(),
    _sensors: set(),
    _counters: set(),
    _best: set(),
    _best_by_other: set(),
    _leaderboard: set(),
    _find_parents: set(),
    _create_model: set(),
    _delete_model: set(),
    _delete_package: set(),
    _delete_endpoint: set(),
    _delete_artifacts: set(),
    _delete_logs: set(),
    _register: set(),
    _approve: set(),
    # A transform job is stopped when the task is killed; whether there is a group is asked where it
    # has no packages to list.
    _gate: {"StopTransformJob", "DescribeModelPackageGroup"},
    _deploy_twice: set(),
    _roll_back_twice: set(),
    _predict: set(),
    _retain: {"DescribeModelPackageGroup"},
}
"""What each operator does, and what of its policy it does not need for that."""
