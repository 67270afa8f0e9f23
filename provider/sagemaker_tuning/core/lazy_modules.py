"""Modules that are loaded when something in them is first used.

Airflow parses a DAG file again and again, each time in a new process, and what the file imports is
loaded each time. Most of that only a task needs that runs: what calls AWS, and what reads its
service model, with boto3 and botocore, which take longer to load than all of this package. So these
are imported as modules, ``from sagemaker_tuning.hooks import launch``, which loads nothing before
the first ``launch.…``. ``from sagemaker_tuning.hooks.launch import Launcher`` loads at once.

Python has ``lazy import`` for that from 3.15 on.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyModule(ModuleType):
    """Stands for a module that is loaded at the first use of something in it."""

    def __getattr__(self, name: str) -> Any:
        """Give what is in the module."""
        return getattr(import_module(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Put it into the module, where a test's patch of it belongs."""
        setattr(import_module(self.__name__), name, value)

    def __delattr__(self, name: str) -> None:
        """Take it out of the module."""
        delattr(import_module(self.__name__), name)

    def __dir__(self) -> list[str]:
        """Give the names of what is in the module."""
        return dir(import_module(self.__name__))

    def __reduce__(self) -> tuple[Callable[[str], ModuleType], tuple[str]]:
        """Be copied, and sent to another process, as the module itself."""
        return import_module, (self.__name__,)


def lazy_submodules(package: str) -> Callable[[str], ModuleType]:
    """Give a package's ``__getattr__``, by which its modules are lazy.

    Args:
        package: Its name.
    """

    def submodule(name: str) -> ModuleType:
        path = f"{package}.{name}"
        if name.startswith("_") or find_spec(path) is None:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return LazyModule(path)

    return submodule
