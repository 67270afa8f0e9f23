"""Every call that the provider makes of AWS is in the tables of permissions."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.sdk import BaseOperator
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

import sagemaker_tuning
from sagemaker_tuning import operators, sensors
from sagemaker_tuning.core.permissions.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(sagemaker_tuning.__file__).parent
_FILES = [
    file
    for folder in ("hooks", "operators", "sensors", "triggers", "links")
    for file in sorted((_PACKAGE / folder).glob("*.py"))
]
_SERVICES = ("ecr", "iam", "logs", "s3", "sagemaker", "sagemaker-runtime", "sns", "sqs", "sts")
_CALLS = frozenset({"_call", "_pages", "call", "pages"})
# Where an action has another name than the operation.
_ACTIONS = {
    "DeleteObjects": "DeleteObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
}
_OF_WAITERS = {"endpoint_deleted": "DescribeEndpoint"}
_OF_THE_AMAZON_HOOK = {"load_bytes": "PutObject", "load_string": "PutObject"}
# These pass on what they are called with.
_PASSING_ON = {
    ("leftovers.py", "_ignoring_absent"),
    ("services.py", "call"),
    ("services.py", "pages"),
    ("transform_jobs.py", "_call"),
    ("transform_jobs.py", "_pages"),
    ("tuning.py", "_call"),
    ("tuning.py", "_pages"),
}


def test_every_call_is_in_the_table() -> None:
    """Found in the source: operations by name, boto3's methods, waiters, those of amazon's hook."""
    known = {
        action.partition(":")[2]
        for needs in OPERATORS.values()
        for need in needs
        for action in need.actions
    }
    called = {(operation, where) for file in _FILES for operation, where in _operations(file)}
    missing = {each for each in called if _ACTIONS.get(each[0], each[0]) not in known}
    assert not missing, "calls that core/permissions/operators.py does not know"
    assert len(called) > 40  # or nothing was found


def test_the_search_finds_calls_of_all_kinds(tmp_path: Path) -> None:
    """A call that it could not read would be a gap, so that is an error."""
    file = tmp_path / "new.py"
    file.write_text(
        "def f(self, s3):\n"
        "    operation = 'CreateThing'\n"
        "    self._call(operation, {})\n"
        "    s3.pages('ListThings')\n"
        "    self._delete('Thing', 'a', 'b')\n"
        "    self.conn.describe_log_streams()\n"
    )
    assert [operation for operation, _ in _operations(file)] == [
        "CreateThing",
        "ListThings",
        "DeleteThing",
        "DescribeThing",
        "DescribeLogStreams",
    ]
    file.write_text("def f(self, x):\n    self._call(x, {})\n")
    with pytest.raises(AssertionError, match="what is called"):
        list(_operations(file))


def test_every_operator_and_sensor_is_in_the_table() -> None:
    """By its class's name."""
    names = {
        name
        for package in (operators, sensors)
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        for name, found in vars(importlib.import_module(module.name)).items()
        if inspect.isclass(found)
        and issubclass(found, BaseOperator)
        and found.__module__ == module.name
        and name.startswith(("SageMaker", "Asset"))
    }
    assert len(names) > 20
    assert names - OPERATORS.keys() == set()


def _operations(file: Path) -> Iterator[tuple[str, str]]:
    """Give the operations that a file calls, and where."""
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (file.name, function.name) in _PASSING_ON:
            continue
        for node in ast.walk(function):
            if not isinstance(node, ast.Call):
                continue
            where = f"{file.name}:{node.lineno}"
            if isinstance(node.func, ast.Name) and node.func.id == "_ignoring_absent":
                yield _texts(node.args[1], function, where)[0], where
            if isinstance(node.func, ast.Attribute):
                for operation in _called(node, node.func.attr, function, where):
                    yield operation, where


def _called(call: ast.Call, method: str, function: ast.AST, where: str) -> list[str]:
    if method in _CALLS:
        return _texts(call.args[0], function, where)
    if method == "_delete" and call.args and isinstance(call.args[0], ast.Constant):
        return [f"{verb}{call.args[0].value!s}" for verb in ("Delete", "Describe")]
    if method == "get_waiter":
        return [_OF_WAITERS[text] for text in _texts(call.args[0], function, where)]
    if method in _OF_THE_AMAZON_HOOK:
        return [_OF_THE_AMAZON_HOOK[method]]
    return [_methods()[method]] if method in _methods() else []


def _texts(argument: ast.expr, function: ast.AST, where: str) -> list[str]:
    if isinstance(argument, ast.Name):
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(isinstance(each, ast.Name) and each.id == argument.id for each in node.targets)
        ]
        assert assigned, f"{where}: it cannot be read what is called"
        return [text for value in assigned for text in _texts(value, function, where)]
    if isinstance(argument, ast.JoinedStr):
        return []  # of _delete, whose calls are read
    assert isinstance(argument, ast.Constant), f"{where}: it cannot be read what is called"
    return [str(argument.value)]


@cache
def _methods() -> dict[str, str]:
    """Give the operations by the names of boto3's methods; those of one word mean too much else."""
    found: dict[str, str] = {}
    for service in _SERVICES:
        model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        found |= {xform_name(name): name for name in model.operation_names}
    return {method: name for method, name in found.items() if "_" in method}
