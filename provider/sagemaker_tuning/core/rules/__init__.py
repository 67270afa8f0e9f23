"""The rules that a request must follow across its fields, and what AWS advises beyond them.

Each rule is one function from a request to its violations, or to advice; each module holds the
rules of one part of the request. A rule must bear a request whose shapes are wrong: ``check``
collects those violations beside its own.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.core.findings import Advice, Findings
from sagemaker_tuning.core.rules import (
    budget,
    definitions,
    hyperparameters,
    objective,
    ranges,
    resources,
    scales,
    strategy,
    warm_start,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RULES: tuple[Callable[[Mapping[str, Any]], Iterator[Violation | Advice]], ...] = (
    definitions.one_or_several,
    definitions.several_are_complete,
    definitions.names_are_distinct,
    definitions.one_algorithm,
    definitions.channel_names_are_distinct,
    definitions.tag_keys_are_distinct,
    resources.one_resource_config,
    resources.instances_are_chosen,
    resources.spot_training_may_wait,
    resources.runtime_is_within_limit,
    resources.file_systems_are_in_a_vpc,
    resources.environments_are_within_limit,
    objective.objective_is_given,
    objective.objective_is_emitted,
    objective.direction_fits_metric,
    objective.directions_are_alike,
    objective.definitions_are_the_algorithms,
    ranges.bounds_are_ordered,
    ranges.scaling_fits_bounds,
    ranges.names_are_distinct,
    ranges.ranges_are_within_limits,
    hyperparameters.tuned_are_tunable,
    hyperparameters.static_are_known,
    hyperparameters.required_are_given,
    hyperparameters.ranges_are_as_recommended,
    strategy.hyperband_stops_by_itself,
    strategy.hyperband_has_a_maximum,
    strategy.grid_is_categorical,
    strategy.grid_is_complete,
    strategy.combinations_suffice,
    warm_start.strategy_can_warm_start,
    warm_start.one_definition,
    warm_start.parents_are_others,
    scales.scales_fit_ranges,
    scales.few_hyperparameters,
    budget.parallel_jobs_leave_something_to_learn,
    budget.quotas_have_room,
)


def check(request: Mapping[str, Any]) -> Findings:
    """Look for everything that is wrong, or unwise, in a CreateHyperParameterTuningJob request.

    Jinja templates (``{{ … }}``) hide what will stand in their place: what can't be known before
    they are rendered is neither a violation nor a warning.

    Args:
        request: With its values as the service model wants them (``shapes.to_model_types``). Any
            value in any place is borne.

    Returns:
        All violations and all warnings, in no order that means anything.
    """
    shape = shapes.input_shape("CreateHyperParameterTuningJob")
    found = list(dict.fromkeys(chain(shapes.findings(request, shape), _by_rules(request))))
    return Findings(
        tuple(each for each in found if isinstance(each, Violation)),
        tuple(each for each in found if isinstance(each, Advice)),
    )


def validate(request: Mapping[str, Any]) -> tuple[Advice, ...]:
    """Check a request of CreateHyperParameterTuningJob before it costs anything.

    Returns:
        What the service accepts, against its own advice: for the log.

    Raises:
        InvalidTuningRequest: With every mistake that was found.
    """
    findings = check(request)
    if findings.violations:
        raise InvalidTuningRequest(findings.violations)
    return findings.warnings


def _by_rules(request: Mapping[str, Any]) -> Iterator[Violation | Advice]:
    if isinstance(request, dict):
        yield from chain.from_iterable(rule(request) for rule in RULES)
