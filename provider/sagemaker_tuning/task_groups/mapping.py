"""Task groups that are called, or mapped, as Airflow's own are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from airflow.sdk import XComArg, task_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class MappableTaskGroup(Generic[P, R]):
    """A function as a task group, which is called, or mapped, as Airflow's ``@task_group`` is.

    Other than there, mapped arguments that stand in the DAG may hold templates, those that have a
    default need not be in the mappings of ``expand_kwargs``, and what cannot be mapped is said
    when the DAG is parsed.

    Args:
        function: Makes the tasks.
        mappable: Its parameters that become template fields of the tasks and nothing else.
        options: Arguments of Airflow's ``@task_group``.
        arguments: The function's that are given already.
    """

    function: Callable[P, R]
    mappable: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make the task group, in the DAG at hand."""
        result: R = self._factory()(*args, **{**self.arguments, **kwargs})
        return result

    def override(self, **options: Any) -> MappableTaskGroup[P, R]:
        """Give the same with other arguments of Airflow's ``@task_group``, such as ``group_id``."""
        return replace(self, options={**self.options, **options})

    def partial(self, **arguments: Any) -> MappableTaskGroup[P, R]:
        """Give the same with arguments that all of the mapped task groups have in common."""
        return replace(self, arguments={**self.arguments, **arguments})

    def expand(self, **kwargs: Any) -> R:
        """Make a task group for each combination of arguments.

        Raises:
            TypeError: One of them cannot be mapped.
        """
        self._refuse_unmappable(kwargs)
        literal = {name for name, value in kwargs.items() if not isinstance(value, XComArg)}
        result: R = self._factory(literal).partial(**self.arguments).expand(**kwargs)
        return result

    def expand_kwargs(self, kwargs: Sequence[Mapping[str, Any]] | XComArg) -> R:
        """Make a task group for each mapping of arguments.

        Args:
            kwargs: A list of mappings, or a task's output that is one.

        Raises:
            TypeError: It is neither, or an argument cannot be mapped.
        """
        common = {**self._defaults(), **self.arguments}
        if isinstance(kwargs, XComArg):
            mapped = set(self.mappable) - set(self.arguments)
        elif isinstance(kwargs, Sequence) and all(isinstance(one, Mapping) for one in kwargs):
            mapped = {name for one in kwargs for name in one}
            self._refuse_unmappable(mapped)
        else:
            msg = f"expand_kwargs() takes a list of mappings or a task's output, not {kwargs!r}"
            raise TypeError(msg)
        # Airflow wants every argument that is not partial in every mapping, defaults or not.
        absent = {name: value for name, value in common.items() if name in mapped}
        partial = {name: value for name, value in common.items() if name not in mapped}

        def whole(one: Mapping[str, Any]) -> dict[str, Any]:
            return {**absent, **one}

        several = kwargs.map(whole) if isinstance(kwargs, XComArg) else [*map(whole, kwargs)]
        literal = () if isinstance(kwargs, XComArg) else mapped
        result: R = self._factory(literal).partial(**partial).expand_kwargs(several)
        return result

    def _factory(self, literal: Collection[str] = ()) -> Any:
        @functools.wraps(self.function)
        def function(*args: Any, **kwargs: Any) -> R:
            rendered = {
                name: _Rendered(name, value) if name in literal else value
                for name, value in kwargs.items()
            }
            return self.function(*args, **rendered)  # type: ignore[arg-type] # by signature

        return task_group(**self.options)(function)

    def _defaults(self) -> dict[str, Any]:
        parameters = inspect.signature(self.function).parameters
        return {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.default is not parameter.empty
        }

    def _refuse_unmappable(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.mappable:
                msg = (
                    f"{name} cannot be mapped, these can: {', '.join(self.mappable)}; "
                    f"partial({name}=…) gives all the same one"
                )
                raise TypeError(msg)


@dataclass(frozen=True)
class _Rendered:
    """A mapped argument with its templates rendered, which Airflow leaves as they are."""

    name: str
    argument: Any = field(repr=False)

    def resolve(self, context: Context) -> Any:
        """Give the value for the task at hand; Airflow calls it so when it renders the task."""
        return context["task"].render_template(self.argument.resolve(context), context)
