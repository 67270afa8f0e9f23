"""What a stack writes into its folder, so that a later command can find and stop it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from demo.processes import Leader

_FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class Record:
    """A stack's processes, as written by the command that started them.

    Args:
        airflow_url: Where its UI is.
        endpoint_url: Where its SageMaker endpoint is.
        leaders: In the order of their start; empty when it had not come to that.
        kept: Whether it is meant to outlive the command that started it.
    """

    airflow_url: str
    endpoint_url: str
    leaders: tuple[Leader, ...] = ()
    kept: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether all of its processes run."""
        return bool(self.leaders) and all(leader.is_alive for leader in self.leaders)

    @classmethod
    def load(cls, home: Path) -> Self | None:
        """The record in `home`, or None when a stack was never started there or ended well."""
        try:
            fields = json.loads((home / _FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**fields | {"leaders": tuple(Leader(**leader) for leader in fields["leaders"])})

    def save(self, home: Path) -> None:
        """Write it into `home`, whole or not at all."""
        new = home / f"{_FILE}.new"
        new.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        new.replace(home / _FILE)

    @staticmethod
    def delete(home: Path) -> None:
        """Say that nothing of it is left."""
        (home / _FILE).unlink(missing_ok=True)
