"""A page of a list, as the store is asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sagemaker_tuning.local.wire import Document

Column = Literal["name", "status", "creation_time", "objective"]


@dataclass(frozen=True)
class Condition:
    """One test of a listing: a column, a comparison and what it is compared with."""

    column: str
    comparison: Literal["=", "<", ">", "contains", "lacks"]
    value: str | float

    @property
    def sql(self) -> str:
        """The test with a `?` for the value."""
        if self.comparison in {"contains", "lacks"}:
            sign = ">" if self.comparison == "contains" else "="
            return f"instr(lower({self.column}), lower(?)) {sign} 0"
        return f"{self.column} {self.comparison} ?"


@dataclass(frozen=True)
class Listing:
    """A page of a list: the tests, the order, and the row after which the page begins."""

    region: str
    conditions: Sequence[Condition]
    sort_by: Column
    descending: bool
    limit: int
    after: tuple[str | float, str] | None = None


@dataclass(frozen=True)
class Row:
    """A listed job: its document, and where it stands in the list's order."""

    document: Document
    position: tuple[str | float, str]
