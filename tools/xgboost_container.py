"""What the source of the XGBoost container says of its metrics and hyperparameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.guide import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAGS = {
    "0.90-1": "0.90-1",
    "0.90-2": "0.90-2",
    "1.0-1": "1.0-1",
    "1.2-1": "1.2-1",
    "1.2-2": "1.2-2",
    "1.3-1": "1.3-1",
    "1.5-1": "1.5-1",
    "1.7-1": "v1.7-1",
    "3.0-5": "v3.0-5",
}
"""Versions of the image, and the tags that they were built from."""

_PACKAGE = "src/sagemaker_xgboost_container"
_METRICS = {"XGB_MAXIMIZE_METRICS": "Maximize", "XGB_MINIMIZE_METRICS": "Minimize"}


def metrics(repository: Path) -> dict[str, str]:
    """Give each metric of any version with its direction.

    The container registers those of the validation channel; AWS's descriptions of tuning jobs
    define the same ones for the train channel.
    """
    found = {}
    for tag in TAGS.values():
        source = show(repository, tag, f"{_PACKAGE}/constants/xgb_constants.py")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                direction = _METRICS.get(node.targets[0].id)
                for name in ast.literal_eval(node.value) if direction else ():
                    found[f"train:{name}"] = found[f"validation:{name}"] = str(direction)
    return found


class Hyperparameters(NamedTuple):
    """Names that any version takes, those that all want, and the tunable ones with their range."""

    names: set[str]
    required: set[str]
    tunable: dict[str, dict[str, Any]]


def hyperparameters(repository: Path) -> Hyperparameters:
    """Read what the versions take."""
    names: set[str] = set()
    required: set[str] = set()
    tunable: dict[str, dict[str, Any]] = {}
    for tag in TAGS.values():
        source = show(repository, tag, f"{_PACKAGE}/algorithm_mode/hyperparameter_validation.py")
        for function, call in _calls(source):
            if function == "declare_alias":
                names.add(ast.literal_eval(call.args[1]))
            elif function.endswith("Hyperparameter"):
                given = {word.arg: word.value for word in call.keywords}
                name = ast.literal_eval(given["name"])
                names.add(name)
                if ast.literal_eval(given["required"]):
                    required.add(name)
                if "tunable_recommended_range" in given:
                    kind = function.removesuffix("Hyperparameter")
                    interval = given["tunable_recommended_range"]
                    tunable[name] = {"kind": kind, **_bounds(interval)}
    return Hyperparameters(names, required, tunable)


def _calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def _bounds(interval: ast.expr) -> dict[str, Any]:
    words = interval.keywords if isinstance(interval, ast.Call) else []
    return {
        word.arg.partition("_")[0]: ast.literal_eval(word.value)
        for word in words
        if word.arg and word.arg.startswith(("min", "max"))
    }
