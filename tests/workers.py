"""Which tests a worker of xdist runs together: those of a file, or those that share an Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer  # type: ignore[import-untyped]  # likewise

_AIRFLOW = "tests/integration/"
_OF_THEIR_OWN = ("tests/integration/test_demo.py",)
"""Files that need no Airflow but what each test starts."""


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # likewise
    """Hands out shares in the order of the tests: what takes longest comes first there.

    An Airflow takes 20 s of a core to start, so no two workers start the same one.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)


def share(nodeid: str) -> str:
    """Give the file of a test, or the folder of an Airflow that the test uses with others."""
    file = nodeid.partition("::")[0]
    if file.startswith(_AIRFLOW) and file not in _OF_THEIR_OWN:
        return file.rpartition("/")[0]
    return file
