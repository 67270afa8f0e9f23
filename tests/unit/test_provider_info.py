"""What Airflow is told of this package is what is in it."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.triggers.base import BaseTrigger

import sagemaker_tuning
from sagemaker_tuning.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from collections.abc import Iterator

_INFO = get_provider_info()


def _classes(package: str, base: type) -> Iterator[type]:
    """Give the public classes of a kind, each from the module that defines it."""
    name = f"sagemaker_tuning.{package}"
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
        for each in vars(importlib.import_module(module.name)).values():
            is_ours = isinstance(each, type) and each.__module__ == module.name
            if is_ours and issubclass(each, base) and not each.__name__.startswith("_"):
                yield each


def _can_run(each: type) -> bool:
    """Whether it is no mere base of operators or triggers."""
    is_abstract = inspect.isabstract(each)
    return not is_abstract and getattr(each, "execute", None) is not BaseOperator.execute


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("hooks", AwsBaseHook),
        ("operators", BaseOperator),
        ("sensors", BaseOperator),
        ("triggers", BaseTrigger),
    ],
)
def test_every_module_with_something_to_use_is_listed(kind: str, base: type) -> None:
    """And no other."""
    listed = [module for entry in _INFO[kind] for module in entry["python-modules"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == {each.__module__ for each in _classes(kind, base) if _can_run(each)}
    assert {entry["integration-name"] for entry in _INFO[kind]} == {
        each["integration-name"] for each in _INFO["integrations"]
    }


def test_every_link_is_listed() -> None:
    """Those that have a key of their own; whatever an operator shows is among them."""
    links = {
        f"{each.__module__}.{each.__qualname__}"
        for each in _classes("links", BaseOperatorLink)
        if "key" in vars(each)
    }
    assert set(_INFO["extra-links"]) == links
    shown = {
        f"{type(link).__module__}.{type(link).__qualname__}"
        for kind in ("operators", "sensors")
        for each in _classes(kind, BaseOperator)
        for link in getattr(each, "operator_extra_links", ())
    }
    assert shown <= links


def _options_read() -> Iterator[tuple[str, str]]:
    """Give section and option of every look into Airflow's configuration."""
    for path in Path(sagemaker_tuning.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "conf"
            ):
                section, option = (ast.literal_eval(argument) for argument in node.args[:2])
                yield section, option


def test_every_option_that_is_read_is_described() -> None:
    """And every one that is described is read."""
    described = {
        (section, option)
        for section, entry in _INFO["config"].items()
        for option in entry["options"]
    }
    assert {read for read in _options_read() if read[0] in _INFO["config"]} == described
    others = {section for section, _ in _options_read()} - set(_INFO["config"])
    assert others <= {"api", "operators"}  # Airflow's own


def test_airflow_accepts_and_finds_it() -> None:
    """By Airflow's own schema, and through the entry point of the installed package."""
    schema: dict[str, Any] = json.loads(
        files("airflow").joinpath("provider_info.schema.json").read_text("utf-8")
    )
    jsonschema.validate(_INFO, schema)
    (found,) = [
        entry
        for entry in entry_points(group="apache_airflow_provider")
        if entry.dist is not None and entry.dist.name == _INFO["package-name"]
    ]
    assert found.load() is get_provider_info
