"""What an instance costs an hour: the user's figures, never fetched and never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Self

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_KINDS = ("OnDemand", "Spot")
_MOST_DIGITS = 30
"""No money has as many; a few letters, such as 1e999999999, would say as many more."""
_RULE = (
    "a rate for an instance hour, 0 or more, such as 0.115, or "
    '{"OnDemand": 0.115, "Spot": 0.04}, with OnDemand at least'
)


@dataclass(frozen=True, slots=True)
class HourlyRates:
    """Rates for an instance hour by instance type, in whatever currency they are given.

    Attributes:
        rates: By instance type; each has ``OnDemand``, and may have ``Spot``.
    """

    rates: Mapping[str, Mapping[str, Decimal]]

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read a mapping from instance types to a number, a numeric text, or both kinds of rates.

        Numbers are taken as they are written: 0.1 is a tenth.

        Raises:
            InvalidTuningRequest: It is no such mapping; with everything that is wrong in it.
        """
        if not isinstance(document, dict) or not document:
            rule = 'a mapping such as {"ml.m5.large": 0.115}'
            raise InvalidTuningRequest([Violation("hourly_rates", repr(document), rule)])
        mistakes: list[Violation] = []
        rates = {str(kind): _read(kind, rate, mistakes) for kind, rate in document.items()}
        if mistakes:
            raise InvalidTuningRequest(mistakes)
        return cls(rates)

    def to_document(self) -> dict[str, dict[str, str]]:
        """Give what ``from_document`` reads, as JSON and without a rounding."""
        return {
            kind: {name: str(rate) for name, rate in rates.items()}
            for kind, rates in self.rates.items()
        }

    def only(self, instance_types: Iterable[str]) -> Self:
        """Give the rates of these instance types alone."""
        kinds = sorted(set(instance_types) & self.rates.keys())
        return type(self)({kind: self.rates[kind] for kind in kinds})

    def of(self, instance_type: str, *, is_spot: bool) -> Decimal | None:
        """Give the rate of an instance type; None if it has none.

        Spot without a rate of its own counts as on-demand, which it never exceeds.
        """
        rates = self.rates.get(instance_type)
        if rates is None:
            return None
        return rates["Spot"] if is_spot and "Spot" in rates else rates["OnDemand"]

    def is_spot(self, instance_type: str) -> bool:
        """Whether the instance type has a rate of its own for spot."""
        return "Spot" in self.rates.get(instance_type, {})


def read_decimal(value: Any) -> Decimal | None:
    """Give the finite number that a number or a numeric text says; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _MOST_DIGITS else None


def _read(kind: object, rate: Any, mistakes: list[Violation]) -> dict[str, Decimal]:
    path = f"hourly_rates[{kind!r}]"
    given = rate if isinstance(rate, dict) else {"OnDemand": rate}
    found = dict(_read_kinds(given))
    if set(given) - set(_KINDS) or "OnDemand" not in given or len(found) < len(given):
        mistakes.append(Violation(path, repr(rate), _RULE))
    return found


def _read_kinds(given: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for name, value in given.items():
        rate = read_decimal(value)
        if rate is not None and rate >= 0:
            yield name, rate
