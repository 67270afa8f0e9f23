"""Ranges that the service chooses."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.search.auto_parameters import searched_ranges
from sagemaker_tuning.local.search.ranges import parameters
from sagemaker_tuning.local.wire import Document
from tests.unit.local.search.requests import XGBOOST, request


def chosen(name: str, hint: str, image: str = "mine:1", **static: str) -> Document:
    ranges = {"AutoParameters": [{"Name": name, "ValueHint": hint}]}
    (definition,) = definitions(request("Random", ranges, image=image, static=static))
    found = searched_ranges(definition)
    parameters(found)  # whatever is chosen can be searched
    return found


@pytest.mark.parametrize(
    ("hint", "low", "high"),
    [("0.3", "0.1", "0.5"), ("0.01", "0.01", "0.5"), ("1", "0.1", "1")],
)
def test_the_recommended_range_is_widened_to_the_hint(hint: str, low: str, high: str) -> None:
    """An example of a value must be one that can come."""
    (item,) = chosen("eta", hint, XGBOOST)["ContinuousParameterRanges"]
    assert (item["MinValue"], item["MaxValue"]) == (low, high)


@pytest.mark.parametrize(
    ("hint", "kind", "low", "high"),
    [
        ("64", "IntegerParameterRanges", "6", "640"),
        ("2", "IntegerParameterRanges", "1", "20"),
        ("0.5", "ContinuousParameterRanges", "0.05", "1.0"),
        ("1e-3", "ContinuousParameterRanges", "0.0001", "0.01"),
        ("2.0", "ContinuousParameterRanges", "0.2", "20.0"),
    ],
)
def test_the_range_of_an_algorithm_of_ones_own_is_around_the_hint(
    hint: str, kind: str, low: str, high: str
) -> None:
    """An order of magnitude to each side; a fraction stays one."""
    (item,) = chosen("rate", hint)[kind]
    assert (item["MinValue"], item["MaxValue"]) == (low, high)


def test_in_script_mode_the_hyperparameters_are_the_scripts() -> None:
    """Whatever the image."""
    assert chosen("rate", "64", XGBOOST, sagemaker_program="train.py")["IntegerParameterRanges"]


@settings(deadline=None)
@given(name=st.sampled_from(["eta", "max_depth", "other"]), hint=st.text(max_size=20))
@example(name="eta", hint="1e-400")
@example(name="eta", hint="1e400")
@example(name="eta", hint="1e-320")
@example(name="eta", hint="1e14")
@example(name="eta", hint="0.0")
@example(name="max_depth", hint="1" * 15)
@pytest.mark.parametrize("image", ["mine:1", XGBOOST])
def test_any_hint_is_refused_or_gives_a_range(image: str, name: str, hint: str) -> None:
    """Nothing else comes of one that cannot be read."""
    try:
        found = chosen(name, hint, image)
    except ApiError as error:
        assert "AutoParameters.1" in error.message  # noqa: PT017 -- either of both will do
    else:
        assert sum(map(len, found.values())) == 1
