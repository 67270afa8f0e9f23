"""Bodies of invocations: random ones are read or refused, and answers have the container's form."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from sagemaker_tuning.local.serving import bodies
from sagemaker_tuning.local.serving.messages import Form

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.sampled_from(["text/csv", "text/libsvm"]), st.binary() | st.text().map(str.encode))
def test_any_body_is_read_or_refused(kind: str, body: bytes) -> None:
    """With nothing but the error that becomes the container's answer."""
    with contextlib.suppress(bodies.BodyError):
        assert bodies.fit(bodies.parse(kind, body), 3).shape[1] == 3


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1))
def test_both_types_say_the_same(values: list[list[float]]) -> None:
    csv = "\n".join(",".join(map(repr, row)) for row in values)
    libsvm = "\n".join(
        "0 " + " ".join(f"{index}:{value!r}" for index, value in enumerate(row)) for row in values
    )
    dense = bodies.parse("text/csv; charset=utf-8", csv.encode())
    sparse = bodies.fit(bodies.parse("TEXT/X-LIBSVM", libsvm.encode()), 3)
    assert isinstance(sparse, csr_matrix)
    np.testing.assert_array_equal(dense, np.array(values, dtype=np.float32))
    np.testing.assert_array_equal(sparse.toarray(), dense)


def test_what_is_left_out_is_missing() -> None:
    """Nothing between two commas, or a feature that libsvm does not name, even the last."""
    (row,) = bodies.parse("text/csv", b"1,, 3 ,")
    np.testing.assert_array_equal(row, [1, np.nan, 3, np.nan])
    sparse = bodies.fit(bodies.parse("text/libsvm", b"1:5"), 4)
    assert (sparse.shape, sparse.nnz) == ((1, 4), 1)


def test_an_enormous_feature_number_costs_no_memory() -> None:
    """The rows are as sparse as the body is short, and refused for the model's features."""
    rows = bodies.parse("text/libsvm", b"999999999:1")
    with pytest.raises(bodies.BodyError, match="larger than feature size of trained model 4"):
        bodies.fit(rows, 4)


@pytest.mark.parametrize("accept", ["", "*/*", "text/csv", "image/png, text/csv;q=0.5"])
@pytest.mark.parametrize(
    ("form", "numbers", "classes"),
    [
        (Form.ONE_LINE, "0.5,1.5", "[0.5, 0.25],[0.1, 0.9]"),
        (Form.LINES, "0.5\n1.5\n", "0.5,0.25\n0.1,0.9\n"),
    ],
)
def test_csv(accept: str, form: Form, numbers: str, classes: str) -> None:
    """One line for all rows, as older versions have it, or one for each."""
    kind, body = bodies.write(accept, [0.5, 1.5], form)
    assert (kind, body) == ("text/csv; charset=utf-8", numbers)
    _, body = bodies.write(accept, [[0.5, 0.25], [0.1, 0.9]], form)
    assert body == classes


@pytest.mark.parametrize("accept", ["", "text/csv", "application/json", "application/jsonlines"])
def test_batches(accept: str) -> None:
    """A transform job gets a line for each row, of Python's making, whatever it accepts."""
    kind, body = bodies.write(accept, [0.5, [0.25, 0.75]], Form.BATCH)
    assert (kind, body) == (accept or "text/csv", "0.5\n[0.25, 0.75]\n")
    with pytest.raises(bodies.BodyError, match="image/png is not supported"):
        bodies.write("image/png", [0.5], Form.BATCH)


def test_json_and_what_cannot_be_written() -> None:
    kind, body = bodies.write("application/json", [0.5, [1.0, 2.0]], Form.LINES)
    assert kind == "application/json"
    assert json.loads(body) == {"predictions": [{"score": 0.5}, {"score": [1.0, 2.0]}]}
    with pytest.raises(bodies.BodyError, match="image/png is not supported") as caught:
        bodies.write("image/png", [0.5], Form.LINES)
    assert caught.value.status == 406


@pytest.mark.parametrize(
    ("kind", "body"), [("text/csv", b"1,inf"), ("text/csv", b"1e39,2"), ("text/libsvm", b"1:-inf")]
)
def test_what_a_model_cannot_compare_is_refused(kind: str, body: bytes) -> None:
    """As the body's fault, which it would not be said to be by XGBoost."""
    with pytest.raises(bodies.BodyError, match="infinite or too large") as caught:
        bodies.parse(kind, body)
    assert caught.value.status == 415
