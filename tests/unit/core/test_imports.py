"""Core needs neither Airflow nor an AWS client."""

import subprocess
import sys
from pathlib import Path

_REFUSE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"airflow", "boto3", "optuna", "xgboost", "moto"}:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Refuse())
"""
_IMPORT_ALL = """
import importlib, pkgutil
import sagemaker_tuning.core as core

for module in pkgutil.walk_packages(core.__path__, "sagemaker_tuning.core."):
    importlib.import_module(module.name)
    print(module.name)
"""
_TEST_ALL = """
import pytest

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def _python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _REFUSE + program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_module_imports() -> None:
    """Each module of core is imported in a process that has no Airflow and no AWS client."""
    done = _python(_IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert "sagemaker_tuning.core.rules.ranges" in done.stdout.split()


def test_every_test_passes() -> None:
    """The tests beside this one pass in such a process too."""
    done = _python(_TEST_ALL, str(Path(__file__).parent), f"--ignore={__file__}")
    assert done.returncode == 0, done.stdout
