"""The fault rules in force, and who is struck by them next."""

import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.faults.rules import EVERY_OPERATION
from sagemaker_tuning.local.wire import Document

_MOST_RULES = 1000


@dataclass
class _Live:
    """A rule and how far it has been used up."""

    rule: Document
    matched: int = 0
    used: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.rule.get("seed"))  # noqa: S311 -- no secret

    def strikes(self) -> bool:
        """Whether what has just matched is struck; counts it."""
        times = self.rule["times"]
        if times is not None and self.used >= times:
            return False
        self.matched += 1
        if self.matched <= self.rule["skip"] or self.chance.random() >= self.rule["probability"]:
            return False
        self.used += 1
        return True


class Faults:
    """All fault rules of the endpoint. Without any, which is how it starts, nothing is struck."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: list[_Live] = []

    def replace(self, rules: Sequence[Document]) -> None:
        """Has these rules in force and no others, all of them unused.

        Raises:
            ApiError: ValidationException for more than 1000 rules.
        """
        live = _fresh(rules, 0)
        with self._lock:
            self._live = live

    def add(self, rules: Sequence[Document]) -> None:
        """Puts rules behind those in force.

        Raises:
            ApiError: ValidationException for more than 1000 rules in all; none is added.
        """
        with self._lock:
            self._live = [*self._live, *_fresh(rules, len(self._live))]

    def listed(self) -> list[Document]:
        """The rules in force and those used up, each with `used`, how often it has struck."""
        with self._lock:
            return [{**live.rule, "used": live.used} for live in self._live]

    def strike_request(self, operation: str) -> list[Document]:
        """The rules that strike a request now: any latencies, and at most one other, last.

        Args:
            operation: a SageMaker operation, or `<service>:<operation>`.
        """
        if not self._live:  # the usual case costs no lock
            return []
        latencies: list[Document] = []
        others: list[Document] = []
        with self._lock:
            for live in self._live:
                latent = live.rule["kind"] == "latency"
                if (latent or not others) and _matches(live.rule, operation) and live.strikes():
                    (latencies if latent else others).append(live.rule)
        return latencies + others

    def strikes_training_job(self, tuning_job: str) -> bool:
        """Whether the next attempt of a training job of this tuning job has an internal error."""
        if not self._live:
            return False
        with self._lock:
            return any(
                live.strikes()
                for live in self._live
                if live.rule["kind"] == "training_job_error"
                and live.rule["tuning_job"] in {None, tuning_job}
            )

    def quotas(self) -> dict[str, int]:
        """The limit of each resource that has one; the last rule of a resource counts."""
        with self._lock:
            return {
                live.rule["resource"]: live.rule["limit"]
                for live in self._live
                if live.rule["kind"] == "quota"
            }

    def count_refusal(self, resource: str) -> None:
        """Counts a request that a quota has refused."""
        with self._lock:
            for live in reversed(self._live):
                if live.rule.get("resource") == resource:
                    live.used += 1
                    return


def _fresh(rules: Iterable[Document], before: int) -> list[_Live]:
    live = [_Live(rule) for rule in rules]
    if before + len(live) > _MOST_RULES:
        raise validation_error(
            f"There would be {before + len(live)} fault rules. At most {_MOST_RULES} are kept;"
            " DELETE clears them."
        )
    return live


def _matches(rule: Document, operation: str) -> bool:
    wanted = rule.get("operation")
    if wanted is None:
        return False
    service, _, _ = operation.rpartition(":")
    every = f"{service}:{EVERY_OPERATION}" if service else EVERY_OPERATION
    return wanted in {operation, every}
