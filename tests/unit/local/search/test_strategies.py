"""Search strategies and parameter ranges."""

import contextlib
import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.definition import Definition
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.search.ranges import combinations, parameters
from sagemaker_tuning.local.search.strategies import Search
from sagemaker_tuning.local.search.tuning import search_of

RANGES: dict[str, Any] = {
    "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"},
        {"Name": "alpha", "MinValue": "1e-6", "MaxValue": "10", "ScalingType": "Logarithmic"},
        {"Name": "drop", "MinValue": "0", "MaxValue": "0.99", "ScalingType": "ReverseLogarithmic"},
    ],
    "IntegerParameterRanges": [
        {"Name": "depth", "MinValue": "1", "MaxValue": "10", "ScalingType": "Auto"}
    ],
    "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}],
}

_BOUNDS = (
    *("0", "1", "-1", "10", "0.5", "0.999999999999", "1e-300", "5e-324", "1e15", "-1e15"),
    *("1e16", "-1e308", "1e308", str(2**53), str(2**64), str(-(2**53))),
)


def search(
    strategy: str, ranges: dict[str, Any], *, maximize: bool, seed: int | None, parallel: int
) -> Search:
    objective = {"MetricName": "auc", "Type": "Maximize" if maximize else "Minimize"}
    config: dict[str, Any] = {
        "Strategy": strategy,
        "ResourceLimits": {"MaxParallelTrainingJobs": parallel},
    }
    document = {"AlgorithmSpecification": {"TrainingImage": "mine:1"}}
    if seed is not None:
        config["RandomSeed"] = seed
    return search_of(Definition(document, objective, ranges), config)


def started(strategy: str, seed: int | None = 1, parallel: int = 3) -> Search:
    return search(strategy, RANGES, maximize=True, seed=seed, parallel=parallel)


def objective(number: int) -> float | None:
    """A made-up result; every seventh training job fails."""
    return None if number % 7 == 3 else math.sin(number)


@settings(deadline=None, max_examples=40)
@given(
    strategy=st.sampled_from(["Bayesian", "Random"]),
    parallel=st.integers(1, 5),
    random=st.randoms(use_true_random=False),
)
def test_the_sequence_does_not_depend_on_which_job_ends_first(
    strategy: str, parallel: int, random: Any
) -> None:
    """Whatever of the running jobs ends next, the sets are those of a run in order."""

    def sets(choose: Any) -> list[Any]:
        tuner = started(strategy, parallel=parallel)
        asked: list[Any] = []
        running: list[int] = []
        for number in range(20):
            while len(running) == parallel or not tuner.ready():
                ended = choose(running)
                running.remove(ended)
                tuner.tell(ended, objective(ended))
            asked.append(tuner.ask())
            running.append(number)
        return asked

    assert sets(random.choice) == sets(min)


def test_nothing_is_waited_for_that_does_not_matter() -> None:
    """Random sets, which a Bayesian search begins with too, need no results."""
    bayesian, uniform = started("Bayesian"), started("Random")
    for _ in range(12):
        assert bayesian.ready()
        bayesian.ask()
    assert not bayesian.ready()
    for number in range(10):
        bayesian.tell(number, 0.5)
    assert bayesian.ready()
    for _ in range(50):
        assert uniform.ready()
        uniform.ask()


def test_without_a_seed_results_count_as_they_come() -> None:
    """There is nothing to reproduce, so that no training job is waited for, ever."""
    tuner = started("Bayesian", seed=None)
    for _ in range(30):
        assert tuner.ready()
        tuner.ask()


def test_bayesian_learns_and_random_does_not() -> None:
    """After good results near eta 0.9, TPE's later sets are nearer to it than at the beginning."""
    ranges = {
        "ContinuousParameterRanges": [
            {"Name": "eta", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}
        ]
    }
    tuner = search("Bayesian", ranges, maximize=True, seed=1, parallel=1)
    distances = []
    for number in range(40):
        distance = abs(float(tuner.ask()["eta"]) - 0.9)
        distances.append(distance)
        tuner.tell(number, -distance)
    assert sum(distances[-10:]) < sum(distances[:10]) / 2


def test_values_are_texts_within_their_ranges() -> None:
    """As AWS writes them; integers without a point."""
    tuner = started("Random")
    for _ in range(200):
        values = tuner.ask()
        assert 0 <= float(values["eta"]) <= 1
        assert 1e-6 <= float(values["alpha"]) <= 10
        assert 0 <= float(values["drop"]) <= 0.99
        assert 1 <= int(values["depth"]) <= 10
        assert values["booster"] in {"gbtree", "dart"}


@pytest.mark.parametrize(
    ("name", "edge"), [("alpha", lambda x: x < 0.01), ("drop", lambda x: x > 0.9)]
)
def test_scaling_decides_where_most_samples_fall(name: str, edge: Any) -> None:
    """Logarithmic searches small values most, ReverseLogarithmic those near 1."""
    tuner = started("Random")
    samples = [float(tuner.ask()[name]) for _ in range(300)]
    assert sum(map(edge, samples)) > 120


def test_a_grid_has_every_combination_once_in_order() -> None:
    """The last hyperparameter of the request changes fastest."""
    values = {"a": ["1", "2"], "b": ["x", "y", "z"]}
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": name, "Values": choices} for name, choices in values.items()
        ]
    }
    tuner = search("Grid", ranges, maximize=True, seed=None, parallel=2)
    asked = [tuple(tuner.ask().values()) for _ in range(6)]
    assert asked == list(itertools.product(*values.values()))
    assert combinations(ranges) == 6


def test_auto_is_logarithmic_where_the_range_spans_orders_of_magnitude() -> None:
    """From 1e-5 to 1, half of the samples are below the geometric middle."""
    ranges = {
        "ContinuousParameterRanges": [
            {"Name": "rate", "MinValue": "1e-5", "MaxValue": "1", "ScalingType": "Auto"}
        ]
    }
    tuner = search("Random", ranges, maximize=True, seed=1, parallel=1)
    below = sum(float(tuner.ask()["rate"]) < 10**-2.5 for _ in range(400))
    assert 150 < below < 250


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", "1e400", "0x1", "٣", "1 "])
def test_a_bound_that_is_no_number_is_refused(text: str) -> None:
    """Python reads some of these as numbers; SageMaker's algorithms would not."""
    item = {"Name": "eta", "MinValue": text, "MaxValue": "1", "ScalingType": "Linear"}
    with pytest.raises(ApiError, match="MinValue"):
        parameters({"ContinuousParameterRanges": [item]})


@pytest.mark.parametrize("scaling", ["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"])
@pytest.mark.parametrize("kind", ["IntegerParameterRanges", "ContinuousParameterRanges"])
def test_a_range_is_refused_or_can_be_searched(kind: str, scaling: str) -> None:
    """Extreme bounds too: values between them, or one clear error."""
    searched = 0
    for low, high in itertools.product(_BOUNDS, _BOUNDS):
        item = {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}
        with contextlib.suppress(ApiError):
            tuner = search("Random", {kind: [item]}, maximize=True, seed=1, parallel=1)
            assert all(float(low) <= float(tuner.ask()["x"]) <= float(high) for _ in range(3))
            searched += 1
    assert searched or (kind, scaling) == ("IntegerParameterRanges", "ReverseLogarithmic")


def test_a_range_of_one_value_gives_that_value() -> None:
    """Min equal to max is no mistake."""
    item = {"Name": "eta", "MinValue": "0.5", "MaxValue": "0.5", "ScalingType": "Linear"}
    tuner = search(
        "Bayesian", {"ContinuousParameterRanges": [item]}, maximize=True, seed=1, parallel=1
    )
    assert tuner.ask() == {"eta": "0.5"}


@st.composite
def numeric_ranges(draw: st.DrawFn) -> dict[str, Any]:
    """A range that AWS takes, of either kind and any scaling."""
    scaling = draw(st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]))
    if draw(st.booleans()) and scaling != "ReverseLogarithmic":
        bounds = st.integers(1 if scaling == "Logarithmic" else -(2**53), 2**53)
        kind = "IntegerParameterRanges"
        pair: list[Any] = [draw(bounds), draw(bounds)]
    else:
        least = {"Logarithmic": 1e-300, "ReverseLogarithmic": 0.0}.get(scaling, -1e15)
        most = math.nextafter(1, 0) if scaling == "ReverseLogarithmic" else 1e15
        kind = "ContinuousParameterRanges"
        floats = st.floats(least, most)
        pair = [draw(floats), draw(floats)]
    low, high = map(str, sorted(pair))
    return {kind: [{"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}]}


@settings(deadline=None, max_examples=40)
@given(ranges=numeric_ranges(), seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_every_set_is_within_its_range_and_can_be_learned_from(
    strategy: str, ranges: dict[str, Any], seed: int
) -> None:
    """In every scaling; what is written for a training job is read again as within the range."""
    (kind,) = ranges
    (item,) = ranges[kind]
    read = int if kind == "IntegerParameterRanges" else float
    (parameter,) = parameters(ranges)
    tuner = search(strategy, ranges, maximize=True, seed=seed, parallel=1)
    for number in range(14):
        if tuner.exhausted:
            assert number == combinations(ranges)
            break
        text = tuner.ask()["x"]
        assert read(item["MinValue"]) <= read(text) <= read(item["MaxValue"])
        again = parameter.from_text(text)
        assert parameter.distribution._contains(parameter.distribution.to_internal_repr(again))  # noqa: SLF001 -- Optuna has no other way to ask
        tuner.tell(number, float(number))
