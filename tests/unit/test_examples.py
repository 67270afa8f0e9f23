"""The examples in docstrings, run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import sagemaker_tuning


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


@pytest.mark.parametrize("name", _MODULES)
def test_the_examples_are_right(name: str) -> None:
    """What a docstring shows is what one gets."""
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
