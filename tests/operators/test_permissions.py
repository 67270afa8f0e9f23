"""Each operator with the policy that is printed for it, and with less of it.

A scenario begins with nothing allowed. Whatever is refused fails the task, is then allowed, and the
task tried again, until it succeeds: so each action that was allowed is one without which it fails,
and in the end those are the ones that the policy requires.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from sagemaker_tuning._compat import AirflowFailException, AirflowSkipException
from sagemaker_tuning.core.permissions.literals import Literals
from sagemaker_tuning.core.permissions.operators import OPERATORS
from sagemaker_tuning.core.permissions.policies import Use, airflow_policy
from sagemaker_tuning.core.permissions.scope import Scope
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
    from airflow.sdk import Context

    from tests.contract.aws import Aws, Document

Run = Callable[["Context"], Any]

_MOST_TRIES = 40
_ROLE = "arn:aws:iam::123456789012:role/SageMakerTuning"


class Guard:
    """The policies of the shared endpoint; they bind the connection ``bound`` alone."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"X-Fault-Token": token}

    def bind(self, statements: list[Document]) -> None:
        policy = {"Version": "2012-10-17", "Statement": statements or [_NOTHING]}
        self._send("PUT", [{"AccessKeyId": "bound", "Policy": policy}])

    def lift(self) -> None:
        self._send("DELETE")

    def refused(self) -> list[tuple[str, str]]:
        """Give action and resource of all that was refused, in its order."""
        return [(each["Action"], each["Resource"]) for each in self._send("GET")["Refused"]]

    def _send(self, method: str, body: object = None) -> Document:
        connection = HTTPConnection(self._address, timeout=60)
        connection.request(
            method, "/_local/access", json.dumps(body) if body else None, self._headers
        )
        answer = connection.getresponse()
        document = json.loads(answer.read())
        assert answer.status == 200, document
        return cast("Document", document)


_NOTHING = {"Effect": "Deny", "Action": "nothing:ToBeAllowed", "Resource": "*"}


@pytest.fixture
def guard(endpoint: str, endpoint_lines: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AIRFLOW_CONN_BOUND", "aws://bound:test@/?region_name=us-east-1")
    control = Guard(endpoint, endpoint_lines[1].split()[-1])
    yield control
    control.lift()


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


@pytest.fixture
def world(aws: Aws, client: Any, bucket: str, completed: Document) -> World:
    return World(aws, client, bucket, completed)


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
        retries=_MOST_TRIES,
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
    bound: Document = {"aws_conn_id": "bound", "retries": _MOST_TRIES}
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
            retries=_MOST_TRIES,
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
            retries=_MOST_TRIES,
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


_SCENARIOS: dict[Callable[[World], list[Any]], set[str]] = {
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
    # has no packages to list; the data are read for models that predict several numbers for a row.
    _gate: {"StopTransformJob", "DescribeModelPackageGroup", "GetObject"},
    _deploy_twice: set(),
    _roll_back_twice: set(),
    _predict: set(),
    _retain: {"DescribeModelPackageGroup"},
}
"""What each operator does, and what of its policy it does not need for that."""


_SEEN: dict[Callable[[World], list[Any]], tuple[set[str], set[str]]] = {}
"""Of each scenario that was run, the operators, and the actions without which it failed."""


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=lambda each: each.__name__.strip("_"))
def test_each_required_action_is_needed_and_no_other(
    scenario: Callable[[World], list[Any]], guard: Guard, world: World
) -> None:
    """From nothing allowed, one refusal after the other, to what the policy requires."""
    guard.lift()
    operators = scenario(world)
    required = _policy(operators, world.bucket)
    granted: list[tuple[str, str]] = []
    ti = FakeTaskInstance(dag_id="of_permissions", max_tries=_MOST_TRIES)
    for number in range(1, _MOST_TRIES):
        guard.bind(_granting(required, granted))
        ti.try_number = number
        try:
            for operator in operators:
                operator.execute(_context(ti))
        except Exception:
            new = [each for each in _needed(required, guard.refused()) if each not in granted]
            if not new:
                raise
            granted.append(new[0])
        else:
            break
    _SEEN[scenario] = ({_use(each).name for each in operators}, {action for _, action in granted})
    every = {(each["Sid"], action) for each in required for action in each["Action"]}
    idle = {action.partition(":")[2] for _, action in every - set(granted)}
    assert idle == _SCENARIOS[scenario]


def test_each_required_action_of_our_operators_is_in_a_scenario() -> None:
    """None is in the table for a case that nobody has tried, but for a few hard ones."""
    if len(_SEEN) < len(_SCENARIOS):
        pytest.skip("not all scenarios were run")
    tried: dict[str, set[str]] = {}
    for names, actions in _SEEN.values():
        for name in names:
            tried.setdefault(name, set()).update(actions)
    for name, actions in tried.items():
        required = {
            action for need in OPERATORS[name] if not need.is_optional for action in need.actions
        }
        hard = {"sagemaker:DescribeModelPackageGroup", "iam:GetRole", "sagemaker:StopTransformJob"}
        assert required - actions <= hard, name


def _context(ti: FakeTaskInstance) -> Context:
    run = type("DagRun", (), {"start_date": None, "run_after": ti.start_date, "run_id": ti.run_id})
    return cast("Context", {"ti": ti, "dag_run": run})


def _use(operator: Any) -> Use:
    name = next(each.__name__ for each in type(operator).__mro__ if each.__name__ in OPERATORS)
    return Use(name, {key: value for key, value in vars(operator).items() if key[0] != "_"})


def _policy(operators: list[Any], bucket: str) -> list[Document]:
    uses = list(map(_use, operators))
    literals = Literals()
    for use in uses:
        literals.read(use.arguments)
    scope = Scope(region="us-east-1", literals=literals).completed()
    if not literals.outputs:
        literals.read({"S3OutputPath": f"s3://{bucket}"})
    if not literals.roles:
        literals.read({"RoleArn": _ROLE})
    document = airflow_policy(uses, scope, required_only=True)
    statements: list[Document] = document["Statement"]
    return statements


def _granting(required: list[Document], granted: list[tuple[str, str]]) -> list[Document]:
    allowed = []
    for statement in required:
        actions = [
            action for action in statement["Action"] if (statement["Sid"], action) in granted
        ]
        if actions:
            allowed.append({**statement, "Action": actions})
    return allowed


def _needed(required: list[Document], refused: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give Sid and action of what the required statements would have allowed."""
    return [
        (statement["Sid"], action)
        for action, resource in refused
        for statement in required
        for pattern in statement["Resource"]
        if action in statement["Action"] and fnmatchcase(resource, pattern)
    ]
