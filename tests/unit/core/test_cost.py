"""What a request costs at most, and whether that is within the budget."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.budget import Budget
from sagemaker_tuning.core.cost import amount, ceiling
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.rates import HourlyRates

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = dict[str, Any]
_RATES = HourlyRates.from_document(
    {
        "ml.c4.2xlarge": 0.1035,
        "ml.m5.large": {"OnDemand": "0.115", "Spot": 0.04},
        "ml.p3.2xlarge": {"OnDemand": 3.825},
    }
)


def _definition(kind: str = "ml.c4.2xlarge", count: int = 2, **others: Any) -> Document:
    return {
        "ResourceConfig": {"InstanceType": kind, "InstanceCount": count, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 12 * 3600},
    } | others


def _request(*definitions: Document, strategy: str = "Random", **limits: int) -> Document:
    limits = {"MaxParallelTrainingJobs": 4, **limits}
    config = {"Strategy": strategy, "ResourceLimits": limits}
    if len(definitions) > 1:
        return {
            "HyperParameterTuningJobConfig": config,
            "TrainingJobDefinitions": [
                {"DefinitionName": str(index), **each} for index, each in enumerate(definitions)
            ],
        }
    definition = definitions[0] if definitions else _definition()
    return {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": definition}


def _said(request: Mapping[str, Any]) -> str:
    return str(ceiling(request, _RATES))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            _request(MaxNumberOfTrainingJobs=20),
            "at most 49.68 = 20 training jobs × 12 h × 2 ml.c4.2xlarge × 0.1035",
        ),
        (
            _request(MaxNumberOfTrainingJobs=20, MaxRuntimeInSeconds=5400),
            "at most 1.25 = 4 at once × 90 min × 2 ml.c4.2xlarge × 0.1035",
        ),
        (
            _request(MaxNumberOfTrainingJobs=2, MaxRuntimeInSeconds=5400),
            "at most 0.6210 = 2 at once × 90 min × 2 ml.c4.2xlarge × 0.1035",
        ),
        (
            _request(
                _definition(
                    "ml.m5.large",
                    EnableManagedSpotTraining=True,
                    StoppingCondition={"MaxRuntimeInSeconds": 100, "MaxWaitTimeInSeconds": 9000},
                    RetryStrategy={"MaximumRetryAttempts": 30},
                ),
                MaxNumberOfTrainingJobs=1,
            ),
            "at most 0.002223 = 1 training job × 100 s × 2 ml.m5.large × 0.04 (Spot)",
        ),
        (
            _request(
                _definition("ml.p3.2xlarge", 1, EnableManagedSpotTraining=True),
                MaxNumberOfTrainingJobs=1,
            ),
            "at most 45.90 = 1 training job × 12 h × 1 ml.p3.2xlarge × 3.825",
        ),
        (
            _request(_definition(StoppingCondition={}), MaxNumberOfTrainingJobs=1),
            "at most 4.97 = 1 training job × 24 h × 2 ml.c4.2xlarge × 0.1035",
        ),
        (
            _request(
                _definition(
                    ResourceConfig={
                        "InstanceGroups": [
                            {"InstanceType": "ml.m5.large", "InstanceCount": 3},
                            {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1},
                        ],
                        "KeepAlivePeriodInSeconds": 3600,
                    }
                ),
                MaxNumberOfTrainingJobs=2,
            ),
            (
                "at most 108.42 = 2 training jobs × 12 h × (3 ml.m5.large × 0.115 + 1 "
                "ml.p3.2xlarge × 3.825) + 2 × 1 h kept alive × (3 ml.m5.large × 0.115 + 1 "
                "ml.p3.2xlarge × 3.825)"
            ),
        ),
        (
            _request(
                {
                    "HyperParameterTuningResourceConfig": {
                        "InstanceConfigs": [
                            {"InstanceType": "ml.c4.2xlarge", "InstanceCount": 1},
                            {"InstanceType": "ml.m5.large", "InstanceCount": 1},
                        ]
                    },
                    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
                },
                MaxNumberOfTrainingJobs=10,
            ),
            "at most 1.15 = 10 training jobs × 1 h × 1 ml.m5.large × 0.115",
        ),
        (
            _request(
                _definition(
                    HyperParameterTuningResourceConfig={
                        "InstanceType": "ml.p3.2xlarge",
                        "InstanceCount": 1,
                    }
                ),
                MaxNumberOfTrainingJobs=1,
            ),
            "at most 45.90 = 1 training job × 12 h × 1 ml.p3.2xlarge × 3.825",
        ),
        (
            _request(
                {
                    "ResourceConfig": {
                        "InstancePreferences": [
                            {"InstanceType": "ml.c4.2xlarge"},
                            {"InstanceType": "ml.m5.large"},
                        ],
                        "InstanceCount": 2,
                    }
                },
                MaxNumberOfTrainingJobs=1,
            ),
            "at most 5.52 = 1 training job × 24 h × 2 ml.m5.large × 0.115",
        ),
        (
            _request(
                _definition(count=1),
                _definition("ml.p3.2xlarge", 1, StoppingCondition={"MaxRuntimeInSeconds": 60}),
                MaxNumberOfTrainingJobs=10,
            ),
            "at most 12.42 = 10 training jobs × 12 h × 1 ml.c4.2xlarge × 0.1035",
        ),
        (_request(), "None"),
        (
            _request(
                _definition(ResourceConfig={"InstanceType": "ml.m5.large"})
                | {
                    "HyperParameterRanges": {
                        "CategoricalParameterRanges": [
                            {"Name": "a", "Values": ["1", "2", "3"]},
                            {"Name": "b", "Values": ["1", "2"]},
                        ]
                    }
                },
                strategy="Grid",
            ),
            "at most 8.28 = 6 training jobs × 12 h × 1 ml.m5.large × 0.115",
        ),
        (
            _request(
                _definition(
                    ResourceConfig={
                        "InstanceType": "ml.m5.large",
                        "KeepAlivePeriodInSeconds": 60,
                    }
                ),
                MaxRuntimeInSeconds=3600,
            ),
            "None",
        ),
    ],
)
def test_a_ceiling_has_its_formula(request_: Document, said: str) -> None:
    """Every way in which the service is told what to run on, for how long and how often counts."""
    assert _said(request_) == said


_COUNTS = st.integers(1, 5)
_SECONDS = st.integers(1, 10**6)
_MONEY = st.decimals(Decimal("0.0001"), 100, places=4)


@st.composite
def _runs(draw: st.DrawFn) -> tuple[Document, list[tuple[Document, int]]]:
    """A request, and what its training jobs may be of and take in seconds."""
    number, parallel = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    whole = draw(st.none() | st.integers(120, 10**6))
    definitions = [
        _definition(
            draw(st.sampled_from(sorted(_RATES.rates))),
            draw(_COUNTS),
            StoppingCondition={"MaxRuntimeInSeconds": draw(_SECONDS)},
            EnableManagedSpotTraining=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    limits = {"MaxNumberOfTrainingJobs": number, "MaxParallelTrainingJobs": parallel}
    if whole is not None:
        limits["MaxRuntimeInSeconds"] = whole
    request = _request(*definitions, strategy="Random", **limits)
    free = [0] * parallel
    course: list[tuple[Document, int]] = []
    for _ in range(number):
        index = draw(st.integers(0, len(definitions) - 1))
        start = min(free)
        longest = definitions[index]["StoppingCondition"]["MaxRuntimeInSeconds"]
        seconds = draw(st.integers(0, longest))
        if whole is not None:
            seconds = max(0, min(seconds, whole - start))
        free[free.index(start)] = start + seconds
        course.append((definitions[index], seconds))
    return request, course


@given(_runs())
def test_no_course_of_a_tuning_job_costs_more_than_its_ceiling(
    run: tuple[Document, list[tuple[Document, int]]],
) -> None:
    """However long its training jobs take, and whichever definition they are of."""
    request, course = run
    cost = Fraction()
    for definition, seconds in course:
        resources = definition["ResourceConfig"]
        is_spot = definition["EnableManagedSpotTraining"]
        rate = _RATES.of(resources["InstanceType"], is_spot=is_spot)
        assert rate is not None
        cost += resources["InstanceCount"] * Fraction(rate) * seconds / 3600
    highest = ceiling(request, _RATES)
    assert highest is not None
    assert cost <= highest.cost


@given(_runs(), _MONEY)
def test_what_is_advised_is_within_the_limit(run: tuple[Document, Any], limit: Decimal) -> None:
    """Each remedy of its own makes the request pass."""
    request, _ = run
    budget = Budget(_RATES, limit)
    highest = budget.ceiling(request)
    assert highest is not None
    violations = list(budget.violations(request, is_watched=False))
    assert bool(violations) is (highest.cost > limit)
    assert list(budget.violations(request, is_watched=True)) == []
    for remedy in highest.remedies(Fraction(limit)) if violations else ():
        assert remedy in violations[0].rule
        field, _, value = remedy.partition(" of at most ")
        mended = json.loads(json.dumps(request))
        limits = mended["HyperParameterTuningJobConfig"]["ResourceLimits"]
        if field == "StoppingCondition.MaxRuntimeInSeconds":
            single = mended.get("TrainingJobDefinition")
            for each in [single] if single else mended["TrainingJobDefinitions"]:
                each["StoppingCondition"]["MaxRuntimeInSeconds"] = int(value)
        else:
            limits[field.removeprefix("ResourceLimits.")] = int(value)
        assert list(budget.violations(mended, is_watched=False)) == []


@given(st.fractions(0, 10**6))
def test_an_amount_is_never_written_as_less_than_it_is(cost: Fraction) -> None:
    """It is rounded up, by a cent or a thousandth of it at most."""
    written = Fraction(amount(cost))
    assert cost <= written <= cost + max(Fraction(1, 100), cost / 1000)


def test_exact_money_passes_exactly() -> None:
    """A limit that is the ceiling to the last digit is enough, and a whit less is not."""
    request = _request(_definition(count=1), MaxNumberOfTrainingJobs=3)
    exact = Decimal("0.1035") * 36
    assert not list(Budget(_RATES, exact).violations(request, is_watched=False))
    less = Budget(_RATES, exact - Decimal("1e-20"))
    assert len(list(less.violations(request, is_watched=False))) == 1


def test_every_instance_type_without_a_rate_is_named() -> None:
    """Together, with where each stands."""
    request = _request(
        _definition("ml.a"), _definition("ml.b"), _definition(), MaxNumberOfTrainingJobs=1
    )
    found = list(Budget(_RATES).violations(request, is_watched=True))
    assert [each.path for each in found] == ["hourly_rates['ml.a']", "hourly_rates['ml.b']"]
    assert "TrainingJobDefinitions[1]" in found[1].problem


def test_a_request_without_a_limit_is_refused_or_watched() -> None:
    """Nothing is guessed where the request leaves the number to the service."""
    budget = Budget(_RATES, Decimal(5))
    (found,) = budget.violations(_request(), is_watched=False)
    assert found.path == "max_cost"
    assert "MaxNumberOfTrainingJobs" in found.rule
    assert list(budget.violations(_request(), is_watched=True)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"StoppingCondition": {"MaxRuntimeInSeconds": "{{ params.seconds }}"}},
        {"ResourceConfig": {"InstanceType": "{{ params.instance_type }}"}},
        {"EnableManagedSpotTraining": "{{ params.spot }}"},
    ],
)
def test_what_a_template_hides_is_not_judged(change: Document) -> None:
    """It is when it is rendered."""
    request = _request(_definition() | change, MaxNumberOfTrainingJobs=10**6)
    assert list(Budget(_RATES, Decimal(1)).violations(request, is_watched=False)) == []


def test_a_template_elsewhere_hides_nothing() -> None:
    """A request whose data is of the day is judged all the same."""
    request = _request(_definition(RoleArn="{{ var.value.role }}"), MaxNumberOfTrainingJobs=10**6)
    assert len(list(Budget(_RATES, Decimal(1)).violations(request, is_watched=False))) == 1


@pytest.mark.parametrize(
    ("rates", "limit", "paths"),
    [
        ({"ml.a": "much"}, None, ["hourly_rates['ml.a']"]),
        ({"ml.a": -1, "ml.b": True}, None, ["hourly_rates['ml.a']", "hourly_rates['ml.b']"]),
        ({"ml.a": {"Spot": 1}}, None, ["hourly_rates['ml.a']"]),
        ({"ml.a": {"OnDemand": 1, "Sopt": 1}}, None, ["hourly_rates['ml.a']"]),
        ({"ml.a": float("nan")}, None, ["hourly_rates['ml.a']"]),
        ({"ml.a": "1e999999999"}, None, ["hourly_rates['ml.a']"]),
        ([0.1], None, ["hourly_rates"]),
        (None, 5, ["hourly_rates"]),
        ("None", "5", ["hourly_rates"]),
        ({"ml.a": 1}, 0, ["max_cost"]),
        ({"ml.a": 1}, "five", ["max_cost"]),
        ({"ml.a": 1}, True, ["max_cost"]),
        ({"ml.a": "x"}, "x", ["max_cost", "hourly_rates['ml.a']"]),
    ],
)
def test_figures_that_are_none_are_refused_together(
    rates: Any, limit: Any, paths: list[str]
) -> None:
    """Each with its path, and none is taken for zero or for no limit."""
    with pytest.raises(InvalidTuningRequest) as refused:
        Budget.of(rates, limit)
    assert [each.path for each in refused.value.violations] == paths


@pytest.mark.parametrize("nothing", [None, "", " ", "None", "null"])
def test_a_parameter_without_a_value_is_no_limit(nothing: Any) -> None:
    """Templates render None as text."""
    assert Budget.of(nothing, nothing) is None
    assert Budget.of({"ml.a": "0"}, nothing) == Budget(
        HourlyRates({"ml.a": {"OnDemand": Decimal(0)}})
    )


@given(st.dictionaries(st.text(min_size=1), _MONEY, min_size=1), _MONEY)
def test_a_budget_survives_being_stored(rates: dict[str, Decimal], limit: Decimal) -> None:
    """As JSON in a trigger, to the last digit."""
    budget = Budget.of(rates, limit)
    assert budget is not None
    assert Budget.from_document(json.loads(json.dumps(budget.to_document()))) == budget
