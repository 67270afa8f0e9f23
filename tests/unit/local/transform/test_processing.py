"""What the model gets of records, and what the output gets of both."""

from typing import Any

import pytest

from sagemaker_tuning.local.transform.failures import InputError
from sagemaker_tuning.local.transform.processing import Processing

BATCH = [b"0,1.50,2", b"1,,4"]


def processing(assemble: str = "Line", **members: Any) -> Processing:
    return Processing({"TransformOutput": {"AssembleWith": assemble}, "DataProcessing": members})


@pytest.mark.parametrize(
    ("members", "payload", "output"),
    [
        ({}, b"0,1.50,2\n1,,4", b"0.5\n0.25\n"),
        ({"InputFilter": "$[1:]"}, b"1.50,2\n,4\n", b"0.5\n0.25\n"),
        ({"JoinSource": "Input"}, b"0,1.50,2\n1,,4", b"0,1.50,2,0.5\n1,,4,0.25\n"),
        (
            {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
            b"1.50,2\n,4\n",
            b"0,0.5\n1,0.25\n",
        ),
        ({"OutputFilter": "$[0,0]"}, b"0,1.50,2\n1,,4", b"0.5,0.5\n0.25,0.25\n"),
    ],
)
def test_filters_and_join(members: dict[str, str], payload: bytes, output: bytes) -> None:
    """Values stay as they are written."""
    made = processing(**members)
    assert made.payload(BATCH) == payload
    assert made.assembled(BATCH, b"0.5\n0.25\n") == output


def test_assembly() -> None:
    """A line's end is put where an answer has none, and not where it has one."""
    for answer in (b"0.5", b"0.5\n"):
        assert processing("Line").assembled(BATCH, answer) == b"0.5\n"
        assert processing("None").assembled(BATCH, answer) == answer


def test_values_with_commas_and_quotes() -> None:
    """A quoted value is one, going in and coming out."""
    made = processing(InputFilter="$[1]", JoinSource="Input")
    batch = [b'"a, ""b""",1']
    assert made.payload(batch) == b"1\n"
    assert made.assembled(batch, b"0.5\n") == b'"a, ""b""",1,0.5\n'


@pytest.mark.parametrize(
    ("batch", "answer", "words"),
    [
        (BATCH, b"0.5,0.25", "the input has 2 records, and the output from the algorithm 1"),
        ([b'"1'], b"0.5", "Failed to parse input as CSV"),
        ([b"\xff"], b"0.5", "Failed to parse input as CSV"),
        ([b"1"], b'"0', "Failed to parse output from the algorithm as CSV"),
    ],
)
def test_what_cannot_be_joined(batch: list[bytes], answer: bytes, words: str) -> None:
    """Says whose rows are at fault, the input's or the algorithm's."""
    with pytest.raises(InputError) as refused:
        processing(JoinSource="Input").assembled(batch, answer)
    assert words in str(refused.value)
