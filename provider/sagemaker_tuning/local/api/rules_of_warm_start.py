"""The rules of a warm start, WarmStartConfig.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from collections.abc import Mapping
from typing import Any

from sagemaker_tuning.local.definition import (
    CATEGORICAL_RANGES,
    NUMERIC_RANGES,
    Definition,
    definitions,
)
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.search.auto_parameters import searched_ranges
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document

_TERMINAL = ("Completed", "Stopped", "Failed")
_MOST_CHANGES = 10
_OF_THE_SERVICE = {"_tuning_objective_metric"}
_PATH = "WarmStartConfig.ParentHyperParameterTuningJobs"


def check(store: Store, region: str, request: Document) -> int:
    """Refuses a warm start that breaks a restriction.

    Args:
        store: where the parents are.
        region: theirs and the new tuning job's.
        request: one that keeps the rules of its definitions.

    Returns:
        How many training jobs the parents have launched; 0 without a warm start.

    Raises:
        ApiError: ValidationException for the first restriction that is broken.
    """
    if "WarmStartConfig" not in request:
        return 0
    strategy = request["HyperParameterTuningJobConfig"]["Strategy"]
    if strategy not in {"Bayesian", "Random"}:
        raise validation_error(
            f"WarmStartConfig goes with strategy Bayesian or Random. The Strategy is {strategy}."
        )
    if "TrainingJobDefinitions" in request:
        raise validation_error(
            "WarmStartConfig is available only when a single algorithm is tuned. Provide"
            " TrainingJobDefinition instead of TrainingJobDefinitions."
        )
    (definition,) = definitions(request)
    parents = _parents(store, region, request)
    for path, parent in parents:
        (of_parent,) = definitions(parent)
        _objective(path, definition, of_parent)
        _hyperparameters(path, definition, of_parent)
        if request["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm":
            _identical(path, definition, of_parent)
    return sum(sum(parent["TrainingJobStatusCounters"].values()) for _, parent in parents)


def _parents(store: Store, region: str, request: Document) -> list[tuple[str, Document]]:
    found: list[tuple[str, Document]] = []
    names: set[str] = set()
    parents = request["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    for number, item in enumerate(parents, start=1):
        path = f"{_PATH}.{number}"
        name = item.get("HyperParameterTuningJobName")
        if name is None:
            raise validation_error(f"{path}.HyperParameterTuningJobName is required.")
        if name.lower() in names:
            raise validation_error(f"{path} {name} is given more than once.")
        names.add(name.lower())
        parent = store.find("tuning_job", region, name)
        if parent is None:
            raise validation_error(
                f"{path}: Amazon SageMaker can't find a tuning job called {name}. Type another"
                " name."
            )
        status = parent["HyperParameterTuningJobStatus"]
        if status not in _TERMINAL:
            raise validation_error(
                f"{path} {name} is in status {status}. A parent must be in a terminal status:"
                f" {', '.join(_TERMINAL)}."
            )
        if "TrainingJobDefinition" not in parent:
            raise validation_error(
                f"{path} {name} has TrainingJobDefinitions. A parent must have tuned a single"
                " algorithm, with TrainingJobDefinition."
            )
        found.append((f"{path} {name}", parent))
    return found


def _objective(path: str, definition: Definition, of_parent: Definition) -> None:
    for key in ("MetricName", "Type"):
        own, other = definition.objective[key], of_parent.objective[key]
        if own != other:
            raise validation_error(
                f"HyperParameterTuningJobObjective.{key} is {own} and in {path} it is {other}. The"
                " objective metric must be the same as in all parents."
            )


def _hyperparameters(path: str, definition: Definition, of_parent: Definition) -> None:
    kinds, parent_kinds = _tunable(definition), _tunable(of_parent)
    static, parent_static = _static(definition), _static(of_parent)
    names, parent_names = {*kinds, *static}, {*parent_kinds, *parent_static}
    if names != parent_names:
        added, missing = sorted(names - parent_names), sorted(parent_names - names)
        raise validation_error(
            "The set of tunable plus static HyperParameter names is not the same across current"
            f" and parent tuning jobs. Compared to {path}, the current tuning job has"
            f" [{', '.join(added)}] in addition and lacks [{', '.join(missing)}]."
        )
    for name in kinds.keys() & parent_kinds.keys():
        if kinds[name][0] != parent_kinds[name][0]:
            raise validation_error(
                f"The hyperparameter {name} is in {kinds[name][0]}, and in {path} it is in"
                f" {parent_kinds[name][0]}. The type of a hyperparameter must not change."
            )
    changes = sum(parent_kinds[name][1] for name in static.keys() & parent_kinds.keys())
    changes += sum(
        1 if _is_number(static[name]) and _is_number(parent_static[name]) else 2
        for name in static.keys() & parent_static.keys()
        if static[name] != parent_static[name]
    )
    if changes > _MOST_CHANGES:
        raise validation_error(
            f"Compared to {path}, the current tuning job has {changes} changes from tunable to"
            " static hyperparameters and of static values, each value of a categorical one"
            f" counted. There can be {_MOST_CHANGES}."
        )


def _tunable(definition: Definition) -> dict[str, tuple[str, int]]:
    """Of each tunable hyperparameter the kind of its range, and what making it static counts."""
    ranges = searched_ranges(definition)
    return {
        item["Name"]: (kind, len(item.get("Values", (1,))))
        for kind in (*NUMERIC_RANGES, CATEGORICAL_RANGES)
        for item in ranges[kind]
    }


def _static(definition: Definition) -> Mapping[str, str]:
    found: Mapping[str, str] = definition.document.get("StaticHyperParameters", {})
    return {name: value for name, value in found.items() if name not in _OF_THE_SERVICE}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _identical(path: str, definition: Definition, of_parent: Definition) -> None:
    own: Any
    other: Any
    for what, own, other in (
        ("AlgorithmSpecification.TrainingImage", definition.image, of_parent.image),
        ("InputDataConfig", _data(definition), _data(of_parent)),
    ):
        if own != other:
            raise validation_error(
                f"{what} is {own} and in {path} it is {other}. With WarmStartType"
                " IdenticalDataAndAlgorithm, the training image and the input data must be the"
                " same as in all parents; use TransferLearning otherwise."
            )


def _data(definition: Definition) -> dict[str, str]:
    return {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in definition.channels
    }
