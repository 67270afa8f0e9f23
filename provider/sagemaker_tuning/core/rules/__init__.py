"""The rules that a request must follow across its fields.

Each rule is one function from a request to its violations; each module holds the rules of one part
of the request. A rule must bear a request whose shapes are wrong: ``validate`` collects those
violations beside its own.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.rules import definitions, objective, ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagemaker_tuning.core.errors import Violation

RULES: tuple[Callable[[Mapping[str, Any]], Iterator[Violation]], ...] = (
    definitions.one_or_several,
    definitions.several_are_complete,
    definitions.one_resource_config,
    objective.objective_is_emitted,
    ranges.bounds_are_ordered,
    ranges.scaling_fits_bounds,
    ranges.names_are_distinct,
)


def validate(request: Mapping[str, Any]) -> None:
    """Check a request of CreateHyperParameterTuningJob before it costs anything.

    Raises:
        InvalidTuningRequest: With every mistake that was found.
    """
    shape = shapes.input_shape("CreateHyperParameterTuningJob")
    found = list(shapes.violations(request, shape))
    found += [v for v in _by_rules(request) if v not in found]
    if found:
        raise InvalidTuningRequest(found)


def _by_rules(request: Mapping[str, Any]) -> Iterator[Violation]:
    return chain.from_iterable(rule(request) for rule in RULES)
