"""Core needs neither Airflow nor an AWS client."""

import subprocess
import sys

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


def _python(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _REFUSE + program]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_module_imports() -> None:
    """Each module of core is imported in a process that has no Airflow and no AWS client."""
    done = _python(_IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert "sagemaker_tuning.core.rules.ranges" in done.stdout.split()
