"""Each operator with the policy that is printed for it, and with less of it.

A scenario begins with nothing allowed. Whatever is refused fails the task, is then allowed, and the
task tried again, until it succeeds: so each action that was allowed is one without which it fails,
and in the end those are the ones that the policy requires.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from sagemaker_tuning.core.permissions.literals import Literals
from sagemaker_tuning.core.permissions.operators import OPERATORS
from sagemaker_tuning.core.permissions.policies import Use, airflow_policy
from sagemaker_tuning.core.permissions.scope import Scope
from tests.operators.permission_scenarios import MOST_TRIES, SCENARIOS, World
from tests.operators.task import (
    FakeTaskInstance,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from tests.contract.aws import Aws, Document

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
        connection = HTTPConnection(self._address, timeout=300)
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


@pytest.fixture
def world(aws: Aws, client: Any, bucket: str, completed: Document) -> World:
    return World(aws, client, bucket, completed)


_SEEN: dict[Callable[[World], list[Any]], tuple[set[str], set[str]]] = {}
"""Of each scenario that was run, the operators, and the actions without which it failed."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__.strip("_"))
def test_each_required_action_is_needed_and_no_other(
    scenario: Callable[[World], list[Any]], guard: Guard, world: World
) -> None:
    """From nothing allowed, one refusal after the other, to what the policy requires."""
    guard.lift()
    operators = scenario(world)
    required = _policy(operators, world.bucket)
    granted: list[tuple[str, str]] = []
    ti = FakeTaskInstance(dag_id="of_permissions", max_tries=MOST_TRIES)
    for number in range(1, MOST_TRIES):
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
    assert idle == SCENARIOS[scenario]


def test_each_required_action_of_our_operators_is_in_a_scenario() -> None:
    """None is in the table for a case that nobody has tried, but for a few hard ones."""
    if len(_SEEN) < len(SCENARIOS):
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
