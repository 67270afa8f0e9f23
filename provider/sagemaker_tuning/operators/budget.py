"""What a task's tuning job may cost, as far as the user says so. All of it is an estimate."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sagemaker_tuning.core.budget import Budget
from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.spending import consumed, spending_line
from sagemaker_tuning.core.templates import hides
from sagemaker_tuning.operators.aws import CallsAws
from sagemaker_tuning.operators.base import raise_over_budget
from sagemaker_tuning.operators.documents import TakesDocuments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from airflow.sdk import Context

    from sagemaker_tuning.core.errors import Violation

OnCeiling = Literal["refuse", "watch"]
"""What a request is that could cost more than ``max_cost``."""


class HasBudget(TakesDocuments, CallsAws):
    """An operator that knows what its tuning job costs, and may cost."""

    further_documents: ClassVar[Sequence[str]] = ("hourly_rates",)
    hourly_rates: Any
    max_cost: Any
    on_ceiling: OnCeiling

    _budget: Budget | None = None

    def parsed_budget_violations(self, document: Mapping[str, Any]) -> list[Violation]:
        """Look for mistakes when the DAG is parsed, as far as templates and files hide none."""
        try:
            rates = self.parsed_document("hourly_rates", "hourly_rates")
            if hides([rates, self.max_cost]) or not _is_literal(self.max_cost):
                return []
            return self._violations(Budget.of(rates, self.max_cost), document)
        except InvalidTuningRequest as error:
            return list(error.violations)

    def read_budget(self, document: Mapping[str, Any], context: Context) -> list[Violation]:
        """Take the figures as they are now; give what is wrong with them, or with the request."""
        try:
            rates = self.given_document("hourly_rates", "hourly_rates", context)
            budget = Budget.of(rates, self.max_cost)
        except InvalidTuningRequest as error:
            return list(error.violations)
        self._budget = None if budget is None else budget.only_for(document)
        return self._violations(budget, document)

    def estimated_cost(
        self, document: Mapping[str, Any], consumed: Fraction | None = None
    ) -> dict[str, Any]:
        """Give what the result says of the cost; empty without rates.

        Args:
            document: The request, or an answer of Describe.
            consumed: By the training jobs so far; None if that is not known.
        """
        if self._budget is None:
            return {}
        estimate: dict[str, Any] = {}
        if ceiling := self._budget.ceiling(document):
            estimate = {"AtMost": float(ceiling.cost), "Formula": ceiling.formula}
        if consumed is not None:
            estimate["Consumed"] = float(consumed)
        return {"EstimatedCost": estimate}

    def log_estimate(self, document: Mapping[str, Any]) -> None:
        """Say what the request costs at most."""
        if self._budget is not None:
            ceiling = self._budget.ceiling(document)
            self.log.info("estimate: %s", ceiling or "nothing limits what the request costs")

    def consumed_by(self, description: Mapping[str, Any]) -> Fraction | None:
        """Give what a tuning job has cost so far; None without rates, or if it can't be told now.

        Args:
            description: Answer of Describe.
        """
        if self._budget is None:
            return None
        try:
            return self._consumed_by(description, self._budget)
        except AwsCallFailed as error:
            name = description["HyperParameterTuningJobName"]
            self.log.warning("%s; what %s has cost is not known", error, name)
            return None

    def check_spending(
        self, description: Mapping[str, Any], spent: Fraction | None, *, is_accepted: bool = False
    ) -> None:
        """Raise if a tuning job was stopped because it cost too much.

        Args:
            description: Answer of Describe.
            spent: What it has cost.
            is_accepted: Whether what it came to is good enough all the same.

        Raises:
            TuningJobStopped: Never retried.
        """
        limit = None if self._budget is None else self._budget.max_cost
        snapshot = Snapshot.from_description(description)
        if limit is None or spent is None or spent <= limit or not _is_stopped(snapshot):
            return
        spending = spending_line(spent, limit)
        if not is_accepted:
            raise_over_budget(self.hook, snapshot, spending)
        self.log.warning(
            "%s: %s was stopped, and its best so far is taken", spending, snapshot.name
        )

    def check_next(self, description: Mapping[str, Any]) -> None:
        """Raise if no other tuning job may be launched after one, because it cost too much.

        Args:
            description: Answer of Describe.

        Raises:
            TuningJobStopped: Never retried.
            AwsCallFailed: It was stopped, and what it has cost cannot be told now.
        """
        budget = self._budget
        if budget is None or budget.max_cost is None:
            return
        if _is_stopped(Snapshot.from_description(description)):
            self.check_spending(description, self._consumed_by(description, budget))

    def _consumed_by(self, description: Mapping[str, Any], budget: Budget) -> Fraction:
        jobs, now = self.hook.training_jobs_by_now(description["HyperParameterTuningJobName"])
        return consumed(description, jobs, budget.rates, now)

    def _violations(self, budget: Budget | None, document: Mapping[str, Any]) -> list[Violation]:
        if budget is None:
            return []
        return list(budget.violations(document, is_watched=self.on_ceiling == "watch"))


def _is_stopped(snapshot: Snapshot) -> bool:
    return snapshot.status in {"Stopping", "Stopped"}


def _is_literal(value: object) -> bool:
    return value is None or isinstance(value, int | float | str | Decimal)
