"""What core may be imported with."""

import subprocess
import sys

_WITHOUT_AIRFLOW = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"airflow", "boto3", "optuna", "xgboost", "moto"}:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Refuse())
import sagemaker_tuning.core as core

for module in pkgutil.walk_packages(core.__path__, "sagemaker_tuning.core."):
    importlib.import_module(module.name)
    print(module.name)
"""


def test_core_imports_where_airflow_is_not_installed() -> None:
    """Every module of core is imported in a process that has no Airflow and no AWS client."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_AIRFLOW], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "sagemaker_tuning.core.rules.ranges" in done.stdout.split()
