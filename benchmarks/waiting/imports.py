"""What a DAG file's imports from a provider cost, beyond those of Airflow itself.

A fresh interpreter imports first what any DAG file takes from ``airflow.sdk``, and then one
provider's modules, which alone are measured. The two providers take turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.waiting.sides import AMAZON, OURS

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = {
    OURS: (
        "sagemaker_tuning.operators.tuning_job",
        "sagemaker_tuning.operators.model",
        "sagemaker_tuning.operators.training_job",
        "sagemaker_tuning.sensors.tuning_job",
        "sagemaker_tuning.task_groups",
    ),
    AMAZON: ("airflow.providers.amazon.aws.operators.sagemaker",),
}

_SCRIPT = """
import importlib, json, sys, time
from airflow.sdk import (
    DAG, Asset, BaseOperator, Param, TaskGroup, Variable, chain, dag, task, task_group,
)
from benchmarks.memory import kilobytes
before = time.process_time(), kilobytes("Rss")
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([time.process_time() - before[0], kilobytes("Rss") - before[1]]))
"""


@dataclass(frozen=True)
class Cost:
    """Medians.

    Attributes:
        milliseconds: Of processor time.
        megabytes: Of resident memory.
    """

    milliseconds: float
    megabytes: float


def measure(turns: int) -> dict[str, Cost]:
    """Measure both providers, each so many times; a first turn only fills caches."""
    with tempfile.TemporaryDirectory() as home:
        found = [
            {side: _import(modules, home) for side, modules in MODULES.items()}
            for _ in range(turns + 1)
        ][1:]
    return {
        side: Cost(
            statistics.median(turn[side][0] for turn in found) * 1000,
            statistics.median(turn[side][1] for turn in found) / 1024,
        )
        for side in MODULES
    }


def _import(modules: Iterable[str], home: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *modules],
        env=os.environ | {"AIRFLOW_HOME": home},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    seconds, kilobytes = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), float(kilobytes)
