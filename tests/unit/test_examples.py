"""The examples in docstrings, run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import pkgutil
from pathlib import Path

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

import sagemaker_tuning
from sagemaker_tuning.get_provider_info import get_provider_info


def _has_examples(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return ">>> " in Path(spec.origin).read_text("utf-8")


_MODULES = [
    module.name
    for module in pkgutil.walk_packages(sagemaker_tuning.__path__, "sagemaker_tuning.")
    if ".local" not in module.name and _has_examples(module.name)
]
_INFO = get_provider_info()
_FOR_USERS = [
    module
    for kind in ("operators", "sensors", "hooks", "triggers")
    for entry in _INFO[kind]
    for module in entry["python-modules"]
]


@pytest.mark.parametrize("name", _MODULES)
def test_the_examples_are_right(name: str) -> None:
    """What a docstring shows is what one gets, in a DAG that Airflow can store."""
    with DAG("examples", schedule=None) as dag:
        results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
    assert dag.tasks or name not in _FOR_USERS
    assert DagSerialization.to_dict(dag)


@pytest.mark.parametrize("name", _FOR_USERS)
def test_every_class_that_users_use_has_an_example(name: str) -> None:
    """In its own docstring, and every public method says what it does."""
    classes = [
        each
        for each in vars(importlib.import_module(name)).values()
        if inspect.isclass(each) and each.__module__ == name and not each.__name__.startswith("_")
    ]
    assert classes
    parser = doctest.DocTestParser()
    for each in classes:
        assert parser.get_examples(each.__doc__ or ""), f"{each.__qualname__} has no example"
        for method in vars(each).values():
            if inspect.isfunction(method) and not method.__name__.startswith("_"):
                assert method.__doc__, f"{method.__qualname__} has no docstring"
