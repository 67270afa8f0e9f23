"""What a tuning job costs at most, by rates that the user gives. It is an estimate.

Counted is the time of instances: SageMaker bills training jobs from ``TrainingStartTime`` to
``TrainingEndTime``
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobSummary.html).
Left out are storage volumes, S3, logs, data transfer and taxes, and what a training job takes
beyond its time limit to stop (two minutes after SIGTERM) and to upload its artifacts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.rules.strategy import count_combinations
from sagemaker_tuning.core.templates import hides, is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagemaker_tuning.core.rates import HourlyRates

_HOUR = 3600
_DEFAULT_RUNTIME_SECONDS = 24 * _HOUR
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html"""
_BILLED = (
    "StoppingCondition",
    "ResourceConfig",
    "HyperParameterTuningResourceConfig",
    "EnableManagedSpotTraining",
)
_SHORTEST_TUNING_SECONDS = 120
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html"""
_SHOWN_DIGITS = 4

Instances = tuple[tuple[int, str], ...]
"""Counts and instance types that a training job runs on at once."""


@dataclass(frozen=True, slots=True)
class Price:
    """What an hour of one training job costs.

    Attributes:
        per_hour: In the rates' currency.
        formula: How that comes about.
    """

    per_hour: Fraction
    formula: str


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a request costs at most.

    Attributes:
        cost: In the rates' currency.
        formula: How that comes about.
        terms: What limits the cost.
    """

    cost: Fraction
    formula: str
    terms: _Terms

    def __str__(self) -> str:
        return f"at most {amount(self.cost)} = {self.formula}"

    def remedies(self, limit: Fraction) -> list[str]:
        """Say which single change keeps the request within a limit; empty if none does."""
        return list(self.terms.remedies(limit))


def amount(cost: Fraction) -> str:
    """Write an amount of money: to the cent, finer below 1, rounded up."""
    places = 2
    if cost < 1 and (cost * 100).denominator != 1:
        exact = Decimal(cost.numerator) / Decimal(cost.denominator)
        places = _SHOWN_DIGITS - 1 - exact.adjusted()
    return format(Decimal(math.ceil(cost * 10**places)).scaleb(-places), "f")


def alternatives(definition: Mapping[str, Any]) -> list[Instances]:
    """Give what a training job of a definition may run on; one of several, if there are several."""
    tuning = parts.mapping(definition, "HyperParameterTuningResourceConfig")
    plain = parts.mapping(definition, "ResourceConfig")
    config = tuning or plain
    if groups := parts.items(config, "InstanceGroups"):
        return [tuple(_instances(groups))]
    listed = parts.items(config, "InstanceConfigs") or parts.items(config, "InstancePreferences")
    return [(each,) for each in _instances(listed or [config], config.get("InstanceCount"))]


def instance_types(request: Mapping[str, Any]) -> dict[str, str]:
    """Give the instance types that a request may use, each with the path where it first stands."""
    return {
        kind: path
        for path, definition in reversed(list(parts.definitions(request)))
        for each in alternatives(definition)
        for _, kind in each
    }


def prices(request: Mapping[str, Any], rates: HourlyRates) -> dict[str | None, Price]:
    """Give what an hour of a training job costs, by ``DefinitionName``.

    Where a training job may run on several kinds of instances, it counts as on the dearest.

    Args:
        request: Of CreateHyperParameterTuningJob, or an answer of Describe.
        rates: With every instance type of it; what has no rate is left out.
    """
    found: dict[str | None, Price] = {}
    for _, definition in parts.definitions(request):
        is_spot = definition.get("EnableManagedSpotTraining") is True
        priced = [_price(each, rates, is_spot=is_spot) for each in alternatives(definition)]
        known = [price for price in priced if price is not None]
        if known:
            name = definition.get("DefinitionName")
            found[name] = max(known, key=lambda price: price.per_hour)
    return found


def is_known(request: Mapping[str, Any]) -> bool:
    """Whether no template hides what the ceiling depends on."""
    given = [request.get("TrainingJobDefinition"), *parts.items(request, "TrainingJobDefinitions")]
    definitions = [definition for _, definition in parts.definitions(request)]
    billed = [definition.get(key) for definition in definitions for key in _BILLED]
    counted: list[Any] = [parts.config(request, "ResourceLimits")]
    if parts.lookup(counted[0], "MaxNumberOfTrainingJobs") is None:
        counted.append(parts.config(request))
        counted += [definition.get("HyperParameterRanges") for definition in definitions]
    return bool(definitions) and not (any(map(is_template, given)) or hides([billed, counted]))


def ceiling(request: Mapping[str, Any], rates: HourlyRates) -> Ceiling | None:
    """Give what a request costs at most; None where nothing in it limits that.

    The smaller of all training jobs' time limits and of what can run in parallel until the tuning
    job's own; and the time that instances are kept alive after each training job. Of several
    definitions, all training jobs count as of the dearest. ``MaxWaitTimeInSeconds`` of spot
    training is not billed, and a ``RetryStrategy`` stays within ``MaxRuntimeInSeconds``.

    Args:
        request: Of CreateHyperParameterTuningJob, with an instance type and a rate in each
            definition.
        rates: By instance type.
    """
    limits = parts.config(request, "ResourceLimits")
    terms = _Terms(
        number=_number(request),
        parallel=parts.integer(parts.lookup(limits, "MaxParallelTrainingJobs")),
        seconds=parts.integer(parts.lookup(limits, "MaxRuntimeInSeconds")),
        jobs=tuple(_jobs(request, rates)),
    )
    candidates = [each for each in (terms.by_number(), terms.by_time()) if each is not None]
    if not candidates:
        return None
    cost, formula = min(candidates)
    return Ceiling(cost, formula, terms)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a training job of a definition may take.

    Attributes:
        price: Of an hour.
        seconds: It runs for, at most.
        kept_seconds: Its instances are kept after it, at most.
    """

    price: Price
    seconds: int
    kept_seconds: int

    @property
    def running(self) -> Fraction:
        return self.price.per_hour * self.seconds / _HOUR

    @property
    def kept(self) -> Fraction:
        return self.price.per_hour * self.kept_seconds / _HOUR


@dataclass(frozen=True, slots=True)
class _Terms:
    """What limits a request's cost.

    Attributes:
        number: Of training jobs; None for any.
        parallel: Training jobs at once; None for any.
        seconds: The tuning job runs for; None for any.
        jobs: What one may take, by definition.
    """

    number: int | None
    parallel: int | None
    seconds: int | None
    jobs: Sequence[_Job]

    def by_number(self) -> tuple[Fraction, str] | None:
        """Give the cost of all training jobs, each until its time limit."""
        if self.number is None or not self.jobs:
            return None
        job = max(self.jobs, key=lambda each: each.running)
        kept, formula = self._kept()
        text = f"{_counted(self.number)} × {_time(job.seconds)} × {job.price.formula}{formula}"
        return self.number * job.running + kept, text

    def by_time(self) -> tuple[Fraction, str] | None:
        """Give the cost of as many training jobs as run at once, until the tuning job's limit."""
        kept = self._most_kept()
        if self.seconds is None or self.parallel is None or not self.jobs:
            return None
        if kept.kept and self.number is None:
            return None
        at_once = min(self.parallel, self.number or self.parallel)
        job = max(self.jobs, key=lambda each: each.price.per_hour)
        cost, formula = self._kept()
        text = f"{at_once} at once × {_time(self.seconds)} × {job.price.formula}{formula}"
        return at_once * job.price.per_hour * self.seconds / _HOUR + cost, text

    def remedies(self, limit: Fraction) -> Iterator[str]:
        """Say which single change keeps the cost within a limit."""
        rate = max(job.price.per_hour for job in self.jobs) / _HOUR
        each = max(job.running for job in self.jobs)
        if self.seconds is not None:
            each = min(each, rate * self.seconds)
        each += self._most_kept().kept
        if each and (number := math.floor(limit / each)):
            yield f"MaxNumberOfTrainingJobs of at most {number}"
        left = limit - self._kept()[0]
        if self.number and rate and (run := math.floor(left / (self.number * rate))) > 0:
            yield f"StoppingCondition.MaxRuntimeInSeconds of at most {run}"
        if (self.number is None and self._most_kept().kept) or not self.parallel or not rate:
            return
        at_once = min(self.parallel, self.number or self.parallel)
        if (whole := math.floor(left / (at_once * rate))) >= _SHORTEST_TUNING_SECONDS:
            yield f"ResourceLimits.MaxRuntimeInSeconds of at most {whole}"

    def _most_kept(self) -> _Job:
        return max(self.jobs, key=lambda each: each.kept)

    def _kept(self) -> tuple[Fraction, str]:
        job = self._most_kept()
        if not job.kept or self.number is None:
            return Fraction(), ""
        text = f" + {self.number} × {_time(job.kept_seconds)} kept alive × {job.price.formula}"
        return self.number * job.kept, text


def _jobs(request: Mapping[str, Any], rates: HourlyRates) -> Iterator[_Job]:
    by_name = prices(request, rates)
    for _, definition in parts.definitions(request):
        price = by_name.get(definition.get("DefinitionName"))
        if price is None:
            continue
        run = parts.integer(parts.lookup(definition, "StoppingCondition", "MaxRuntimeInSeconds"))
        kept = parts.integer(parts.lookup(definition, "ResourceConfig", "KeepAlivePeriodInSeconds"))
        yield _Job(price, _DEFAULT_RUNTIME_SECONDS if run is None else run, kept or 0)


def _number(request: Mapping[str, Any]) -> int | None:
    number = parts.integer(parts.config(request, "ResourceLimits", "MaxNumberOfTrainingJobs"))
    if number is not None or parts.config(request, "Strategy") != "Grid":
        return number
    found = count_combinations(request)
    return None if found is None or math.isinf(found) else int(found)


def _instances(documents: Sequence[Any], count: Any = None) -> Iterator[tuple[int, str]]:
    for document in documents:
        kind = parts.lookup(document, "InstanceType")
        given = parts.integer(parts.lookup(document, "InstanceCount"))
        number = parts.integer(count) if given is None else given
        if isinstance(kind, str):
            yield (1 if number is None else number), kind


def _price(instances: Instances, rates: HourlyRates, *, is_spot: bool) -> Price | None:
    total, texts = Fraction(), []
    for count, kind in instances:
        rate = rates.of(kind, is_spot=is_spot)
        if rate is None:
            return None
        total += count * Fraction(rate)
        spot = " (Spot)" if is_spot and rates.is_spot(kind) else ""
        texts.append(f"{count} {kind} × {rate:f}{spot}")
    return Price(total, texts[0] if len(texts) == 1 else f"({' + '.join(texts)})")


def _counted(number: int) -> str:
    return f"{number} training job" + ("" if number == 1 else "s")


def _time(seconds: int) -> str:
    for unit, name in ((_HOUR, "h"), (60, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
