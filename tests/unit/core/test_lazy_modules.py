"""Modules that are loaded at the first use of something in them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sagemaker_tuning.core.lazy_modules import lazy_submodules

_USE = """
import sys
from sagemaker_tuning.core import shapes

assert "sagemaker_tuning.core.shapes" not in sys.modules
assert shapes.input_shape("CreateModel").name == "CreateModelInput"
assert shapes.input_shape is sys.modules["sagemaker_tuning.core.shapes"].input_shape
"""


def test_a_module_is_loaded_when_it_is_used() -> None:
    """Importing it from its package loads nothing; what is then in it is the module's own."""
    done = subprocess.run([sys.executable, "-c", _USE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["no_such_module", "__wrapped__"])
def test_what_is_no_module_is_no_attribute(name: str) -> None:
    """A mistyped import fails where it stands, not at its first use."""
    with pytest.raises(AttributeError, match=f"'sagemaker_tuning.core' has no attribute '{name}'"):
        lazy_submodules("sagemaker_tuning.core")(name)
