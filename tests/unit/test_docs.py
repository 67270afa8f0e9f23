"""What the docs cite is there."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PAGES = (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md")))


def test_every_test_that_a_page_cites_is_there() -> None:
    """A renamed or deleted test is noticed by its page."""
    defined = {
        name
        for file in (_ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)
    }
    for page in _PAGES:
        # A file's name is followed by its suffix.
        cited = set(re.findall(r"`(test_\w+)`", page.read_text()))
        assert cited <= defined, page


def test_every_link_to_a_file_leads_to_one() -> None:
    """Links between the pages, and to the code."""
    for page in _PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"
