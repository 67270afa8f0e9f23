"""Reading and writing JSON 1.1 by the service model."""

import json
import re
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from sagemaker_tuning.local import validation, wire
from sagemaker_tuning.local.api import OPERATIONS, TAG_OPERATIONS
from sagemaker_tuning.local.errors import ApiError

TYPES = {
    "structure",
    "map",
    "list",
    "string",
    "boolean",
    "integer",
    "long",
    "float",
    "double",
    "timestamp",
}


def parse(operation: str, document: Any) -> wire.Document:
    return wire.parse(operation, json.dumps(document).encode())


def refusal(operation: str, document: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse(operation, document)
    return caught.value


def test_null_is_absent() -> None:
    """A member that is null counts as one that is not there."""
    assert parse("ListTrainingJobs", {"NameContains": None, "MaxResults": 5}) == {"MaxResults": 5}
    assert "must not be null" in refusal("DescribeTrainingJob", {"TrainingJobName": None}).message


def test_an_empty_body_is_an_empty_document() -> None:
    """Some clients send none where every member is optional."""
    assert wire.parse("ListTrainingJobs", b"") == {}


@pytest.mark.parametrize(
    ("operation", "document", "message"),
    [
        ("ListTrainingJobs", {"MaxResults": True}, "BOOLEAN_VALUE can not be converted to Integer"),
        ("ListTrainingJobs", {"MaxResults": 1.5}, "NUMBER_VALUE can not be converted to Integer"),
        ("ListTrainingJobs", {"MaxResults": 2**31}, "does not fit in 32 bits"),
        ("ListTrainingJobs", {"CreationTimeAfter": "now"}, "can not be converted to Timestamp"),
        ("AddTags", {"Tags": {"a": "b"}}, "MAP_VALUE can not be converted to List at 'tags'"),
        ("AddTags", {"Tags": [None]}, "NULL_VALUE can not be converted to Structure at 'tags.1."),
        ("AddTags", "text", "STRING_VALUE can not be converted to Structure"),
    ],
)
def test_the_wrong_type_is_named_with_its_place(
    operation: str, document: Any, message: str
) -> None:
    error = refusal(operation, document)
    assert error.code == "SerializationException"
    assert message in error.message


def test_a_number_beyond_a_float_is_refused() -> None:
    """1e999 is JSON, and infinite to Python."""
    with pytest.raises(ApiError, match="out of range"):
        wire.parse("ListTrainingJobs", b'{"CreationTimeAfter": 1e999}')


def test_all_violations_are_reported_at_once_in_the_models_order() -> None:
    """Required members, sizes, patterns and unknown members, each with its path."""
    error = refusal(
        "AddTags", {"Unknown": 1, "Tags": [{"Key": "", "Value": "%"}], "ResourceArn": "x" * 257}
    )
    assert error.message.startswith("4 validation errors detected: ")
    assert re.findall(r"at '([^']*)'", error.message) == [
        "resourceArn",
        "tags.1.member.key",
        "tags.1.member.value",
        "Unknown",
    ]


def test_only_modelled_members_are_sent() -> None:
    """What documents hold beside the API's members stays here; times have milliseconds."""
    body = wire.serialise(
        "ListTrainingJobs",
        {"TrainingJobSummaries": [{"TrainingJobName": "a", "CreationTime": 1.23456, "Own": 1}]},
    )
    assert json.loads(body) == {
        "TrainingJobSummaries": [{"TrainingJobName": "a", "CreationTime": 1.235}]
    }


def test_an_operation_without_output_answers_nothing() -> None:
    """As AWS does for Stop."""
    assert wire.serialise("StopTrainingJob", {}) == b""


def test_every_pattern_of_the_service_model_is_one_for_python_too() -> None:
    """The service model's patterns are Java's; none must fail when it is used first."""
    model = wire.service_model()
    shapes = [model.shape_for(name) for name in model.shape_names]
    patterns = {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}
    assert len(patterns) > 100
    for pattern in patterns:
        validation.compiled(pattern)


def test_every_type_of_the_requests_is_one_that_is_read() -> None:
    """No operation of ours takes blobs, documents or unions, which nothing here would check."""
    for operation in (*OPERATIONS, *TAG_OPERATIONS):
        shape = wire.service_model().operation_model(operation).input_shape
        assert shape is not None
        for below in _shapes(shape):
            assert below.type_name in TYPES, below
            assert not getattr(below, "is_tagged_union", False), below
            assert "jsonvalue" not in below.serialization, below


def test_what_is_nested_too_deeply_is_refused() -> None:
    """Wherever on the way Python gives up, which a single depth may decide."""
    for depth in (*range(500, 1100), 100_000):
        body = b'{"Unknown": ' + b"[" * depth + b"]" * depth + b"}"
        with pytest.raises(ApiError) as caught:
            wire.parse("ListTrainingJobs", body)
        assert caught.value.code in {"SerializationException", "ValidationException"}


def test_many_mistakes_make_a_short_message() -> None:
    """A hundred of them are named."""
    error = refusal("AddTags", {"ResourceArn": "a", "Tags": [{}] * 100_000})
    assert error.message.startswith("100 validation errors detected: ")
    assert len(error.message) < 20_000


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*", "e\u0301 1+1=2 €!", "tab\t"),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}", "a key/1", "50%"),
        (r"arn:[\p{Alnum}\-]+:lambda", "arn:aws-cn:lambda", "arn:é:lambda"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a\t🙂", "\x00"),
    ],
)
def test_javas_classes_are_pythons(pattern: str, good: str, bad: str) -> None:
    """Unicode categories, and what Java writes as pairs of surrogates."""
    assert validation.compiled(pattern).fullmatch(good)
    assert not validation.compiled(pattern).fullmatch(bad)


def test_tags_may_have_letters_of_any_script() -> None:
    """The one pattern with Unicode classes, which Python's re does not have."""
    pattern = validation.compiled(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
    assert pattern.fullmatch("équipe 数 ٣ a_b@c")
    assert not pattern.fullmatch("50%")


@pytest.mark.parametrize(
    ("operation", "document", "path"),
    [
        ("ListTags", {"ResourceArn": "arn:\ud800"}, "resourceArn"),
        (
            "CreateHyperParameterTuningJob",
            {"TrainingJobDefinition": {"Environment": {"\udfff": "x"}}},
            "trainingJobDefinition.environment",
        ),
    ],
)
def test_half_a_pair_of_surrogates_is_no_text(
    operation: str, document: wire.Document, path: str
) -> None:
    """JSON can write it, and neither the store nor a file could."""
    error = refusal(operation, document)
    assert error.code == "SerializationException"
    assert error.message.startswith(f"The text at '{path}' is not Unicode: ")


def _shapes(shape: Shape, seen: frozenset[str] = frozenset()) -> list[Shape]:
    """A shape and all below it."""
    below: list[Shape] = []
    if shape.name in seen:
        return below
    if isinstance(shape, StructureShape):
        below = list(shape.members.values())
    elif isinstance(shape, ListShape):
        below = [shape.member]
    elif isinstance(shape, MapShape):
        below = [shape.key, shape.value]
    seen |= {shape.name}
    return [shape, *(each for member in below for each in _shapes(member, seen))]
