"""Modules that are loaded at the first use of something in them."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from importlib import import_module

import pytest

from sagemaker_tuning.core.lazy_modules import LazyModule, lazy_submodules

_USE = """
import sys
from sagemaker_tuning.core import shapes

assert "sagemaker_tuning.core.shapes" not in sys.modules
assert shapes.input_shape("CreateModel").name == "CreateModelInput"
assert shapes.input_shape is sys.modules["sagemaker_tuning.core.shapes"].input_shape
"""


def test_what_is_put_into_it_is_put_into_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch, by whichever way to the module, is seen by all who use it, and can be undone."""
    lazy = LazyModule("sagemaker_tuning.core.naming")
    real = import_module("sagemaker_tuning.core.naming")
    with monkeypatch.context() as patch:
        patch.setattr(lazy, "put_by_a_test", 1, raising=False)
        assert real.put_by_a_test == 1
    assert not hasattr(real, "put_by_a_test")
    assert dir(lazy) == dir(real)


def test_a_copy_of_it_is_the_module() -> None:
    """Modules cannot be copied or pickled, but what holds one by the way can."""
    lazy = LazyModule("sagemaker_tuning.core.naming")
    assert copy.deepcopy(lazy) is import_module("sagemaker_tuning.core.naming")
    sent = pickle.dumps(lazy)
    assert pickle.loads(sent) is import_module("sagemaker_tuning.core.naming")  # noqa: S301 -- ours


def test_a_module_is_loaded_when_it_is_used() -> None:
    """Importing it from its package loads nothing; what is then in it is the module's own."""
    done = subprocess.run([sys.executable, "-c", _USE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["no_such_module", "__wrapped__"])
def test_what_is_no_module_is_no_attribute(name: str) -> None:
    """A mistyped import fails where it stands, not at its first use."""
    with pytest.raises(AttributeError, match=f"'sagemaker_tuning.core' has no attribute '{name}'"):
        lazy_submodules("sagemaker_tuning.core")(name)
