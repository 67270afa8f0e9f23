"""The table of cases in the docs, as a run of these tests found it."""

from __future__ import annotations

import ast
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "exactly-once.md"
_BEGIN, _END = "<!-- cases -->\n", "<!-- /cases -->\n"
_HEAD = "| What happens | The task ends as | Its tuning jobs, oldest first |\n|---|---|---|\n"


def row(sentence: str, outcome: str) -> str:
    """Give the table's line of a case."""
    return f"| {sentence} | {outcome} |\n"


def rows() -> list[str]:
    """Give the lines of the cases in the docs."""
    return _parts()[1].removeprefix(_HEAD).splitlines(keepends=True)


def write(found: list[str]) -> None:
    """Have these lines in the docs, with those of the other cases that there still are."""
    known = {sentence_of(line): line for line in [*rows(), *found]}
    lines = [known[sentence] for sentence in sentences() if sentence in known]
    before, _, after = _parts()
    PAGE.write_text("".join([before, _BEGIN, _HEAD, *lines, _END, after]), encoding="utf-8")


def sentence_of(line: str) -> str:
    """Give the case of a line."""
    return line.removeprefix("| ").partition(" | ")[0]


def sentences() -> list[str]:
    """Give the sentences of all tests here that are about a case."""
    return [
        " ".join((ast.get_docstring(node) or "").split())
        for file in sorted(Path(__file__).parent.glob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if any(argument.arg == "case" for argument in node.args.args)
    ]


def _parts() -> tuple[str, str, str]:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    table, _, after = rest.partition(_END)
    return before, table, after
