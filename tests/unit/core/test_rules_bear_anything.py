"""Whatever stands where in a request, it is violations, warnings or nothing: never a traceback."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.rules import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagemaker_tuning.core.errors import Violation

Document = dict[str, Any]
_SHAPE = shapes.input_shape("CreateHyperParameterTuningJob")
_WORDS = st.sampled_from(
    [
        "Grid",
        "Hyperband",
        "Auto",
        "Logarithmic",
        "ReverseLogarithmic",
        "1",
        "-1",
        "1e999",
        "{{ x }}",
    ]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | _WORDS, inner)
    ),
    max_leaves=5,
)
_PARTS: dict[str, Any] = {
    "WarmStartConfig": {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}],
        "WarmStartType": "TransferLearning",
    },
    "Tags": [{"Key": "a", "Value": "b"}],
    "Autotune": {"Mode": "Enabled"},
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from _places(item, (*path, key))


def _seed(document: Document) -> Document:
    """Give a request with every part that a rule looks at."""
    config = document["HyperParameterTuningJobConfig"]
    config["StrategyConfig"] = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}}
    config["TrainingJobEarlyStoppingType"] = "Off"
    definition = document["TrainingJobDefinition"]
    definition |= {"EnableManagedSpotTraining": True, "Environment": {"A": "b"}}
    definition["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "m", "Regex": "x"}]
    other = copy.deepcopy(definition) | {"DefinitionName": "a"}
    other["TuningObjective"] = dict(config["HyperParameterTuningJobObjective"])
    other["HyperParameterRanges"] = copy.deepcopy(config["ParameterRanges"])
    return {**document, **_PARTS, "TrainingJobDefinitions": [other, other]}


def _changed(document: Document, data: st.DataObject) -> None:
    *parents, last = data.draw(st.sampled_from(list(_places(document))))
    target: Any = document
    for key in parents:
        target = target[key]
    if data.draw(st.booleans()):
        target[last] = data.draw(_ANYTHING)
    else:
        del target[last]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=1500
)
@given(st.data())
def test_a_mutated_request_gives_findings_or_passes(
    request_document: Document, data: st.DataObject
) -> None:
    """Up to three places of a request changed to anything, or left out."""
    document = copy.deepcopy(_seed(request_document))
    for _ in range(data.draw(st.integers(1, 3))):
        _changed(document, data)
    for each in (document, shapes.to_model_types(document, _SHAPE)):
        findings = check(each)
        assert all(str(found) for found in (*findings.violations, *findings.warnings))


def _variants(document: Document) -> Iterator[Document]:
    """Give requests that different rules look at."""
    named = document | {"HyperParameterTuningJobName": "job"}
    yield named
    yield _seed(named)
    grid = copy.deepcopy(named)
    config = grid["HyperParameterTuningJobConfig"]
    config["Strategy"] = "Grid"
    config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 2
    config["ParameterRanges"] = {
        "CategoricalParameterRanges": [{"Name": "max_depth", "Values": ["3", "4"]}]
    }
    yield grid
    hyperband = copy.deepcopy(named)
    hyperband["HyperParameterTuningJobConfig"]["Strategy"] = "Hyperband"
    hyperband["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"] = "9"
    yield hyperband


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=1500
)
@given(st.data())
def test_a_template_adds_no_violation(request_document: Document, data: st.DataObject) -> None:
    """What is not known yet is never said to be wrong, wherever the template stands."""
    before = data.draw(st.sampled_from(list(_variants(request_document))))
    document = copy.deepcopy(before)
    *parents, last = data.draw(st.sampled_from(list(_places(document))))
    target: Any = document
    for key in parents:
        target = target[key]
    target[last] = "{{ params.x }}"
    known = {_without_numbers(each) for each in check(before).violations}
    assert {_without_numbers(each) for each in check(document).violations} <= known


def _without_numbers(violation: Violation) -> str:
    """Give what a violation says, counts of what is seen left out."""
    return re.sub(r"\d+", "", f"{violation.path} {violation.problem}")


def test_a_document_of_another_type_is_named() -> None:
    """A list, a string or nothing where the request should be."""
    documents: list[Any] = [[], "x", None, 1]
    for document in documents:
        assert len(check(document).violations) == 1
