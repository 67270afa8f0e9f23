"""Rules of warm start, as far as one request shows.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PAGE = f"{parts.GUIDE}automatic-model-tuning-warm-start.html"
_SINGLE = f"{parts.GUIDE}multiple-algorithm-hpo-create-tuning-jobs.html"


def strategy_can_warm_start(request: Mapping[str, Any]) -> Iterator[Advice]:
    """Warm start searches by Bayesian or Random; its list of restrictions has nothing of it."""
    strategy = parts.config(request, "Strategy")
    if request.get("WarmStartConfig") and strategy in ("Hyperband", "Grid"):
        yield Advice(
            "HyperParameterTuningJobConfig.Strategy",
            f"{strategy} with WarmStartConfig",
            f"warm start uses either Bayesian or Random ({_PAGE})",
        )


def one_definition(request: Mapping[str, Any]) -> Iterator[Violation]:
    """Warm start and early stopping are available only when tuning a single algorithm."""
    if len(parts.items(request, "TrainingJobDefinitions")) < 2:  # noqa: PLR2004 -- several
        return
    if request.get("WarmStartConfig"):
        yield Violation(
            "WarmStartConfig",
            "given with several TrainingJobDefinitions",
            f"warm start is for one training job definition only ({_SINGLE})",
        )
    if parts.config(request, "TrainingJobEarlyStoppingType") == "Auto":
        yield Violation(
            "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType",
            "'Auto' with several TrainingJobDefinitions",
            f"early stopping is for one training job definition only ({_SINGLE})",
        )


def parents_are_others(request: Mapping[str, Any]) -> Iterator[Violation]:
    """A tuning job that does not exist yet is no parent. Names are equal without regard to case."""
    own = request.get("HyperParameterTuningJobName")
    parents = parts.items(request, "WarmStartConfig", "ParentHyperParameterTuningJobs")
    for index, parent in enumerate(parents):
        name = parts.lookup(parent, "HyperParameterTuningJobName")
        if not isinstance(name, str) or not isinstance(own, str) or is_template(name):
            continue
        if name.lower() == own.lower():
            path = f"WarmStartConfig.ParentHyperParameterTuningJobs[{index}]"
            yield Violation(path, f"{name!r} is this tuning job itself", f"another one ({_PAGE})")
