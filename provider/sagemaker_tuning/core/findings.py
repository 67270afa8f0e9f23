"""What a look at a request finds: mistakes, and what is worth a second thought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagemaker_tuning.core.errors import Violation


@dataclass(frozen=True, slots=True)
class Advice:
    """What the service accepts, and what its users should know all the same: a warning.

    Attributes:
        path: The field as one would write it in Python.
        problem: What stands there, with the value.
        rule: What AWS recommends or says of it, with its page.
    """

    path: str
    problem: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found in a request.

    Attributes:
        violations: Mistakes: the service would refuse the request, or every training job fail.
        warnings: What would be accepted, against AWS's advice or beyond what is known here.
    """

    violations: tuple[Violation, ...]
    warnings: tuple[Advice, ...]
