"""What the tasks of a DAG file use, as the command ``sagemaker-tuning policy`` asks."""

from __future__ import annotations

import inspect
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator

from sagemaker_tuning._compat import import_dags
from sagemaker_tuning.core.documents import DocumentError, read_document
from sagemaker_tuning.core.permissions.command import UnreadableDag
from sagemaker_tuning.core.permissions.literals import WILDCARD, Literals, rendered
from sagemaker_tuning.core.permissions.operators import OPERATORS
from sagemaker_tuning.core.permissions.policies import Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CALLBACKS = (
    "on_execute_callback",
    "on_failure_callback",
    "on_retry_callback",
    "on_skipped_callback",
    "on_success_callback",
)
_OF_ALL_OPERATORS = frozenset(inspect.signature(BaseOperator.__init__).parameters)
_DOCUMENTS = (".json", ".yaml", ".yml")


def read_dag_file(
    file: Path, dag_id: str | None, params: Mapping[str, str]
) -> tuple[list[Use], Literals]:
    """Import a DAG file, as Airflow does, and look at its tasks.

    Neither Airflow's database nor AWS is asked, unless the file itself does.

    Args:
        file: Its path.
        dag_id: One of its DAGs; all of them if not given.
        params: Values to take instead of the defaults of the DAG's params.

    Returns:
        What they use, with what is known of the arguments, and what these name.

    Raises:
        UnreadableDag: It cannot be imported, or there is no such DAG or param.
    """
    if not file.is_file():
        raise UnreadableDag(f"{file}: there is no such file")
    path = str(file.resolve().parent)
    sys.path.insert(0, path)
    try:
        dags, error = import_dags(file)
    finally:
        sys.path.remove(path)
    if error is not None:
        raise UnreadableDag(f"{file}: {error}")
    if not dags:
        raise UnreadableDag(f"{file}: there is no DAG in it")
    chosen = [dag for dag in dags if dag_id in {None, dag.dag_id}]
    if not chosen:
        raise UnreadableDag(f"{file}: it has no DAG {dag_id!r}, but {_listed(dags)}")
    unknown = params.keys() - {name for dag in chosen for name in dag.params}
    if unknown:
        names = sorted({name for dag in chosen for name in dag.params})
        raise UnreadableDag(f"{file}: no param {min(unknown)!r}, but {', '.join(names) or 'none'}")
    uses = [use for dag in chosen for use in _uses(dag, file, params)]
    literals = Literals()
    for use in uses:
        literals.read(use.arguments)
    return uses, literals


def _listed(dags: Iterable[Any]) -> str:
    return ", ".join(repr(dag.dag_id) for dag in dags)


def _uses(dag: Any, file: Path, given: Mapping[str, str]) -> Iterator[Use]:
    for owner in (dag, *dag.tasks):
        values = {**_params(dag), **_params(owner), **given}
        if owner is not dag:
            for name, arguments in _of_task(owner, file):
                yield Use(name, rendered(arguments, values))
        for name, arguments in _of_callbacks(owner):
            yield Use(name, rendered(arguments, values))
    for name, arguments in (*_of_deadlines(dag), *_of_watchers(dag)):
        yield Use(name, rendered(arguments, {**_params(dag), **given}))


def _params(owner: Any) -> dict[str, Any]:
    """Give the defaults of params that have one; of no use is what is no plain value."""
    params = getattr(owner, "params", None) or {}
    found = {}
    for name in params:
        param = params.get_param(name) if hasattr(params, "get_param") else params[name]
        value = getattr(param, "value", param)
        if value is None or isinstance(value, str | int | float | bool | dict | list):
            found[name] = value
    return found


def _of_task(task: Any, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    partial = getattr(task, "partial_kwargs", None)
    if partial is None:
        yield _class_name(type(task)), _arguments(vars(task), file)
        return
    name = _class_name(task.operator_class)
    fixed = _arguments(partial, file)
    mapped = getattr(getattr(task, "expand_input", None), "value", None)
    for values in _mapped(mapped):
        given = values if isinstance(values, dict) else _unknown(task.operator_class, fixed)
        yield name, fixed | _arguments(given, file)


def _mapped(mapped: Any) -> Iterator[Any]:
    """Give the arguments of each mapped task; what is no dict is known to a run alone."""
    if isinstance(mapped, dict):
        lists = [each if isinstance(each, list | tuple) else [WILDCARD] for each in mapped.values()]
        yield from (dict(zip(mapped, values, strict=True)) for values in product(*lists))
    elif isinstance(mapped, list | tuple):
        yield from mapped
    else:
        yield mapped


def _unknown(kind: Any, known: Mapping[str, Any]) -> dict[str, str]:
    own = inspect.signature(kind.__init__).parameters.keys() - _OF_ALL_OPERATORS - known.keys()
    return dict.fromkeys(sorted(own), WILDCARD)


def _class_name(kind: Any) -> str:
    """Give the name of what is known: of a subclass, that of the operator which it is made from."""
    names = [each.__name__ for each in inspect.getmro(kind)]
    return next((name for name in names if OPERATORS.get(name)), names[0])


def _arguments(given: Mapping[str, Any], file: Path) -> dict[str, Any]:
    own = (name for name in given if name not in _OF_ALL_OPERATORS and not name.startswith("_"))
    return {name: _plain(_document(given[name], file)) for name in own}


def _document(value: Any, file: Path) -> Any:
    """Read a document that is given as text, or as a file beside the DAG."""
    if not isinstance(value, str):
        return value
    text = value
    try:
        if value.endswith(_DOCUMENTS) and len(value.split()) == 1:
            text = (file.parent / value).read_text(encoding="utf-8")
        elif not value.lstrip().startswith(("{", "[")) and "\n" not in value:
            return value
        document = read_document(text)
    except (OSError, DocumentError):
        return value
    return document if isinstance(document, dict | list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return _alternatives(getattr(value, "argument", value))


def _alternatives(argument: Any) -> Any:
    """Give what an argument of a mapped task group is in any of them, as a list."""
    key, mapped = getattr(argument, "_key", None), getattr(argument, "_input", None)
    given = getattr(mapped, "value", None)
    if isinstance(given, dict):
        found = given.get(key)
    elif isinstance(given, list | tuple) and all(isinstance(each, dict) for each in given):
        found = [each.get(key) for each in given]
    else:
        found = None
    if not isinstance(found, list | tuple):
        return WILDCARD  # a task's output
    return [_plain(each) for each in found if each is not None]


def _of_callbacks(owner: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in _CALLBACKS:
        found = getattr(owner, name, None) or ()
        for callback in found if isinstance(found, list | tuple | set) else (found,):
            kind = type(callback)
            if inspect.isroutine(callback):
                yield callback.__qualname__, {}
            else:
                yield _class_name(kind), _arguments(vars(callback), Path())


def _of_deadlines(dag: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    found = getattr(dag, "deadline", None) or ()
    for alert in found if isinstance(found, list | tuple) else (found,):
        callback = alert.callback
        path = str(getattr(callback, "path", type(callback).__name__))
        arguments = getattr(callback, "kwargs", None) or {}
        yield path.rpartition(".")[2], _arguments(arguments, Path())


def _of_watchers(dag: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what watches for events of the assets that the DAG is scheduled on."""
    for asset in _assets(getattr(dag.timetable, "asset_condition", None)):
        for watcher in asset.watchers:
            path, arguments = watcher.trigger.serialize()
            yield path.rpartition(".")[2], _arguments(arguments, Path())


def _assets(condition: Any) -> Iterator[Asset]:
    if isinstance(condition, Asset):
        yield condition
    for part in getattr(condition, "objects", ()):
        yield from _assets(part)
