"""What a process occupies, as Linux tells it."""

from pathlib import Path


def kilobytes(field: str, pid: int | str = "self") -> int:
    """A line of a process's ``smaps_rollup``: ``Rss``, ``Pss``, ``Private_Dirty`` and others.

    Raises:
        LookupError: There is no such line.
    """
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(f"smaps_rollup has no {field}")
