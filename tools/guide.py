"""Pages of AWS's developer guide, as tables."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIRECTIONS = {"maximize": "Maximize", "minimize": "Minimize"}

_GIT = shutil.which("git") or "git"
_NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"
_MIN = re.compile(rf"MinValue:\s*{_NUMBER}")
_MAX = re.compile(rf"MaxValue:\s*{_NUMBER}")
_SPAN = re.compile(r"^\[\s*(\d+)\s*[-,]\s*(\d+)\s*\]$")
_LIST = re.compile(r"\[([^\]]*)\]")
_REGISTRY_PATH = re.compile(r"amazonaws\.com/([a-z0-9-]+):")


def show(repository: Path, commit: str, path: str) -> str:
    """Give a file of a git repository, at a commit or tag."""
    command = [_GIT, "-C", str(repository), "show", f"{commit}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(cell: str) -> str:
    """Take the markdown out of a table's cell."""
    return re.sub(r"\\(.)", r"\1", cell).replace("`", "").translate({0x2018: "'", 0x2019: "'"})


def rows(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """Give each row of each table: the table's headings, and the row's cells."""
    headings: list[str] = []
    for line in page.splitlines():
        if not line.startswith("|"):
            headings = []
            continue
        cells = [plain(cell).strip() for cell in line.strip().strip("|").split(" | ")]
        cells = [cell.strip("| ") for cell in cells]
        if not headings:
            headings = cells
        elif not set("".join(cells)) <= set("- "):
            yield headings, cells


def metrics(page: str) -> dict[str, str]:
    """Give each objective metric with its direction."""
    return {
        cells[0]: DIRECTIONS[cells[2].lower()]
        for headings, cells in rows(page)
        if headings[0] == "Metric Name"
    }


def tunable(page: str) -> dict[str, dict[str, Any]]:
    """Give each tunable hyperparameter with its kind of range, and the one that is recommended.

    A page with a table for each mode of the algorithm gives the wider range of both.
    """
    found: dict[str, dict[str, Any]] = {}
    for headings, cells in rows(page):
        if headings[0] in {"Parameter Name", "Hyperparameter Name"} and len(cells) > 2:  # noqa: PLR2004 -- name, type, range
            given = _range(cells[1], cells[2])
            found[cells[0]] = _wider(found.get(cells[0], given), given)
    return found


def hyperparameters(page: str) -> set[str]:
    """Give the names of all hyperparameters, tunable or not."""
    return {cells[0] for headings, cells in rows(page) if headings[0] == "Parameter Name"}


def repositories(page: str, title: str) -> set[str]:
    """Give the names of an algorithm's image repositories, from a page of registry paths."""
    section = re.search(
        rf"^## {re.escape(title)} \(algorithm\)(.*?)(?=^## |\Z)",
        plain(page),
        re.MULTILINE | re.DOTALL,
    )
    if section is None:
        raise LookupError(f"no algorithm {title!r} on the page of registry paths")
    return set(_REGISTRY_PATH.findall(section[1]))


def _range(kind: str, text: str) -> dict[str, Any]:
    # What the cell holds decides over what it is called: two pages have the wrong name.
    low, high = _MIN.findall(text.replace(" ", "")), _MAX.findall(text.replace(" ", ""))
    span = _SPAN.match(text)
    if span:
        low, high = [span[1]], [span[2]]
    if low and high:
        kind = "Integer" if kind.startswith("Integer") else "Continuous"
        return {
            "kind": kind,
            "min": min(map(_number, low)),
            "max": max(map(_number, high)),
        }
    listed = _LIST.search(text)
    if listed is None:
        raise ValueError(f"no recommended range in {text!r}")
    values = [value.strip(" '\"") for value in listed[1].split(",")]
    return {"kind": "Categorical", "values": values}


def _wider(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    if one == other or "values" in one:
        return one
    return one | {"min": min(one["min"], other["min"]), "max": max(one["max"], other["max"])}


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number
