"""What a DAG file loads by importing from this package: Airflow does so at each parse of it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sagemaker_tuning.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPLATES = (Path(__file__).parents[2] / "dags").glob("*.py")
_COUNT = """
import json, sys
import airflow.sdk
from airflow.sdk import (
    DAG, Asset, AssetAlias, BaseOperator, BaseOperatorLink, BaseSensorOperator, Param,
    PokeReturnValue, TaskGroup, XComArg, chain, get_current_context, task, task_group,
)

before = set(sys.modules)
exec(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def _own_imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("sagemaker_tuning"):
            yield ast.unparse(node)


def _own_modules() -> Iterator[str]:
    info = get_provider_info()
    for kind in ("operators", "sensors"):
        for integration in info[kind]:
            yield from (f"import {module}" for module in integration["python-modules"])


def test_a_dag_file_loads_nothing_but_this_package() -> None:
    """Beside what ``airflow.sdk`` has loaded, so no boto3, no amazon hook, no numpy.

    By the imports of the templates, and of all operators and sensors.
    """
    imports = [*_own_modules(), *(each for path in _TEMPLATES for each in _own_imports(path))]
    assert "from sagemaker_tuning import form" in imports
    command = [sys.executable, "-c", _COUNT, "\n".join(imports)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "sagemaker_tuning.operators.tuning_job" in loaded
    packages = {name.partition(".")[0] for name in loaded}
    foreign = packages - sys.stdlib_module_names - {"sagemaker_tuning"}
    assert [name for name in loaded if name.partition(".")[0] in foreign] == []
