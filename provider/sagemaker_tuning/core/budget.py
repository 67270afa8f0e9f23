"""A limit to what a tuning job may cost: before it is launched, and while it runs.

All of it is an estimate; ``core/cost.py`` says what is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.cost import (
    alternatives,
    ceiling,
    instance_types,
    is_known,
)
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.rates import HourlyRates, read_decimal
from sagemaker_tuning.core.rules import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from sagemaker_tuning.core.cost import Ceiling

_NOTHING = frozenset({"", "None", "null"})
"""What a parameter without a value is rendered to."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What instances cost, and what a tuning job may cost.

    Attributes:
        rates: Of an instance hour.
        max_cost: In the rates' currency, above 0; None for no limit.
    """

    rates: HourlyRates
    max_cost: Decimal | None = None

    @classmethod
    def of(cls, hourly_rates: Any, max_cost: Any) -> Self | None:
        """Read the user's figures; None if there are none.

        Args:
            hourly_rates: As ``HourlyRates.from_document``; None or empty for none.
            max_cost: A number or numeric text; None, or a text that is empty or ``None``, for no
                limit.

        Raises:
            InvalidTuningRequest: Either cannot be read, or there is a limit without rates.
        """
        violations: list[Violation] = []
        limit = None if _is_nothing(max_cost) else _limit(max_cost, violations)
        rates = None
        if not _is_nothing(hourly_rates):
            try:
                rates = HourlyRates.from_document(hourly_rates)
            except InvalidTuningRequest as error:
                violations += error.violations
        elif limit is not None:
            problem = f"missing, with max_cost {max_cost}"
            rule = 'the rates of an instance hour, such as {"ml.m5.large": 0.115}'
            violations.append(Violation("hourly_rates", problem, rule))
        if violations:
            raise InvalidTuningRequest(violations)
        return None if rates is None else cls(rates, limit)

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Self | None:
        """Read what ``to_document`` gave; None for None."""
        if document is None:
            return None
        return cls.of(document["HourlyRates"], document["MaxCost"])

    def to_document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "HourlyRates": self.rates.to_document(),
            "MaxCost": None if self.max_cost is None else str(self.max_cost),
        }

    def only_for(self, request: Mapping[str, Any]) -> Self:
        """Give it with the rates that a request needs, and no others."""
        return replace(self, rates=self.rates.only(instance_types(request)))

    def ceiling(self, request: Mapping[str, Any]) -> Ceiling | None:
        """Give what a request costs at most; None where nothing in it limits that."""
        return ceiling(request, self.rates)

    def violations(self, request: Mapping[str, Any], *, is_watched: bool) -> Iterator[Violation]:
        """Say why a request is not within the budget.

        Args:
            request: Of CreateHyperParameterTuningJob; what a template hides is not judged.
            is_watched: Whether the ceiling may be above the limit.
        """
        if not is_known(request):
            return
        missing = list(self._without_rate(request))
        yield from missing
        if missing or self.max_cost is None or is_watched:
            return
        limit, highest = Fraction(self.max_cost), self.ceiling(request)
        watch = 'on_ceiling="watch", to have the tuning job stopped once it has cost so much'
        if highest is None:
            problem = f"{self.max_cost:f}, and nothing limits what the request costs"
            yield Violation("max_cost", problem, f"give MaxNumberOfTrainingJobs, or {watch}")
        elif highest.cost > limit:
            problem = f"{self.max_cost:f} is less than the estimate, {highest}"
            rule = ", or ".join([*highest.remedies(limit), watch])
            yield Violation("max_cost", problem, f"give {rule}")

    def _without_rate(self, request: Mapping[str, Any]) -> Iterator[Violation]:
        for kind, path in sorted(instance_types(request).items()):
            if kind not in self.rates.rates:
                rule = "its rate for an instance hour: none is fetched or guessed"
                yield Violation(f"hourly_rates[{kind!r}]", f"missing, for {path}", rule)
        for path, definition in parts.definitions(request):
            if not alternatives(definition):
                rule = "an instance type, which the estimate of the cost needs"
                yield Violation(f"{path}.ResourceConfig.InstanceType", "missing", rule)


def _is_nothing(value: Any) -> bool:
    return value in (None, {}) or (isinstance(value, str) and value.strip() in _NOTHING)


def _limit(value: Any, violations: list[Violation]) -> Decimal | None:
    limit = read_decimal(value)
    if limit is not None and limit > 0:
        return limit
    rule = "a number above 0, in the currency of hourly_rates"
    violations.append(Violation("max_cost", repr(value), rule))
    return None
